#include "store/sqlite/store_file.hpp"

#include <climits>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <memory>
#include <string_view>
#include <sys/file.h>
#include <system_error>
#include <unistd.h>

namespace ccapi::store {

namespace {

constexpr mode_t owner_only = 0700;
constexpr mode_t owner_file = 0600;
constexpr mode_t others_write = 022;
constexpr mode_t others_any = 077;

class descriptor {
public:
  explicit descriptor(int number) noexcept
    : number_{number} {}
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor() {
    if (number_ >= 0)
      ::close(number_);
  }
  [[nodiscard]] int get() const noexcept { return number_; }
  int release() noexcept { return std::exchange(number_, -1); }

private:
  int number_;
};

std::string words_for(int reason) {
  return std::generic_category().message(reason);
}

place_trouble by_system(const std::string& path, std::string_view what, int reason) {
  std::string text{path};
  text.append(" ").append(what).append(": ").append(words_for(reason)).append(". ");
  if (reason == EACCES || reason == EPERM)
    text +=
      "Give the gateway's user the rights to write there, or set store.path to another place.";
  else if (reason == EROFS)
    text += "The file system is read-only: mount it for writing, or set store.path to another "
            "place.";
  else if (reason == ENOSPC || reason == EDQUOT)
    text += "Make room on that disk.";
  else
    text += "Set store.path to a file that the gateway can write.";
  return {.unsafe = false, .reason = std::move(text)};
}

place_trouble unsafe(const std::string& path, std::string_view flaw, std::string_view remedy) {
  std::string text{path};
  text.append(" ").append(flaw).append(": what is stored would not be safe there. ").append(remedy);
  return {.unsafe = true, .reason = std::move(text)};
}

constexpr std::string_view file_remedy =
  "See who made it; then remove it, or give it to the gateway's user with mode 0600.";

struct parts {
  std::string directory;
  std::string name;
};

parts split(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos)
    return {.directory = ".", .name = path};
  return {.directory = slash == 0 ? "/" : path.substr(0, slash), .name = path.substr(slash + 1)};
}

/// 0, or why they can't be made.
int make_directories(const std::string& path) {
  for (std::size_t at = 1; at <= path.size(); ++at) {
    if (at < path.size() && path[at] != '/')
      continue;
    const auto part = path.substr(0, at);
    // What is there already is looked at later.
    if (::mkdir(part.c_str(), owner_only) != 0 && errno != EEXIST && errno != EISDIR) {
      const int reason = errno;
      struct stat info {};
      if (::stat(part.c_str(), &info) != 0)
        return reason; // a read-only file system says so even of what exists
    }
  }
  return 0;
}

/// A look at the directory; gives it without links.
place_trouble look_at_directory(std::string& directory) {
  const std::unique_ptr<char, decltype(&std::free)> real{::realpath(directory.c_str(), nullptr),
                                                         &std::free};
  struct stat info {};
  if (!real || ::stat(real.get(), &info) != 0)
    return by_system(directory, "can't be used", errno);
  directory = real.get();
  if (const auto* flaw = flaw_of_directory(info, ::geteuid()))
    return unsafe(directory, flaw,
                  "Give it to the gateway's user with mode 0700, or set store.path to a file in "
                  "a directory of its own.");
  return {};
}

/// Of one file in the directory. Missing ones are fine.
place_trouble look_at_file(int directory, const std::string& path, const std::string& name,
                           bool close_to_others) {
  struct stat info {};
  if (::fstatat(directory, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0)
    return errno == ENOENT ? place_trouble{} : by_system(path, "can't be looked at", errno);
  if (const auto* flaw = flaw_of_file(info, ::geteuid()))
    return unsafe(path, flaw, file_remedy);
  if (close_to_others && (info.st_mode & others_any) != 0
      && ::fchmodat(directory, name.c_str(), owner_file, 0) != 0)
    return by_system(path, "can't be closed to other users", errno);
  return {};
}

constexpr std::array<std::string_view, 3> companions{"", "-wal", "-shm"};

place_trouble look_at_files(int directory, const std::string& path, const std::string& name,
                            bool close_to_others) {
  for (const auto suffix : companions) {
    auto trouble = look_at_file(directory, path + std::string{suffix}, name + std::string{suffix},
                                close_to_others);
    if (!trouble.reason.empty())
      return trouble;
  }
  return {};
}

/// Root may look after the service's files, and must not leave any that the service can't use.
void give_to_owner_of(int directory, int file) {
  struct stat info {};
  if (::geteuid() == 0 && ::fstat(directory, &info) == 0 && info.st_uid != 0) [[maybe_unused]]
    const auto given = ::fchown(file, info.st_uid, info.st_gid);
}

/// Who has the lock, as he wrote it down; empty: he did not.
std::string holder_of(int lock) {
  std::array<char, 24> text{};
  const auto size = ::pread(lock, text.data(), text.size(), 0);
  std::string holder;
  for (ssize_t at = 0; at < size && text.at(static_cast<std::size_t>(at)) >= '0'
                       && text.at(static_cast<std::size_t>(at)) <= '9';
       ++at)
    holder += text.at(static_cast<std::size_t>(at));
  return holder;
}

place_trouble take_lock(int directory, const std::string& path, const std::string& name,
                        file_lock& lock) {
  const auto lock_path = path + "-lock";
  const auto lock_name = name + "-lock";
  if (auto trouble = look_at_file(directory, lock_path, lock_name, true); !trouble.reason.empty())
    return trouble;
  descriptor file{
    ::openat(directory, lock_name.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, owner_file)};
  if (file.get() < 0)
    return by_system(lock_path, "can't be opened", errno);
  give_to_owner_of(directory, file.get());
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK)
      return by_system(lock_path, "can't be locked", errno);
    const auto holder = holder_of(file.get());
    return {.unsafe = false,
            .reason = path + " is in use by another process"
                      + (holder.empty() ? std::string{} : " (number " + holder + ")")
                      + ", and one at a time may write to it. End that one, or give this gateway a "
                        "store.path of its own."};
  }
  // For whoever comes later and wonders; not having it does no harm.
  const auto self = std::to_string(::getpid()) + "\n";
  if (::ftruncate(file.get(), 0) == 0) [[maybe_unused]]
    const auto written = ::pwrite(file.get(), self.data(), self.size(), 0);
  lock = file_lock{file.release()};
  return {};
}

} // namespace

file_lock::~file_lock() {
  if (held())
    ::close(descriptor_);
}

const char* flaw_of_file(const struct stat& info, uid_t self) noexcept {
  if (S_ISLNK(info.st_mode))
    return "is a symbolic link";
  if (!S_ISREG(info.st_mode))
    return "is no regular file";
  if (info.st_uid != self && self != 0)
    return "belongs to another user";
  if (info.st_nlink > 1)
    return "has a second name (a hard link)";
  if ((info.st_mode & others_write) != 0)
    return "can be written by other users";
  return nullptr;
}

const char* flaw_of_directory(const struct stat& info, uid_t self) noexcept {
  if (!S_ISDIR(info.st_mode))
    return "is no directory";
  if (info.st_uid != self && info.st_uid != 0 && self != 0)
    return "belongs to another user";
  if ((info.st_mode & others_write) != 0)
    return "can be written by other users";
  return nullptr;
}

store_place claim_place(const std::string& path) {
  store_place place;
  auto [directory, name] = split(path);
  if (name.empty() || name == "." || name == "..") {
    place.trouble = {.unsafe = true,
                     .reason = "store.path must name a file, such as "
                               "/var/lib/claude-code-api/conversations.db."};
    return place;
  }
  if (const int reason = make_directories(directory); reason != 0) {
    place.trouble = by_system(directory, "can't be made", reason);
    return place;
  }
  place.trouble = look_at_directory(directory);
  if (!place.trouble.reason.empty())
    return place;
  place.path = (directory == "/" ? "" : directory) + "/" + name;
  const descriptor folder{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (folder.get() < 0) {
    place.trouble = by_system(directory, "can't be opened", errno);
    return place;
  }
  place.trouble = take_lock(folder.get(), place.path, name, place.lock);
  if (place.trouble.reason.empty())
    place.trouble = look_at_files(folder.get(), place.path, name, true);
  if (!place.trouble.reason.empty())
    return place;
  const descriptor file{
    ::openat(folder.get(), name.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, owner_file)};
  if (file.get() < 0) {
    place.trouble = by_system(place.path, "can't be opened for writing", errno);
    return place;
  }
  give_to_owner_of(folder.get(), file.get());
  ::fsync(folder.get()); // that there is a file is as safe as what will be in it
  return place;
}

store_place find_place(const std::string& path) {
  store_place place;
  auto [directory, name] = split(path);
  place.trouble = look_at_directory(directory);
  if (!place.trouble.reason.empty())
    return place;
  place.path = (directory == "/" ? "" : directory) + "/" + name;
  const descriptor folder{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (folder.get() < 0) {
    place.trouble = by_system(directory, "can't be opened", errno);
    return place;
  }
  struct stat info {};
  if (::fstatat(folder.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0)
    place.trouble = by_system(place.path, "can't be read", errno);
  else
    place.trouble = look_at_files(folder.get(), place.path, name, false);
  return place;
}

} // namespace ccapi::store
