// Preloaded into a gateway that runs under valgrind, which (3.19) knows no pidfd calls: a pipe
// that closes when the child ends takes the pidfd's place. Not used for anything that is timed.

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace {

constexpr int descriptors_max = 4096;
std::atomic<pid_t> owners[descriptors_max]; // by descriptor; a preload has no other place for it

int open_substitute(pid_t pid) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    return -1;
  if (ends[0] >= descriptors_max) {
    errno = EMFILE;
    return -1;
  }
  owners[ends[0]] = pid;
  std::thread{[pid, writer = ends[1]] {
    siginfo_t info;
    waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT);
    close(writer);
  }}.detach();
  return ends[0];
}

template <class Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

} // namespace

extern "C" long syscall(long number, ...) noexcept {
  va_list list;
  va_start(list, number);
  long a[6];
  for (long& each : a)
    each = va_arg(list, long);
  va_end(list);
  if (number == SYS_pidfd_open)
    return open_substitute(static_cast<pid_t>(a[0]));
  if (number == SYS_pidfd_send_signal)
    return kill(owners[a[0]], static_cast<int>(a[1]));
  static auto* const real = next<long(long, ...)>("syscall");
  return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

extern "C" int waitid(idtype_t type, id_t id, siginfo_t* info, int options) {
  static auto* const real = next<int(idtype_t, id_t, siginfo_t*, int)>("waitid");
  if (type == P_PIDFD)
    return real(P_PID, static_cast<id_t>(owners[id].load()), info, options);
  return real(type, id, info, options);
}
