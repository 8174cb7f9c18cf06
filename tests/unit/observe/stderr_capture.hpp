#pragma once
// Swaps file descriptor 2 for the length of a test, to see what the program says there.

#include <cstdio>
#include <string>
#include <unistd.h>
#include <utility>

namespace ccapi::observe::test {

/// Points descriptor 2 at `target` until destroyed.
class stderr_redirect {
public:
  explicit stderr_redirect(int target)
    : saved_{dup(STDERR_FILENO)} {
    dup2(target, STDERR_FILENO);
  }
  stderr_redirect(const stderr_redirect&) = delete;
  stderr_redirect& operator=(const stderr_redirect&) = delete;
  ~stderr_redirect() {
    dup2(saved_, STDERR_FILENO);
    close(saved_);
  }

private:
  int saved_;
};

/// What `action` writes to standard error.
template <class Action>
std::string stderr_of(Action&& action) {
  std::FILE* file = std::tmpfile();
  {
    const stderr_redirect redirect{fileno(file)};
    std::forward<Action>(action)();
  }
  std::string text(static_cast<std::size_t>(lseek(fileno(file), 0, SEEK_END)), '\0');
  lseek(fileno(file), 0, SEEK_SET);
  const auto got = read(fileno(file), text.data(), text.size());
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  std::fclose(file);
  return text;
}

} // namespace ccapi::observe::test
