#pragma once
// answer_format: what a client wants the text of an answer to be: JSON, perhaps of a certain form.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace ccapi::domain {

/// A schema on its way to the API, one line of JSON; shared and never changed. Empty: none.
class api_schema {
public:
  api_schema() = default;
  explicit api_schema(std::string text)
    : text_{std::make_shared<const std::string>(std::move(text))} {}

  [[nodiscard]] bool empty() const noexcept { return !text_; }
  [[nodiscard]] std::string_view text() const noexcept {
    return text_ ? std::string_view{*text_} : std::string_view{};
  }
  friend bool operator==(const api_schema& a, const api_schema& b) noexcept {
    return a.text_ == b.text_ || a.text() == b.text();
  }

private:
  std::shared_ptr<const std::string> text_;
};

/// Made with the request by src/structured, shared and never changed; any thread.
class answer_format {
public:
  virtual ~answer_format() = default;

  /// What the API is told; it may say less than the client does. Empty: the API is told nothing.
  [[nodiscard]] const api_schema& for_api() const noexcept { return for_api_; }

  /// The member that stands for a map there, for map_filter to make one of it again. Empty: none
  /// does.
  [[nodiscard]] const std::string& map_name() const noexcept { return map_name_; }
  /// What the client wrote of it, canonical enough that equal texts mean equal formats of a kind.
  /// Empty: it only wants an object.
  [[nodiscard]] const std::string& asked() const noexcept { return asked_; }

  /// What is wrong with the whole text of an answer, and where ("$.items[0].price must be at most
  /// 5"); nothing: it is as the client wants it. Takes bounded time.
  [[nodiscard]] virtual std::optional<std::string> flaw_of(std::string_view answer) const = 0;

protected:
  explicit answer_format(api_schema for_api, std::string map_name = {}, std::string asked = {})
    : for_api_{std::move(for_api)},
      map_name_{std::move(map_name)},
      asked_{std::move(asked)} {}

private:
  api_schema for_api_;
  std::string map_name_;
  std::string asked_;
};

} // namespace ccapi::domain
