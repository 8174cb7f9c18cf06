#pragma once
// recording_sink: a client of a turn that notes what it hears.

#include "domain/turn/event_sink.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace ccapi::actors::test {

/// What one client heard. Its sink may outlive it, and is then deaf.
struct client {
  client() = default;
  client(const client&) = delete;
  client& operator=(const client&) = delete;
  ~client();

  std::string conversation;
  std::optional<domain::turn_placed> placed;
  std::size_t asked = 0; ///< processes were
  std::string model;
  std::string text;
  std::optional<domain::turn_finished> finished;
  std::optional<domain::error> failed;
  std::size_t events = 0; ///< but for those that only tell where the turn is
  std::size_t flushes = 0;
  std::size_t terminals = 0;
  std::weak_ptr<domain::event_sink> sink; ///< expired: nobody can reach this client any more

  [[nodiscard]] bool over() const { return terminals > 0; }
  [[nodiscard]] std::optional<domain::error_code> failure() const {
    return failed ? std::optional{failed->code} : std::nullopt;
  }
  std::shared_ptr<domain::event_sink> make_sink();
};

class recording_sink final : public domain::event_sink {
public:
  explicit recording_sink(client& owner)
    : owner_{&owner} {}
  void forget_owner() noexcept { owner_ = nullptr; }

  void on_event(domain::event&& what) override {
    if (!owner_)
      return;
    EXPECT_EQ(owner_->terminals, 0U) << "an event behind the terminal one";
    if (auto* accepted = std::get_if<domain::turn_accepted>(&what)) {
      EXPECT_EQ(owner_->events, 0U);
      owner_->conversation = std::move(accepted->conversation_id);
      return;
    }
    if (const auto* placed = std::get_if<domain::turn_placed>(&what)) {
      owner_->placed = *placed;
      return;
    }
    if (std::holds_alternative<domain::question_sent>(what)) {
      ++owner_->asked;
      return;
    }
    ++owner_->events;
    if (const auto* started = std::get_if<domain::answer_started>(&what))
      owner_->model = started->model;
    else if (const auto* text = std::get_if<domain::text_delta>(&what))
      owner_->text += text->text;
    else if (const auto* finished = std::get_if<domain::turn_finished>(&what))
      owner_->finished = *finished;
    else if (const auto* failed = std::get_if<domain::turn_failed>(&what))
      owner_->failed = failed->failure;
    owner_->terminals += domain::is_terminal(what) ? 1U : 0U;
  }
  void on_flush() override {
    if (owner_)
      ++owner_->flushes;
  }

private:
  client* owner_;
};

inline std::shared_ptr<domain::event_sink> client::make_sink() {
  auto made = std::make_shared<recording_sink>(*this);
  sink = made;
  return made;
}

inline client::~client() {
  if (const auto made = sink.lock())
    static_cast<recording_sink&>(*made).forget_owner();
}

} // namespace ccapi::actors::test
