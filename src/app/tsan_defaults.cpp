// Linked into builds with the thread sanitizer only. Debian's CAF is not instrumented: what
// happens inside it, and what its mailboxes put in order, is not seen. Interceptors that it calls
// are ignored, and so is every report with a frame of it: actors' own code is therefore covered by
// design (one thread each), and all that runs outside of a message handler by this lane.

extern "C" const char* __tsan_default_options() { // NOLINT(bugprone-reserved-identifier)
  return "ignore_noninstrumented_modules=1";
}

extern "C" const char* __tsan_default_suppressions() { // NOLINT(bugprone-reserved-identifier)
  return "race:^caf::\nrace:libcaf_core\n";
}
