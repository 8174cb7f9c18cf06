#include "process/launcher.hpp"

#include "process/pidfd.hpp"
#include "process/shim/protocol.hpp"
#include "process/spawn.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <csignal>
#include <fcntl.h>
#include <mutex>
#include <optional>
#include <sys/ioctl.h>
#include <thread>
#include <unordered_map>
#include <utility>

namespace ccapi::process {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

domain::error draining() {
  return {.code = domain::error_code::draining, .message = "The server is shutting down."};
}

domain::error no_watch(const boost::system::error_code& reason) {
  return {.code = domain::error_code::cli_unavailable,
          .message = "The Claude CLI could not be started: " + reason.message() + '.',
          .detail = "epoll: " + reason.message()};
}

} // namespace

/// Everything below `thread_` is touched by that thread only.
class launcher::worker {
public:
  explicit worker(std::string shim)
    : shim_{std::move(shim)},
      thread_{[this] { loop_.run(); }} {
    drops_->to = this;
  }
  ~worker() {
    stop();
    const std::scoped_lock lock{drops_->mutex};
    drops_->to = nullptr;
  }
  worker(const worker&) = delete;
  worker& operator=(const worker&) = delete;

  void spawn(domain::process_id id, spawn_spec spec, spawned on_spawned, exited on_exited,
             spoke on_spoke);
  void stop();

private:
  struct child {
    domain::process_id id = 0;
    std::shared_ptr<const unique_fd> pidfd;
    asio::posix::stream_descriptor watch;
    exited on_exited;
    std::optional<asio::posix::stream_descriptor> first_words{}; ///< until they have come
    std::optional<asio::steady_timer> patience{}; ///< until when a dropped one must have ended
  };
  /// By which children tell that they were dropped; they may outlive the worker.
  struct drop_line {
    std::mutex mutex;
    worker* to = nullptr;
  };
  enum class ladder : std::uint8_t { none, ask, kill_trees, kill_shims, give_up };

  [[nodiscard]] bool accepts() {
    const std::scoped_lock lock{mutex_};
    return accepts_;
  }
  void start(domain::process_id id, const spawn_spec& spec, const spawned& on_spawned,
             exited on_exited, const spoke& on_spoke);
  void listen_to(pid_t pid, unique_fd output, const spoke& on_spoke);
  void wait_for(pid_t pid);
  void on_ended(pid_t pid);
  /// A part of the child; the last copy's end is the drop.
  [[nodiscard]] std::shared_ptr<const void> custody_of(domain::process_id id, pid_t pid) const {
    return token_of(&worker::on_dropped, id, pid);
  }
  /// Calls `dropped` on the worker's thread when the last copy of the token is gone.
  [[nodiscard]] std::shared_ptr<const void> token_of(void (worker::*dropped)(domain::process_id,
                                                                             pid_t),
                                                     domain::process_id id, pid_t pid) const;
  void on_dropped(domain::process_id id, pid_t pid);
  /// Somebody else reads from now on.
  void stop_listening(domain::process_id id, pid_t pid);
  void climb(ladder step);
  void signal_all(int number);
  void abandon_all();

  const std::string shim_;
  std::mutex mutex_;
  bool accepts_ = true; ///< guarded by mutex_
  asio::io_context loop_;
  asio::executor_work_guard<asio::io_context::executor_type> work_{loop_.get_executor()};
  asio::steady_timer ladder_timer_{loop_};
  bool stopping_ = false;
  std::unordered_map<pid_t, child> children_; ///< not yet reaped, so that no pid is used twice
  const std::shared_ptr<drop_line> drops_ = std::make_shared<drop_line>();
  std::thread thread_; ///< last, so that it finds the rest made
};

void launcher::worker::spawn(domain::process_id id, spawn_spec spec, spawned on_spawned,
                             exited on_exited, spoke on_spoke) {
  {
    // Under the lock, so that no job comes behind the one that ends the loop.
    const std::scoped_lock lock{mutex_};
    if (accepts_) {
      asio::post(loop_,
                 [this, id, spec = std::move(spec), on_spawned = std::move(on_spawned),
                  on_exited = std::move(on_exited), on_spoke = std::move(on_spoke)]() mutable {
                   start(id, spec, on_spawned, std::move(on_exited), on_spoke);
                 });
      return;
    }
  }
  on_spawned(draining());
}

void launcher::worker::stop() {
  {
    const std::scoped_lock lock{mutex_};
    if (std::exchange(accepts_, false))
      asio::post(loop_, [this] {
        stopping_ = true;
        work_.reset();
        if (!children_.empty())
          climb(ladder::ask);
      });
  }
  if (thread_.joinable())
    thread_.join();
}

void launcher::worker::start(domain::process_id id, const spawn_spec& spec,
                             const spawned& on_spawned, exited on_exited, const spoke& on_spoke) {
  if (!accepts())
    return on_spawned(draining());
  auto started = process::spawn(shim_, id, spec);
  if (!started)
    return on_spawned(std::move(started).error());
  asio::posix::stream_descriptor watch{loop_};
  boost::system::error_code failure;
  watch.assign(started->pidfd->get(), failure);
  if (failure) {
    end_at_once(*started);
    return on_spawned(no_watch(failure));
  }
  const pid_t pid = started->pid;
  started->custody = custody_of(id, pid);
  children_.try_emplace(pid, child{id, started->pidfd, std::move(watch), std::move(on_exited)});
  unique_fd output;
  if (on_spoke) {
    output = unique_fd{::fcntl(started->stdout_read.get(), F_DUPFD_CLOEXEC, 0)};
    started->unheard = token_of(&worker::stop_listening, id, pid);
  }
  on_spawned(std::move(started));
  wait_for(pid);
  if (output.valid())
    listen_to(pid, std::move(output), on_spoke);
}

std::shared_ptr<const void> launcher::worker::token_of(void (worker::*dropped)(domain::process_id,
                                                                               pid_t),
                                                       domain::process_id id, pid_t pid) const {
  const auto tell = [line = drops_, dropped, id, pid](const void*) noexcept {
    const std::scoped_lock lock{line->mutex};
    if (line->to == nullptr)
      return;
    try {
      asio::post(line->to->loop_, [to = line->to, dropped, id, pid] { (to->*dropped)(id, pid); });
    } catch (...) { // no memory: the shim will most probably end by itself
    }
  };
  return {this, tell};
}

/// The shim has seen its life pipe end, unless somebody has stopped it.
void launcher::worker::on_dropped(domain::process_id id, pid_t pid) {
  constexpr std::chrono::milliseconds enough{shim::grace_ms + shim::reap_ms + 500};
  const auto found = children_.find(pid);
  if (found == children_.end() || found->second.id != id)
    return;
  send_signal(*found->second.pidfd, SIGCONT);
  auto& timer = found->second.patience.emplace(loop_, enough);
  // The child's end closes its descriptor at once; the cancelled wait is gone only later.
  timer.async_wait([pidfd = std::weak_ptr{found->second.pidfd}](const auto& stopped) {
    if (const auto held = pidfd.lock(); held && !stopped)
      send_signal(*held, SIGKILL);
  });
}

void launcher::worker::stop_listening(domain::process_id id, pid_t pid) {
  const auto found = children_.find(pid);
  if (found != children_.end() && found->second.id == id)
    found->second.first_words.reset();
}

/// Looks at a copy of the descriptor and reads nothing: that is for whoever has the child.
void launcher::worker::listen_to(pid_t pid, unique_fd output, const spoke& on_spoke) {
  auto& running = children_.at(pid);
  boost::system::error_code failure;
  running.first_words.emplace(loop_);
  running.first_words->assign(output.get(), failure);
  if (failure)
    return running.first_words.reset();
  output.release();
  running.first_words->async_wait(
    asio::posix::stream_descriptor::wait_read,
    [this, pid, on_spoke](const boost::system::error_code& stopped) {
      const auto found = children_.find(pid);
      if (stopped || found == children_.end() || !found->second.first_words)
        return;
      int unread = 0; // 0: it is the end, or somebody was quicker
      ::ioctl(found->second.first_words->native_handle(), FIONREAD, &unread);
      found->second.first_words.reset();
      if (unread > 0)
        on_spoke(found->second.id);
    });
}

void launcher::worker::wait_for(pid_t pid) {
  children_.at(pid).watch.async_wait(asio::posix::stream_descriptor::wait_read,
                                     [this, pid](const boost::system::error_code& failure) {
                                       if (!failure)
                                         on_ended(pid);
                                     });
}

void launcher::worker::on_ended(pid_t pid) {
  const auto found = children_.find(pid);
  if (found == children_.end())
    return;
  const auto status = reap(*found->second.pidfd);
  if (!status)
    return wait_for(pid);
  found->second.watch.release(); // the pidfd may be shared with the child's holder
  const auto id = found->second.id;
  const auto on_exited = std::move(found->second.on_exited);
  children_.erase(found);
  on_exited(id, *status);
  if (stopping_ && children_.empty())
    ladder_timer_.cancel();
}

void launcher::worker::climb(ladder step) {
  auto patience = 1s;
  auto next = ladder::none;
  switch (step) {
  case ladder::none:
    return;
  case ladder::ask:
    signal_all(SIGTERM);
    next = ladder::kill_trees;
    break;
  case ladder::kill_trees:
    signal_all(shim::kill_tree_signal);
    patience = 2s;
    next = ladder::kill_shims;
    break;
  case ladder::kill_shims:
    signal_all(SIGKILL);
    next = ladder::give_up;
    break;
  case ladder::give_up:
    return abandon_all();
  }
  ladder_timer_.expires_after(patience);
  ladder_timer_.async_wait([this, next](const boost::system::error_code& failure) {
    if (!failure && !children_.empty())
      climb(next);
  });
}

void launcher::worker::signal_all(int number) {
  for (const auto& [pid, running] : children_) {
    send_signal(*running.pidfd, number);
    send_signal(*running.pidfd, SIGCONT); // else a stopped one would not hear it
  }
}

void launcher::worker::abandon_all() {
  auto left = std::exchange(children_, {});
  for (auto& [pid, running] : left) {
    running.watch.release();
    running.on_exited(running.id, {-1, 0});
  }
}

launcher::launcher(std::string shim)
  : worker_{std::make_unique<worker>(std::move(shim))} {}
launcher::~launcher() = default;

void launcher::spawn(domain::process_id id, spawn_spec spec, spawned on_spawned, exited on_exited,
                     spoke on_spoke) {
  worker_->spawn(id, std::move(spec), std::move(on_spawned), std::move(on_exited),
                 std::move(on_spoke));
}

void launcher::stop() {
  worker_->stop();
}

} // namespace ccapi::process
