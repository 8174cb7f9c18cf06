// claude-code-api-shim LIFE_FD PRIORITY PROGRAM [ARGS...]: runs PROGRAM and sees to it that nothing
// of its process tree outlives the gateway, whatever the tree does (own sessions, ignored signals)
// and however the gateway ends. One small single-threaded process per CLI; it stays idle in poll().

#include "protocol.hpp"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <dirent.h>
#include <fcntl.h>
#include <initializer_list>
#include <limits>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

namespace shim = ccapi::process::shim;

long now_ms() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
}

void complain(const char* what, const char* name, int reason) {
  dprintf(STDERR_FILENO, "claude-code-api-shim: %s%s: %s\n", what, name, strerror(reason));
}

/// All signals but those that tell of a defect of the shim itself.
sigset_t handled_signals() {
  sigset_t set;
  sigfillset(&set);
  for (int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS})
    sigdelset(&set, number);
  return set;
}

/// Whether a process that was made nicer can get its priority back.
bool may_raise_priority() {
  rlimit limit{};
  constexpr long lowest_nice = 20; // the limit is given as 20 - nice
  if (getrlimit(RLIMIT_NICE, &limit) == 0
      && (limit.rlim_cur == RLIM_INFINITY
          || lowest_nice - static_cast<long>(limit.rlim_cur) <= getpriority(PRIO_PROCESS, 0)))
    return true;
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3]{};
  return syscall(SYS_capget, &header, sets) == 0
         && (sets[CAP_TO_INDEX(CAP_SYS_NICE)].effective & CAP_TO_MASK(CAP_SYS_NICE)) != 0;
}

void lower_priority() {
  if (may_raise_priority()) {
    setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + shim::unhurried_nice);
  } else {
    const sched_param none{};
    sched_setscheduler(0, SCHED_BATCH, &none);
  }
}

/// Gives the CLI the priority that the shim has, all its threads.
void restore_priority(pid_t cli) {
  setpriority(PRIO_PGRP, static_cast<id_t>(cli), getpriority(PRIO_PROCESS, 0));
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/task", cli);
  DIR* threads = opendir(path);
  if (threads == nullptr)
    return;
  const sched_param none{};
  while (const dirent* entry = readdir(threads))
    if (const long thread = strtol(entry->d_name, nullptr, 10); thread > 0)
      sched_setscheduler(static_cast<pid_t>(thread), sched_getscheduler(0), &none);
  closedir(threads);
}

/// Becomes the CLI. Runs in the forked child; never returns.
[[noreturn]] void become_cli(pid_t parent, bool unhurried, char** command) {
  setpgid(0, 0);
  if (unhurried)
    lower_priority();
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) // it died before the line above
    _exit(shim::exit_not_set_up);
  for (int number = 1; number < NSIG; ++number)
    signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execv(command[0], command);
  const int reason = errno;
  complain("can't run ", command[0], reason);
  _exit(reason == ENOENT                       ? shim::exit_not_found
        : reason == EAGAIN || reason == ENOMEM ? shim::exit_not_set_up
                                               : shim::exit_not_runnable);
}

/// A stopped process gets no signal but SIGKILL and SIGCONT, hence the second call.
void signal_group(pid_t group, int number) {
  kill(-group, number);
  if (number != SIGCONT && number != SIGTSTP && number != SIGTTIN && number != SIGTTOU)
    kill(-group, SIGCONT);
}

/// Takes one signal off the signalfd. 0 = there is none.
int next_signal(int signals) {
  signalfd_siginfo info{};
  return read(signals, &info, sizeof info) == static_cast<ssize_t>(sizeof info)
           ? static_cast<int>(info.ssi_signo)
           : 0;
}

/// Reaps everything that ended, save the CLI: as long as it is a zombie, its group's number can't
/// belong to strangers. True when the CLI has ended.
bool reap_strays(pid_t cli) {
  for (;;) {
    siginfo_t ended{};
    if (waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) != 0 || ended.si_pid == 0)
      return false;
    if (ended.si_pid == cli)
      return true;
    waitpid(ended.si_pid, nullptr, WNOHANG);
  }
}

/// The parent of a process, 0 if it is gone.
pid_t parent_of(const char* pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return 0;
  char text[512];
  const ssize_t size = read(fd, text, sizeof text - 1);
  close(fd);
  if (size <= 0)
    return 0;
  text[size] = '\0';
  const char* name_end = strrchr(text, ')'); // the name may hold anything, even ") S 1"
  char state = 0;
  int parent = 0;
  return name_end != nullptr && sscanf(name_end + 1, " %c %d", &state, &parent) == 2 ? parent : 0;
}

/// Kills every direct child. Their own children come to us (we are the subreaper), for the next
/// round. None of the numbers can be a stranger's: only we could reap them.
void kill_children(pid_t self) {
  DIR* processes = opendir("/proc");
  if (processes == nullptr)
    return;
  while (const dirent* entry = readdir(processes)) {
    if (entry->d_name[0] < '1' || entry->d_name[0] > '9' || parent_of(entry->d_name) != self)
      continue;
    const long pid = strtol(entry->d_name, nullptr, 10);
    if (pid > 1 && pid <= std::numeric_limits<pid_t>::max())
      kill(static_cast<pid_t>(pid), SIGKILL);
  }
  closedir(processes);
}

/// Kills and reaps what is left of the tree. Gives the shim's exit code.
int end_tree(pid_t cli, int signals) {
  int code = 128 + SIGKILL;
  const long deadline = now_ms() + shim::reap_ms;
  kill(-cli, SIGKILL);
  for (bool first = true;; first = false) {
    int status = 0;
    pid_t ended = 0;
    while ((ended = waitpid(-1, &status, WNOHANG)) > 0)
      if (ended == cli)
        code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if ((ended < 0 && errno == ECHILD) || now_ms() >= deadline)
      return code;
    if (!first) // the group's end is on its way already
      kill_children(getpid());
    pollfd wait{signals, POLLIN, 0};
    poll(&wait, 1, 20);
    while (next_signal(signals) != 0) {
    }
  }
}

/// Waits for what comes first: the CLI's end, the gateway's, or the order to kill. Then ends the
/// tree and gives the exit code.
int watch(pid_t cli, int life, int signals) {
  long deadline = -1; // of the polite end, once begun
  for (;;) {
    const long left = deadline < 0 ? -1 : deadline - now_ms();
    if (deadline >= 0 && left <= 0)
      return end_tree(cli, signals);
    pollfd fds[2] = {{life, POLLIN, 0}, {signals, POLLIN, 0}};
    poll(fds, 2, static_cast<int>(left));
    while (const int number = next_signal(signals)) {
      if (number == shim::kill_tree_signal)
        return end_tree(cli, signals);
      if (number != SIGCHLD)
        signal_group(cli, number);
    }
    if (reap_strays(cli))
      return end_tree(cli, signals);
    char orders[16];
    if (life >= 0 && (fds[0].revents & POLLIN) != 0 && read(life, orders, sizeof orders) > 0) {
      restore_priority(cli);
    } else if (life >= 0 && fds[0].revents != 0) {
      signal_group(cli, SIGTERM);
      deadline = now_ms() + shim::grace_ms;
      life = -1;
    }
  }
}

} // namespace

int main(int count, char** arguments) {
  if (count < 4) {
    dprintf(STDERR_FILENO, "usage: claude-code-api-shim LIFE_FD PRIORITY PROGRAM [ARGS...]\n"
                           "Started by claude-code-api; of no use by itself.\n");
    return shim::exit_not_set_up;
  }
  const int life = static_cast<int>(strtol(arguments[1], nullptr, 10));
  const sigset_t handled = handled_signals();
  sigprocmask(SIG_SETMASK, &handled, nullptr);
  const int signals = signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK);
  if (signals < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) != 0
      || fcntl(life, F_SETFD, FD_CLOEXEC) != 0) {
    complain("can't watch over ", arguments[3], errno);
    return shim::exit_not_set_up;
  }
  const pid_t self = getpid();
  const pid_t cli = fork();
  if (cli == 0)
    become_cli(self, strcmp(arguments[2], shim::unhurried) == 0, arguments + 3);
  if (cli < 0) {
    complain("no process for ", arguments[3], errno);
    return shim::exit_not_set_up;
  }
  setpgid(cli, cli); // here, too: whichever of us comes first, the group exists from now on
  for (int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    close(fd);                      // else neither side of the CLI's pipes would ever see the end
  _exit(watch(cli, life, signals)); // no exit handlers: there is nothing to tidy
}
