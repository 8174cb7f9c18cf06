# Writes OUTPUT, a C++ source file that holds the text of INPUT (http/openapi.json).
file(READ "${INPUT}" text)
file(WRITE "${OUTPUT}" "// Made from http/openapi.json.
#include \"http/openapi_document.hpp\"

namespace ccapi::http {

const std::string_view openapi_source = R\"openapi(${text})openapi\";

} // namespace ccapi::http
")
