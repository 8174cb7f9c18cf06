#pragma once
// tools: the functions that a client lets the model call, and what it wants done with them. Pure.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ccapi::domain {

/// One tool, checked by the dialect's parser.
struct tool {
  std::string name;         ///< as the client calls it; 1..256 bytes
  std::string api_name;     ///< as the API is told of it: api_tool_name(name)
  std::string description;  ///< may be empty
  std::string input_schema; ///< JSON text of an object schema that the API takes
  bool strict = false; ///< arguments must fit the schema; only for schemas that the API takes so

  friend bool operator==(const tool&, const tool&) = default;
};

/// The tools of one request in the client's order, no name twice. Shared and never changed.
class tool_list {
public:
  tool_list() = default; ///< no tools
  explicit tool_list(std::vector<tool> tools);

  [[nodiscard]] bool empty() const noexcept { return !tools_ || tools_->empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return tools_ ? tools_->size() : 0; }
  [[nodiscard]] const tool* begin() const noexcept { return tools_ ? tools_->data() : nullptr; }
  [[nodiscard]] const tool* end() const noexcept { return begin() + size(); }
  /// Null: there is none of that name.
  [[nodiscard]] const tool* find_by_api_name(std::string_view api_name) const noexcept;

  /// Same tools in the same order.
  friend bool operator==(const tool_list& a, const tool_list& b) noexcept;

private:
  std::shared_ptr<const std::vector<tool>> tools_;
};

/// Whether the model shall call a tool.
enum class tool_demand : std::uint8_t {
  automatic, ///< as it likes
  any,       ///< one at least
  named,     ///< a certain one
};

struct tool_choice {
  tool_demand demand = tool_demand::automatic;
  std::string api_name; ///< the tool's, if one is named
  bool parallel = true; ///< several calls in one answer are welcome

  friend bool operator==(const tool_choice&, const tool_choice&) = default;
};

/// The name by which the API and the CLI take the tool: the name itself where they take it, else
/// one that is made of it, the same each time ([a-zA-Z0-9_-], at most 128 bytes).
std::string api_tool_name(std::string_view name);

} // namespace ccapi::domain
