#pragma once
// loading: a request waits for the pictures that it only names.

#include "http/answers/exchange.hpp"
#include "media/image.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace ccapi::http {

/// Goes on with the request's body in its place.
using with_pictures = std::function<void(exchange&, const media::loaded_pictures&)>;

/// As base64.
std::size_t bytes_of(const media::loaded_pictures& loaded) noexcept;

/// Loads them, each as far as the request's caller may, and goes on; within images.timeout, and not
/// at all if the client leaves or the gateway drains. The request is refused if too many pictures
/// wait or memory is short.
void load_pictures(exchange& client, std::vector<std::string> names, with_pictures then);

} // namespace ccapi::http
