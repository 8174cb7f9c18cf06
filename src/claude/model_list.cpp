#include "claude/model_list.hpp"

#include "claude/encoder.hpp"
#include "claude/json_fields.hpp"
#include "domain/ids.hpp"

namespace ccapi::claude {

namespace {

constexpr version first_with_list_models{2, 1, 330};
constexpr std::size_t listed_max = 64;

void read_models(const json_fields& answer, std::vector<listed_model>& found) {
  answer.each("models", [&](simdjson::dom::element element) {
    const json_fields entry{element};
    listed_model model{.name = std::string{entry.text("value")},
                       .id = std::string{entry.text("resolvedModel")}};
    if (found.size() < listed_max && domain::is_safe_argument(model.name)
        && domain::is_safe_argument(model.id))
      found.push_back(std::move(model));
  });
}

} // namespace

std::string model_list_request(const version& cli) {
  std::string line;
  if (cli >= first_with_list_models)
    list_models(line, "models");
  else
    initialize(line, "models", {}); // whose answer lists them as well
  return line += '\n';
}

std::vector<listed_model> read_model_list(std::string_view output) {
  std::vector<listed_model> found;
  simdjson::dom::parser parser;
  while (!output.empty()) {
    const auto end = output.find('\n');
    const std::string line{output.substr(0, end)};
    output.remove_prefix(end == std::string_view::npos ? output.size() : end + 1);
    simdjson::dom::element root;
    if (parser.parse(line).get(root) == simdjson::SUCCESS)
      read_models(json_fields{root}.object("response").object("response"), found);
  }
  return found;
}

} // namespace ccapi::claude
