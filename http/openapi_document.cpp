#include "http/openapi_document.hpp"

namespace ccapi::http {

std::string openapi_document(std::string_view version) {
  constexpr std::string_view mark = "@VERSION@";
  std::string document{openapi_source};
  if (const auto at = document.find(mark); at != std::string::npos)
    document.replace(at, mark.size(), version);
  return document;
}

} // namespace ccapi::http
