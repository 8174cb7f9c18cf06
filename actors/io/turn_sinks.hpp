#pragma once
// What stands between a conversation and the HTTP side's sink of a turn.

#include "domain/turn/event.hpp"
#include "domain/turn/event_sink.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace ccapi::actors {

/// On the thread that submitted the turn. Ends its part at the terminal event, or when the client
/// leaves.
class local_sink final : public domain::event_sink {
public:
  /// `over`: called with the terminal event, before the target hears it.
  using over_callback = std::function<void(const domain::event&)>;
  local_sink(over_callback over, std::shared_ptr<domain::event_sink> target);

  void on_event(domain::event&& what) override;
  void on_flush() override;
  /// The client has left: nothing is passed on any more.
  void detach() noexcept { target_.reset(); }

private:
  over_callback over_;
  std::shared_ptr<domain::event_sink> target_;
  bool finished_ = false;
};

/// On the conversation's thread, if that is not the one that submitted the turn: gathers events
/// until they are flushed.
class remote_sink final : public domain::event_sink {
public:
  /// Sends a batch to the other thread. `over`: the terminal event has come.
  using mail_callback = std::function<void(std::vector<domain::event> batch, bool over)>;
  explicit remote_sink(mail_callback mail);

  void on_event(domain::event&& what) override;
  void on_flush() override;

private:
  mail_callback mail_;
  std::vector<domain::event> batch_;
  bool finished_ = false;
};

/// What a conversation gets. A turn that is dropped unfinished, since an actor died, still ends:
/// with an error.
class abandonment_guard final : public domain::event_sink {
public:
  /// `owner_alive`: false once nobody can be told any more.
  abandonment_guard(std::shared_ptr<const bool> owner_alive,
                    std::shared_ptr<domain::event_sink> target);
  abandonment_guard(const abandonment_guard&) = delete;
  abandonment_guard& operator=(const abandonment_guard&) = delete;
  ~abandonment_guard() override;

  void on_event(domain::event&& what) override;
  void on_flush() override;

private:
  std::shared_ptr<const bool> owner_alive_;
  std::shared_ptr<domain::event_sink> target_;
  bool finished_ = false;
};

} // namespace ccapi::actors
