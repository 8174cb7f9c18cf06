#pragma once
// keyed_fixture: a server_fixture for requests with an Idempotency-Key.

#include "server_fixture.hpp"

#include <string>
#include <string_view>

namespace ccapi::http::test {

class server_idempotency : public server_fixture {
protected:
  [[nodiscard]] std::string keyed(bool stream, const std::string& key = "k") const {
    return post(chat(stream), "Idempotency-Key: " + key + "\r\n");
  }
  raw_answer ask(bool stream, const std::string& key = "k") const {
    auto client = connect();
    client.send(keyed(stream, key));
    return client.read_answer();
  }
  static fake_gateway::script hello() {
    return {domain::answer_started{"m"}, domain::text_delta{"Hel"}, domain::text_delta{"lo"},
            domain::turn_finished{.usage = {.output_tokens = 2}, .model = "m"}};
  }
  static void read_until(raw_client& client, std::string& received, std::string_view end) {
    while (received.find(end) == std::string::npos) {
      const auto more = client.read_some();
      ASSERT_FALSE(more.empty()) << received;
      received += more;
    }
  }
};

} // namespace ccapi::http::test
