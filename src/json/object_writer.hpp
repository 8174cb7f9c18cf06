#pragma once
// object_writer: appends one JSON object, member by member.

#include "json/writer.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace ccapi::json {

/// The members' names are fixed and harmless: they are not escaped. `out` must outlive it.
class object_writer {
public:
  explicit object_writer(std::string& out)
    : out_{out} {
    out_ += '{';
  }

  std::string& key(std::string_view name) {
    if (!first_)
      out_ += ',';
    first_ = false;
    out_ += '"';
    out_ += name;
    out_ += R"(":)";
    return out_;
  }
  object_writer& count(std::string_view name, std::uint64_t value) {
    append_integer(key(name), value);
    return *this;
  }
  object_writer& text(std::string_view name, std::string_view value) {
    append_string_or_null(key(name), value);
    return *this;
  }
  object_writer& flag(std::string_view name, bool value) {
    key(name) += value ? "true" : "false";
    return *this;
  }
  void close() { out_ += '}'; }

private:
  std::string& out_;
  bool first_ = true;
};

} // namespace ccapi::json
