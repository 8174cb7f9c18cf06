#include "openai/protocol.hpp"

#include "json/writer.hpp"
#include "openai/errors.hpp"

#include <cstdint>

namespace ccapi::openai {

namespace {

void append_headers(std::string& lines, std::chrono::milliseconds processing) {
  lines += "openai-version: 2020-10-01\r\nopenai-processing-ms: ";
  json::append_integer(lines, std::int64_t{processing.count()});
  lines += "\r\n";
}

} // namespace

const dialect::protocol protocol{.error = error_body, .append_headers = append_headers};

} // namespace ccapi::openai
