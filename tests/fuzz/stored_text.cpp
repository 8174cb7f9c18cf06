// Fuzz target: any bytes as the text of stored messages, and as a line of an export. Oracles: what
// is read and written again is read as the same, and is then its own text.

#include "store/conversation_lines.hpp"
#include "store/message_text.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <variant>

namespace {

using namespace ccapi;

void require(bool holds) {
  if (!holds)
    std::abort();
}

/// Has some payloads of its own, and takes more.
class fuzz_shelf final : public store::payload_shelf {
public:
  std::int64_t keep(std::string_view bytes) override {
    kept_[++last_] = bytes;
    return last_;
  }
  domain::result<std::shared_ptr<const std::string>> find(std::int64_t number) override {
    if (number < 4)
      return std::make_shared<const std::string>(static_cast<std::size_t>(number) * 700, 'A');
    if (!kept_.contains(number))
      return domain::error{.code = domain::error_code::store_unavailable};
    return std::make_shared<const std::string>(kept_[number]);
  }

private:
  std::map<std::int64_t, std::string> kept_;
  std::int64_t last_ = 3;
};

void check_messages(std::string text) {
  fuzz_shelf shelf;
  const auto messages = store::read_messages(text, &shelf);
  if (!messages)
    return;
  std::string apart;
  store::append_messages(apart, *messages, &shelf);
  const auto again = store::read_messages(apart, &shelf);
  require(again && *again == *messages);
  std::string whole;
  store::append_messages(whole, *messages);
  std::string copy{whole};
  const auto alone = store::read_messages(copy);
  require(alone && *alone == *messages);
  std::string last;
  store::append_messages(last, *alone);
  require(last == whole);
}

void check_line(std::string text) {
  store::line_reader reader;
  const auto line = reader.read(text);
  if (!line)
    return;
  const auto written = [](const store::conversation_line& what) {
    std::string out;
    std::visit([&out](const auto& each) { store::append_line(out, each); }, what);
    return out;
  };
  const auto once = written(*line);
  auto copy = once;
  copy.pop_back();
  const auto again = reader.read(copy);
  require(again && written(*again) == once);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text{data, data + size};
  check_messages(text);
  check_line(text);
  return 0;
}
