#pragma once
// What the Messages API's refusal of a request teaches about its model.

#include <string_view>

namespace ccapi::claude {

/// The parameter that the model does not take, if the API's whole sentence says just that
/// ("temperature", "effort", "thinking.type.disabled", ...); else empty. Only sentences that hold
/// no value and no text of a client are understood, so that no prompt can forge one. Source:
/// answers of the API of 2026 to parameters that a model does not take.
std::string_view refused_parameter(std::string_view sentence) noexcept;

} // namespace ccapi::claude
