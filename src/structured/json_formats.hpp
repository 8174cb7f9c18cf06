#pragma once
// json_formats: the formats of answers that clients can ask for.

#include "domain/result.hpp"
#include "domain/turn/answer_format.hpp"

#include <memory>
#include <string>

namespace ccapi::structured {

/// A JSON object, whatever is in it. The API can't be told.
std::shared_ptr<const domain::answer_format> any_object();

/// JSON that fits a schema. `path`: where the client wrote it, for messages. Fails with:
/// invalid_request (that is no schema), unsupported_parameter (it can't be checked, or the API
/// can't be told of it); `param` leads to the keyword.
domain::result<std::shared_ptr<const domain::answer_format>> of_schema(std::string schema,
                                                                       const std::string& path);

} // namespace ccapi::structured
