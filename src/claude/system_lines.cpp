#include "claude/line_kinds.hpp"

#include <algorithm>
#include <array>

namespace ccapi::claude {

namespace {

/// Subtypes that were seen or are declared by the CLI, and that no turn depends on.
bool is_known_note(std::string_view subtype) noexcept {
  constexpr std::array known{
    std::string_view{"background_tasks_changed"},
    std::string_view{"elicitation_complete"},
    std::string_view{"files_persisted"},
    std::string_view{"local_command_output"},
    std::string_view{"mirror_error"},
    std::string_view{"notification"},
    std::string_view{"permission_denied"},
    std::string_view{"ui_invalidate"},
  };
  return subtype.starts_with("hook_") || subtype.starts_with("task_")
         || std::find(known.begin(), known.end(), subtype) != known.end();
}

message read_retry(const json_fields& line) {
  return api_retry{.attempt = line.integer("attempt").value_or(0),
                   .max_retries = line.integer("max_retries").value_or(0),
                   .delay_ms =
                     std::max<std::int64_t>(line.integer("retry_delay_ms").value_or(0), 0),
                   .error_status = line.integer("error_status"),
                   .error = line.text("error")};
}

} // namespace

message read_system(const json_fields& line) {
  const auto subtype = line.text("subtype");
  if (subtype == "thinking_tokens")
    return thinking_tokens{.estimated = line.integer("estimated_tokens").value_or(0)};
  if (subtype == "status")
    return system_status{.status = line.text("status")};
  if (subtype == "init")
    return system_init{.model = line.text("model")};
  if (subtype == "api_retry")
    return read_retry(line);
  if (subtype == "compact_boundary")
    return compact_boundary{.trigger = line.object("compact_metadata").text("trigger")};
  if (subtype == "model_fallback")
    return model_fallback{.trigger = line.text("trigger"),
                          .original_model = line.text("original_model"),
                          .fallback_model = line.text("fallback_model")};
  if (subtype == "model_refusal_no_fallback")
    return model_refusal_no_fallback{.original_model = line.text("original_model"),
                                     .category = line.text("api_refusal_category"),
                                     .explanation = line.text("api_refusal_explanation")};
  if (subtype == "model_refusal_fallback")
    return model_refusal_fallback{.original_model = line.text("original_model"),
                                  .fallback_model = line.text("fallback_model")};
  if (subtype == "informational")
    return informational{.content = line.text("content"), .level = line.text("level")};
  if (subtype == "session_state_changed")
    return session_state_changed{.state = line.text("state")};
  if (is_known_note(subtype))
    return system_note{.subtype = subtype};
  return unknown{.type = "system", .subtype = subtype};
}

} // namespace ccapi::claude
