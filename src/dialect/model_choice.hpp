#pragma once
// The `model` member that several requests have.

#include "domain/models/model_catalog.hpp"
#include "json/field_reader.hpp"

#include <string>

namespace ccapi::dialect {

struct model_choice {
  std::string requested; ///< as the client wrote it; empty if absent. At most 128 bytes
  std::string resolved;  ///< the default model if absent
};

/// Reads and resolves `model`. A name that is unknown, too long or holds control characters is a
/// failure (model_not_found) of `body`.
model_choice read_model(json::field_reader& body, const domain::model_catalog& models);

} // namespace ccapi::dialect
