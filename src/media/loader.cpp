#include "media/loader.hpp"

#include <algorithm>
#include <exception>
#include <iterator>
#include <system_error>
#include <utility>

namespace ccapi::media {

/// The pictures of one order, on their way.
class loader::batch {
public:
  explicit batch(load_order&& wanted)
    : order_{std::move(wanted)},
      missing_{order_.names.size()},
      bytes_left_{order_.bytes_max} {}

  [[nodiscard]] const load_order& wanted() const noexcept { return order_; }
  void give_up() noexcept { given_up_ = true; }

  /// What is known of it before anything is loaded.
  void set_failed(const std::string& name, domain::error&& why) {
    loaded_.insert_or_assign(name, std::move(why));
  }
  [[nodiscard]] bool has_failed() const noexcept { return !loaded_.empty(); }
  void finish() { order_.done(std::move(loaded_)); }

  /// Loads one of them; the last one is the end. A thread of the loader.
  void load(const std::string& name, const picture_source& source) {
    auto loaded = load_now(source);
    {
      const std::lock_guard lock{mutex_};
      loaded_.insert_or_assign(name, std::move(loaded));
      if (--missing_ > 0)
        return;
    }
    if (!given_up_)
      finish();
  }

private:
  domain::result<picture> load_now(const picture_source& source) {
    if (given_up_)
      return domain::error{.code = domain::error_code::cancelled};
    if (std::chrono::steady_clock::now() >= order_.deadline)
      return domain::error{.code = domain::error_code::server_busy,
                           .message = "Too many pictures are being loaded for one to be loaded "
                                      "within images.timeout_seconds."};
    try {
      const auto most = std::min(order_.images.base64_bytes_max / 4 * 3, bytes_left_.load());
      const auto bytes =
        fetch(source, order_.rules, order_.access,
              {.bytes_max = most, .deadline = order_.deadline, .given_up = given_up_});
      if (!bytes)
        return bytes.error();
      take(bytes->size());
      return read_picture(*bytes, order_.images);
    } catch (const std::exception& reason) { // out of memory
      return domain::error{.code = domain::error_code::internal,
                           .message = "could not be loaded",
                           .detail = reason.what()};
    }
  }

  /// Those that are loaded at the same time may go beyond the sum, each by no more than one
  /// picture's size.
  void take(std::size_t bytes) noexcept {
    auto left = bytes_left_.load();
    while (!bytes_left_.compare_exchange_weak(left, left - std::min(left, bytes))) {
    }
  }

  const load_order order_;
  std::mutex mutex_;
  loaded_pictures loaded_;
  std::size_t missing_;
  std::atomic<std::size_t> bytes_left_;
  std::atomic<bool> given_up_{false};
};

class loader::waiting_client final : public loader::ticket {
public:
  waiting_client(loader& at, std::shared_ptr<batch> of)
    : at_{at},
      of_{std::move(of)} {}
  ~waiting_client() override {
    of_->give_up();
    at_.forget(*of_);
  }

private:
  loader& at_;
  const std::shared_ptr<batch> of_;
};

loader::loader(limits given)
  : limits_{given} {}

std::unique_ptr<loader::ticket> loader::load(load_order&& wanted) {
  const auto of = std::make_shared<batch>(std::move(wanted));
  std::vector<task> tasks;
  for (const auto& name : of->wanted().names) {
    auto source = source_of(name);
    if (!source) {
      of->set_failed(name, std::move(source).error());
    } else if (auto allowed = check_allowed(*source, of->wanted().rules); !allowed) {
      of->set_failed(name, std::move(allowed).error());
    } else {
      tasks.push_back({.of = of, .name = name, .source = *std::move(source)});
    }
  }
  auto client = std::make_unique<waiting_client>(*this, of);
  if (of->has_failed())
    of->finish();
  else if (!accept(std::move(tasks)))
    return nullptr;
  return client;
}

bool loader::accept(std::vector<task>&& tasks) {
  const std::lock_guard lock{mutex_};
  const auto all = waiting_.size() + tasks.size();
  const bool full = !waiting_.empty() && all > limits_.waiting_max;
  if (over_ || full || !have_threads(running_.size() + all))
    return false;
  std::move(tasks.begin(), tasks.end(), std::back_inserter(waiting_));
  return true;
}

/// Its tasks leave the queue.
void loader::forget(const batch& whose) noexcept {
  const std::lock_guard lock{mutex_};
  waiting_.erase(std::remove_if(waiting_.begin(), waiting_.end(),
                                [&](const task& each) { return each.of.get() == &whose; }),
                 waiting_.end());
}

/// As many as there is work for, within the limit. False: there is none.
bool loader::have_threads(std::size_t wanted) {
  join_ended();
  while (threads_.size() < std::min(wanted, limits_.threads_max)) {
    const auto place = threads_.emplace(threads_.end());
    try {
      *place = std::thread{[this, place] { work(place); }};
    } catch (const std::system_error&) { // those that are there do all of it
      threads_.erase(place);
      break;
    }
  }
  return !threads_.empty();
}

/// They have let go of the lock, and do nothing any more.
void loader::join_ended() {
  for (auto& each : ended_)
    each.join();
  ended_.clear();
}

void loader::work(thread_list::iterator self) {
  std::unique_lock lock{mutex_};
  while (!over_ && !waiting_.empty()) {
    auto next = std::move(waiting_.front());
    waiting_.pop_front();
    running_.push_back(next.of);
    lock.unlock();
    next.of->load(next.name, next.source);
    lock.lock();
    running_.erase(std::find(running_.begin(), running_.end(), next.of));
  }
  ended_.splice(ended_.end(), threads_, self);
  thread_ended_.notify_all();
}

void loader::stop() {
  std::unique_lock lock{mutex_};
  over_ = true;
  waiting_.clear();
  for (const auto& each : running_)
    each->give_up();
  thread_ended_.wait(lock, [this] { return threads_.empty(); });
  join_ended();
}

} // namespace ccapi::media
