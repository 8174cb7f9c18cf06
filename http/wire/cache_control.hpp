#pragma once
// cache_control: what a request's Cache-Control says to the response cache. Pure.

#include "domain/turn/cached_answer.hpp"

#include <string_view>

namespace ccapi::http {

/// Takes account of one field's value: no-cache, no-store and max-age; the strictest counts. What
/// else there is says nothing here.
void apply_cache_control(std::string_view value, domain::cache_rules& rules);

} // namespace ccapi::http
