#pragma once
// chat_plan: what a chat answer's two forms (streamed and whole) have in common.

#include "dialect/answer_encoder.hpp"
#include "domain/turn/event.hpp"
#include "domain/turn/gateway.hpp"
#include "http/access/key_ring.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ccapi::http {

struct chat_plan {
  std::string requested_model; ///< as the client wrote it; may be empty
  std::string resolved_model;  ///< what the CLI is asked for
  std::vector<std::string> ignored_params;
  std::size_t rescaled_images = 0; ///< pictures that the CLI makes smaller
  bool echo_requested = false;     ///< answers repeat requested_model
  domain::cache_use cache = domain::cache_use::off;
  std::chrono::seconds age{}; ///< of an answer that was kept
  std::unique_ptr<dialect::answer_encoder> encoder{};
  key_usage::turn_place place{}; ///< among the turns of the request's key

  /// What `model` says when `ran` answers; `ran` is empty while unknown.
  [[nodiscard]] std::string shown_model(std::string_view ran) const;
  /// The fields that tell what became of the model's name and of parameters, and what the cache
  /// had to do with the answer.
  /// `dropped`: what the model does not take.
  [[nodiscard]] std::string headers(std::string_view ran,
                                    const std::vector<std::string>& dropped) const;

private:
  [[nodiscard]] std::string cache_headers() const;
};

/// What a turn's events have told so far, and its answer's headers tell.
struct turn_trace {
  std::string conversation_id; ///< empty until the turn has come to its conversation
  bool work_begun = false;     ///< the API has
  std::optional<domain::turn_placed> placed{};
  std::optional<domain::answer_started> started{};

  /// The model that answers; empty until the API has begun to answer.
  [[nodiscard]] std::string_view model_ran() const noexcept {
    return started ? std::string_view{started->model} : std::string_view{};
  }
  /// Takes notice of an event; of most there is nothing to note.
  void note(const domain::event& what);
  /// Of the request's parameters, as far as it is known.
  [[nodiscard]] const std::vector<std::string>& dropped() const;
  /// x-ccapi-conversation-id, x-ccapi-match and server-timing.
  [[nodiscard]] std::string headers() const;
};

/// As exchange::note_outcome has it.
inline constexpr std::string_view finished_outcome = "finished";

/// Appends x-ccapi-cost-usd.
void append_cost(std::string& lines, const domain::usage& used);

/// Credit is given back in lots of this size, so that it costs few messages.
std::size_t credit_lot(std::size_t stream_buffer_bytes) noexcept;

} // namespace ccapi::http
