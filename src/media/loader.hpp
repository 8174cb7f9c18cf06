#pragma once
// loader: loads pictures that requests only name, on threads of its own.

#include "domain/result.hpp"
#include "media/fetch.hpp"
#include "media/image.hpp"
#include "media/source.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace ccapi::media {

/// What one request wants loaded.
struct load_order {
  std::vector<std::string> names; ///< each once, and not none
  source_rules rules{};
  web_access access{};
  image_limits images{};
  std::size_t bytes_max = 0; ///< of all of them together
  std::chrono::steady_clock::time_point deadline{};
  /// Called once, on a thread of the loader or within load(), unless nobody waits any more. Must
  /// not throw.
  std::function<void(loaded_pictures&&)> done{};
};

/// Its threads live while there is work. Any thread may call it.
class loader {
public:
  struct limits {
    std::size_t threads_max = 4;  ///< that load at a time
    std::size_t waiting_max = 64; ///< pictures behind those
  };

  /// Whoever has it waits for what was ordered; destroyed, it gives the order up. The loader
  /// outlives it.
  class ticket {
  public:
    virtual ~ticket() = default;
  };

  explicit loader(limits given);
  ~loader() { stop(); }
  loader(const loader&) = delete;
  loader& operator=(const loader&) = delete;

  /// Null: too many pictures wait, or it has stopped. An order alone is never too large. A name
  /// that stands for nothing or may not be loaded fails; then nothing else of the order is.
  [[nodiscard]] std::unique_ptr<ticket> load(load_order&& wanted);

  /// Nothing is `done` from then on. Blocks until its threads have ended: as long as the
  /// system's resolver looks up an address, or a file system answers.
  void stop();

private:
  class batch;
  class waiting_client;
  struct task {
    std::shared_ptr<batch> of;
    std::string name;
    picture_source source;
  };

  using thread_list = std::list<std::thread>;

  [[nodiscard]] bool accept(std::vector<task>&& tasks);
  [[nodiscard]] bool have_threads(std::size_t wanted);
  void forget(const batch& whose) noexcept;
  void join_ended();
  void work(thread_list::iterator self);

  const limits limits_;
  std::mutex mutex_; ///< of all below
  std::condition_variable thread_ended_;
  std::deque<task> waiting_;
  std::vector<std::shared_ptr<batch>> running_;
  bool over_ = false;
  thread_list threads_;
  thread_list ended_; ///< to be joined
};

} // namespace ccapi::media
