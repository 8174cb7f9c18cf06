#include "fault_vfs.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>
#include <vector>

namespace ccapi::store {

/// What is safe of a file, and what happened to it since.
struct fault_vfs::image {
  struct change {
    std::size_t offset = 0;
    std::string bytes;
    bool cuts = false; ///< at `offset`
  };
  std::string synced;
  std::vector<change> changes;

  static void apply(std::string& content, const change& what, std::size_t bytes) {
    if (what.cuts) {
      content.resize(what.offset);
      return;
    }
    content.resize(std::max(content.size(), what.offset + bytes));
    content.replace(what.offset, bytes, what.bytes, 0, bytes);
  }
  void sync() {
    for (const auto& each : changes)
      apply(synced, each, each.bytes.size());
    changes.clear();
  }
};

namespace {

fault_vfs* current = nullptr;

std::string content_of(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

/// What SQLite has of a file. The real one lies behind it.
struct fault_file {
  sqlite3_file head;
  std::string* path;
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

fault_file& of(sqlite3_file* file) {
  return *reinterpret_cast<fault_file*>(file);
}
sqlite3_file* real(sqlite3_file* file) {
  return of(file).real();
}

} // namespace

struct fault_vfs::registration {
  sqlite3_vfs* real = sqlite3_vfs_find(nullptr);
  sqlite3_vfs own{};
  sqlite3_io_methods calls{};
};

struct fault_file_calls {
  static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* got) {
    auto* const under = static_cast<sqlite3_vfs*>(vfs->pAppData);
    file->pMethods = nullptr;
    if (const int code = current->fault(file_call::open); code != SQLITE_OK)
      return SQLITE_CANTOPEN;
    auto& made = of(file);
    const int code = under->xOpen(under, name, made.real(), flags, got);
    if (made.real()->pMethods == nullptr)
      return code;
    made.path = new std::string{name != nullptr ? name : ""};
    if (!current->images_.contains(*made.path))
      current->images_[*made.path].synced = content_of(*made.path);
    file->pMethods = &current->registered_->calls;
    return code;
  }
  static int remove(sqlite3_vfs* vfs, const char* name, int sync) {
    auto* const under = static_cast<sqlite3_vfs*>(vfs->pAppData);
    current->images_.erase(name);
    return under->xDelete(under, name, sync);
  }

  static int close(sqlite3_file* file) {
    const int code = real(file)->pMethods->xClose(real(file));
    delete of(file).path;
    return code;
  }
  static int read(sqlite3_file* file, void* to, int size, sqlite3_int64 offset) {
    if (const int code = current->fault(file_call::read); code != SQLITE_OK)
      return SQLITE_IOERR_READ;
    return real(file)->pMethods->xRead(real(file), to, size, offset);
  }
  static int write(sqlite3_file* file, const void* from, int size, sqlite3_int64 offset) {
    if (const int code = current->fault(file_call::write); code != SQLITE_OK) {
      // As on a full disk: half of it is there.
      if (real(file)->pMethods->xWrite(real(file), from, size / 2, offset) == SQLITE_OK)
        note(file, from, size / 2, offset);
      return code;
    }
    note(file, from, size, offset);
    return real(file)->pMethods->xWrite(real(file), from, size, offset);
  }
  static void note(sqlite3_file* file, const void* from, int size, sqlite3_int64 offset) {
    current->images_[*of(file).path].changes.push_back(
      {.offset = static_cast<std::size_t>(offset),
       .bytes = {static_cast<const char*>(from), static_cast<std::size_t>(size)}});
  }
  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    if (const int code = current->fault(file_call::truncate); code != SQLITE_OK)
      return code == SQLITE_FULL ? SQLITE_IOERR_TRUNCATE : code;
    current->images_[*of(file).path].changes.push_back(
      {.offset = static_cast<std::size_t>(size), .bytes = {}, .cuts = true});
    return real(file)->pMethods->xTruncate(real(file), size);
  }
  static int sync(sqlite3_file* file, int flags) {
    if (const int code = current->fault(file_call::sync); code != SQLITE_OK)
      return code == SQLITE_FULL ? SQLITE_IOERR_FSYNC : code;
    const int code = real(file)->pMethods->xSync(real(file), flags);
    current->images_[*of(file).path].sync();
    return code;
  }
  static int size(sqlite3_file* file, sqlite3_int64* size) {
    return real(file)->pMethods->xFileSize(real(file), size);
  }
  static int lock(sqlite3_file* file, int level) {
    return real(file)->pMethods->xLock(real(file), level);
  }
  static int unlock(sqlite3_file* file, int level) {
    return real(file)->pMethods->xUnlock(real(file), level);
  }
  static int reserved(sqlite3_file* file, int* result) {
    return real(file)->pMethods->xCheckReservedLock(real(file), result);
  }
  static int control(sqlite3_file* file, int what, void* argument) {
    return real(file)->pMethods->xFileControl(real(file), what, argument);
  }
  static int sector(sqlite3_file* file) { return real(file)->pMethods->xSectorSize(real(file)); }
  static int traits(sqlite3_file* file) {
    // Not that a power failure tears no page, which SQLite makes use of.
    return real(file)->pMethods->xDeviceCharacteristics(real(file))
           & ~SQLITE_IOCAP_POWERSAFE_OVERWRITE;
  }
  static int map(sqlite3_file* file, int page, int size, int extend, void volatile** to) {
    return real(file)->pMethods->xShmMap(real(file), page, size, extend, to);
  }
  static int shared_lock(sqlite3_file* file, int offset, int count, int flags) {
    return real(file)->pMethods->xShmLock(real(file), offset, count, flags);
  }
  static void barrier(sqlite3_file* file) { real(file)->pMethods->xShmBarrier(real(file)); }
  static int unmap(sqlite3_file* file, int remove) {
    return real(file)->pMethods->xShmUnmap(real(file), remove);
  }
};

fault_vfs::fault_vfs()
  : registered_{std::make_unique<registration>()} {
  using calls = fault_file_calls;
  current = this;
  auto& own = registered_->own;
  own = *registered_->real;
  own.zName = "fault";
  own.szOsFile += static_cast<int>(sizeof(fault_file));
  own.pAppData = registered_->real;
  own.xOpen = &calls::open;
  own.xDelete = &calls::remove;
  registered_->calls = {.iVersion = 2,
                        .xClose = &calls::close,
                        .xRead = &calls::read,
                        .xWrite = &calls::write,
                        .xTruncate = &calls::truncate,
                        .xSync = &calls::sync,
                        .xFileSize = &calls::size,
                        .xLock = &calls::lock,
                        .xUnlock = &calls::unlock,
                        .xCheckReservedLock = &calls::reserved,
                        .xFileControl = &calls::control,
                        .xSectorSize = &calls::sector,
                        .xDeviceCharacteristics = &calls::traits,
                        .xShmMap = &calls::map,
                        .xShmLock = &calls::shared_lock,
                        .xShmBarrier = &calls::barrier,
                        .xShmUnmap = &calls::unmap,
                        .xFetch = nullptr,
                        .xUnfetch = nullptr};
  if (sqlite3_vfs_register(&own, 0) != SQLITE_OK)
    std::abort();
}

fault_vfs::~fault_vfs() {
  sqlite3_vfs_unregister(&registered_->own);
  current = nullptr;
}

const char* fault_vfs::name() const noexcept {
  return registered_->own.zName;
}

void fault_vfs::fail_call(std::uint64_t number, int code, bool all_later, bool reads) {
  calls_left_ = number;
  code_ = code;
  all_later_ = all_later;
  reads_ = reads;
  failed_ = false;
}

void fault_vfs::heal() {
  calls_left_ = 0;
  all_later_ = false;
}

void fault_vfs::before_call(std::uint64_t number, std::function<void()> look) {
  calls_until_look_ = number;
  look_ = std::move(look);
}

/// SQLITE_OK, or what this call is to fail with.
int fault_vfs::fault(file_call what) {
  const bool only_reads = what == file_call::read || what == file_call::open;
  if (!only_reads && calls_until_look_ > 0 && --calls_until_look_ == 0)
    look_();
  if (only_reads && !reads_)
    return SQLITE_OK;
  const bool now = calls_left_ > 0 ? --calls_left_ == 0 : failed_ && all_later_;
  failed_ = failed_ || now;
  return now ? code_ : SQLITE_OK;
}

std::map<std::string, std::string>
fault_vfs::after_power_failure(const std::string& path,
                               const std::function<unsigned()>& chance) const {
  std::map<std::string, std::string> left;
  for (const auto& [name, file] : images_) {
    if (!name.starts_with(path))
      continue;
    auto content = file.synced;
    for (const auto& each : file.changes) {
      const auto luck = chance() % 4;
      if (luck == 0)
        image::apply(content, each, each.bytes.size());
      else if (luck == 1 && !each.cuts)
        image::apply(content, each, chance() % (each.bytes.size() + 1));
    }
    left[name] = std::move(content);
  }
  return left;
}

} // namespace ccapi::store
