#include "server_fixture.hpp"
#include "smuggling_rows.hpp"

#include <set>

// Every row is sent in one write and again byte by byte, each time with a canary behind it: the
// canary is never answered but rightly.

namespace ccapi::http::test {
namespace {

class smuggling : public server_fixture {
protected:
  void SetUp() override {
    serve();
    gateway_->play({domain::text_delta{"hello"}, domain::turn_finished{}});
  }

  [[nodiscard]] std::string with_host(std::string bytes) const {
    constexpr std::string_view mark = "$HOST";
    for (auto at = bytes.find(mark); at != std::string::npos; at = bytes.find(mark, at))
      bytes.replace(at, mark.size(), host());
    return bytes;
  }

  void expect_right_answers(const smuggling_row& row, bool byte_by_byte) {
    const auto bytes = with_host(row.bytes) + get("/v1/models/canary", "X-Request-Id: canary\r\n");
    auto client = connect();
    if (byte_by_byte)
      client.send_byte_by_byte(bytes);
    else
      client.send(bytes);
    const auto first = client.read_answer();
    EXPECT_EQ(first.status, row.status) << first.head << first.body;
    if (row.rest == behind::answered) {
      EXPECT_EQ(first.field("connection"), "");
      const auto second = client.read_answer();
      EXPECT_EQ(second.status, 404u);
      EXPECT_EQ(second.field("x-request-id"), "canary");
      EXPECT_FALSE(client.readable_within(0)) << client.read_some();
    } else {
      EXPECT_EQ(first.field("connection"), "close");
      EXPECT_EQ(client.read_to_end(), "");
    }
    EXPECT_EQ(first.body.find("smuggled"), std::string::npos) << first.body;
  }
};

TEST_F(smuggling, no_row_makes_the_request_behind_it_another_one) {
  const auto rows = smuggling_rows();
  EXPECT_GE(rows.size(), 120u);
  std::set<std::string> names;
  std::size_t turns = 0;
  for (const auto& row : rows) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name << " is there twice";
    for (const bool byte_by_byte : {false, true}) {
      SCOPED_TRACE(row.name + (byte_by_byte ? ", byte by byte" : ", at once"));
      expect_right_answers(row, byte_by_byte);
      turns += row.status == 200 && row.bytes.starts_with("POST") ? 1u : 0u;
      EXPECT_EQ(gateway_->wait_until([] { return true; }) ? gateway_->requests.size() : 0, turns);
    }
  }
}

} // namespace
} // namespace ccapi::http::test
