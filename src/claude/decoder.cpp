#include "claude/decoder.hpp"

#include "claude/line_kinds.hpp"
#include "claude/short_line.hpp"
#include "json/preflight.hpp"
#include "json/utf8.hpp"

#include <simdjson.h>

#include <bit>
#include <limits>
#include <string>
#include <utility>

namespace ccapi::claude {

namespace {

// Enough for the CLI's own envelopes around any tool input worth reading.
constexpr std::size_t depth_max = 256;
constexpr std::size_t capacity_min = std::size_t{4} << 10;
// Beyond this a parser is dropped when it is no longer needed; it holds up to 15 bytes per byte.
constexpr std::size_t capacity_kept = std::size_t{256} << 10;

/// A cheap sign that the line may hold a surrogate escape; simdjson 3.0 has no replacement mode.
bool may_hold_surrogate(std::string_view line) noexcept {
  for (auto at = line.find('\\'); at < line.size(); at = line.find('\\', at + 2)) {
    const auto escape = line.substr(at + 1, 2);
    if (escape == "ud" || escape == "uD")
      return true;
  }
  return false;
}

} // namespace

struct decoder::memory {
  simdjson::dom::parser parser;
  std::string mended; ///< copy of a line that had to be repaired
  std::string joined; ///< see read_plain
  short_lines short_way;

  void reset() {
    parser = simdjson::dom::parser{};
    mended = {};
    joined = {};
  }

  void drop_if_large(std::size_t next_size) {
    if (next_size > capacity_kept)
      return;
    if (parser.capacity() > capacity_kept)
      reset();
    if (short_way.capacity() > capacity_kept)
      short_way.free_memory();
  }

  simdjson::error_code parse(std::string_view line, simdjson::dom::element& root) {
    if (parser.capacity() < line.size()) {
      const auto capacity = std::bit_ceil(std::max(line.size(), capacity_min));
      if (const auto failure = parser.allocate(capacity, depth_max))
        return failure;
    }
    return parser.parse(line.data(), line.size(), false).get(root);
  }

  simdjson::error_code parse_mended(std::string_view line, simdjson::dom::element& root) {
    mended = json::repaired(line);
    const json::limits any{.depth = depth_max, .values = std::numeric_limits<std::size_t>::max()};
    if (!json::preflight(mended, any))
      return simdjson::TAPE_ERROR;
    mended.reserve(mended.size() + simdjson::SIMDJSON_PADDING);
    return parse(mended, root);
  }
};

decoder::decoder()
  : memory_{std::make_unique<memory>()} {}
decoder::~decoder() = default;
decoder::decoder(decoder&&) noexcept = default;
decoder& decoder::operator=(decoder&&) noexcept = default;

decoded decoder::decode(std::string_view line) {
  memory_->drop_if_large(line.size());
  // Nothing constant: of that, compilers clear every byte first.
  decoded what{std::in_place_type<message>, unknown{.type = line, .subtype = {}}};
  if (!memory_->short_way.read(line, std::get<message>(what)))
    what = parse(line);
  return what;
}

decoded decoder::parse(std::string_view line) {
  simdjson::dom::element root;
  auto failure = simdjson::UTF8_ERROR;
  if (!may_hold_surrogate(line))
    failure = memory_->parse(line, root);
  // Broken bytes, half surrogates and numbers beyond 64 bits are no reason to lose a line.
  const bool mended = failure == simdjson::UTF8_ERROR || failure == simdjson::NUMBER_ERROR;
  if (mended)
    failure = memory_->parse_mended(line, root);
  if (failure != simdjson::SUCCESS) {
    ++malformed_;
    return malformed{failure == simdjson::MEMALLOC ? "no memory to parse it" : "not JSON"};
  }
  const json_fields fields{root};
  if (!fields.present()) {
    ++malformed_;
    return malformed{"not an object"};
  }
  const auto type = fields.text("type");
  message what = type == "stream_event" ? read_stream_event(fields)
                 : type == "system"     ? read_system(fields)
                                        : read_plain(type, fields, memory_->joined);
  if (std::holds_alternative<unknown>(what))
    ++unknown_;
  else if (std::holds_alternative<content_block_stop>(what)
           || std::holds_alternative<message_start>(what))
    memory_->short_way.drop_half();
  else if (const auto* init = std::get_if<system_init>(&what); init != nullptr && !mended)
    memory_->short_way.note_init(line, *init);
  return what;
}

void decoder::trim() {
  memory_->drop_if_large(0);
  if (memory_->mended.capacity() + memory_->joined.capacity() > capacity_kept) {
    memory_->mended = {};
    memory_->joined = {};
  }
}

} // namespace ccapi::claude
