#pragma once
// The bodies of GET /v1/models and GET /v1/models/{id}.

#include "domain/models/model_catalog.hpp"

#include <string>
#include <string_view>

namespace ccapi::openai {

/// All listed models, in the configured order. Pure.
std::string model_list_body(const domain::model_catalog& models);

/// One model; whether it exists is the caller's question (model_catalog::is_listed). Pure.
std::string model_body(std::string_view name);

} // namespace ccapi::openai
