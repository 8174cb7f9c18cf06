#include "http/site.hpp"

#include "openai/models.hpp"

#include <utility>

namespace ccapi::http {

namespace {

openai::parse_limits parse_limits_of(const config::limits_settings& limits) {
  return {.json_depth_max = limits.json_depth_max,
          .json_values_max = limits.json_values_max,
          .messages_max = limits.messages_max};
}

} // namespace

site::site(domain::gateway& the_gateway, const domain::model_catalog& the_models,
           host_allow_list the_hosts, site_settings the_settings, observe::logger the_log)
  : gateway{the_gateway},
    models{the_models},
    hosts{std::move(the_hosts)},
    unix_socket_hosts{hosts.for_unix_socket()},
    settings{std::move(the_settings)},
    log{std::move(the_log)},
    model_list{openai::model_list_body(models)},
    parser{parse_limits_of(settings.limits), models} {}

std::string_view site::date() {
  return date_.at(std::time(nullptr));
}

template <class Action>
void site::for_each(Action action) {
  for (auto next = members_.begin(); next != members_.end();) {
    auto& member = *next++;
    action(member);
  }
}

void site::drain() {
  draining_ = true;
  for_each([](site_member& member) { member.drain(); });
}

void site::close_all() {
  draining_ = true;
  for_each([](site_member& member) { member.close(); });
}

} // namespace ccapi::http
