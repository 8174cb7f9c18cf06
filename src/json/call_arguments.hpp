#pragma once
// call_arguments: what a model or a client has written as the arguments of a call. Pure; any
// thread.

#include <string>
#include <string_view>

namespace ccapi::json {

struct call_arguments {
  std::string text;      ///< JSON of an object
  std::string canonical; ///< of the same; empty if `text` is that already
  bool readable = true;  ///< false: what was written is no such text, and stands in `text` as one
};

/// Nothing and "null" are an object without members. What is no JSON object, as a call is that was
/// cut off, becomes {"unreadable_arguments": ...}: the API takes nothing but objects.
call_arguments read_call_arguments(std::string_view written);

} // namespace ccapi::json
