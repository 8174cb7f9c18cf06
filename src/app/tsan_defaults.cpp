// Linked into builds with the thread sanitizer only. Debian's CAF is not instrumented: that its
// mailboxes put things in order is not seen, so each message would be a report. Interceptors that
// it calls are ignored, and so is every report with a frame of it. What two message handlers do to
// the same data is therefore not found here, only what runs outside of them: connections, pipes,
// the launcher, the log, start, reload and stop.

extern "C" const char* __tsan_default_options() { // NOLINT(bugprone-reserved-identifier)
  return "ignore_noninstrumented_modules=1";
}

extern "C" const char* __tsan_default_suppressions() { // NOLINT(bugprone-reserved-identifier)
  return "race:^caf::\nrace:libcaf_core\n";
}
