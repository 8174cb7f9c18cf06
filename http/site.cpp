#include "http/site.hpp"

#include "http/openapi_document.hpp"
#include "json/reader.hpp"

#include <utility>

namespace ccapi::http {

namespace {

std::unique_ptr<json::reader> reader_for(const config::limits_settings& limits) {
  return std::make_unique<json::reader>(
    json::limits{.depth = limits.json_depth_max, .values = limits.json_values_max});
}

} // namespace

site::site(domain::gateway& the_gateway, const http::dialects& the_dialects, host_allow_list hosts,
           site_settings settings, std::string the_version, observe::logger the_log)
  : gateway{the_gateway},
    dialects{the_dialects},
    version{std::move(the_version)},
    log{std::move(the_log)},
    openapi{openapi_document(version)},
    hosts_{std::move(hosts)},
    unix_socket_hosts_{hosts_.for_unix_socket()},
    settings_{std::move(settings)},
    reader_{reader_for(settings_.limits)} {}

site::~site() = default;

void site::reconfigure(host_allow_list hosts, site_settings settings) {
  hosts_ = std::move(hosts);
  unix_socket_hosts_ = hosts_.for_unix_socket();
  settings_ = std::move(settings);
  reader_ = reader_for(settings_.limits);
}

void site::trim_reader() {
  reader_->trim();
}

std::string_view site::date() {
  return date_.at(std::time(nullptr));
}

void site::count_answer(unsigned status) {
  ++gateway.totals().answers[static_cast<std::size_t>(domain::status_class_of(status))];
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
