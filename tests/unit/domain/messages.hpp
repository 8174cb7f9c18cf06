#pragma once
// Messages in short.

#include "domain/content.hpp"

#include <string>
#include <utility>

namespace ccapi::domain::test {

inline message user(std::string text) {
  return {role::user, std::move(text)};
}

inline message assistant(std::string text) {
  return {role::assistant, std::move(text)};
}

} // namespace ccapi::domain::test
