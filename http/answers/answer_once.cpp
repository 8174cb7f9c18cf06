#include "http/answers/answer_once.hpp"

#include "http/access/key_ring.hpp"
#include "http/answers/keyed_answers.hpp"
#include "http/answers/keyed_reader.hpp"
#include "http/answers/keyed_run.hpp"
#include "http/answers/reply.hpp"
#include "http/http_shard.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace ccapi::http {

namespace {

constexpr std::size_t key_bytes_max = 255;

constexpr transport_problem bad_key{
  400, error_kind::invalid_request, "invalid_idempotency_key",
  "Idempotency-Key must be given once, as 1 to 255 visible ASCII characters."};
constexpr transport_problem key_looked_up{
  409, error_kind::invalid_request, "idempotency_key_in_use",
  "This Idempotency-Key is being looked up for a request with another body. Try again."};
constexpr transport_problem keys_full{
  503, error_kind::unavailable, "server_busy",
  "Requests with an Idempotency-Key that are in work take all of idempotency.bytes_max."};

bool is_valid_key(std::string_view key) noexcept {
  return !key.empty() && key.size() <= key_bytes_max && key != head_fields::repeated
         && std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

/// What must be equal for two requests to be the same. The route as it was called, too.
std::string fingerprint_of(const request& of) {
  return sha256_hex(of.path + '\n' + of.query + (of.strict ? "\nstrict\n" : "\n")
                    + sha256_hex(of.body.view()));
}

} // namespace

void answer_once(exchange& client, handler handle) {
  auto& shard = client.shard();
  auto& request = client.request();
  if (!request.idempotency_key)
    return handle(client);
  if (!is_valid_key(*request.idempotency_key))
    return reply_problem(client, bad_key);
  // Names of keys hold no line feed.
  const auto name = request.caller.name + '\n' + *request.idempotency_key;
  const auto fingerprint = fingerprint_of(request);
  const auto found = shard.settings().answers->claim(
    name, fingerprint, [&] { return std::make_shared<keyed_run>(shard, name, fingerprint); },
    std::chrono::steady_clock::now());
  using state = keyed_answers::state;
  switch (found.is) {
  case state::fresh:
    return found.run->start(client, handle);
  case state::other_request:
    return reply_problem(client, key_reused);
  case state::unsure:
    return reply_problem(client, key_looked_up, {}, std::chrono::seconds{1});
  case state::no_room:
    return reply_problem(client, keys_full, {}, std::chrono::seconds{1});
  case state::in_work:
  case state::answered:
    break;
  }
  client.note_turn({}); // the reader tells what became of it
  const auto reader = std::make_shared<keyed_reader>(client, true);
  static_cast<void>(client.hold_memory(0)); // its body is of no use
  client.work_on(reader);
  if (found.answer) // later: a client is never answered from inside such a call
    return boost::asio::post(shard.executor,
                             [reader, answer = found.answer] { reader->hear_end(answer); });
  reader->follow(found.run);
  found.run->later_join(reader);
}

} // namespace ccapi::http
