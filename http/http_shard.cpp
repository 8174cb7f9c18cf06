#include "http/http_shard.hpp"

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

http_shard::http_shard(executor_type the_executor, domain::gateway& the_gateway,
                       const http::dialects& the_dialects, host_allow_list hosts,
                       shard_settings settings, std::string the_version, observe::logger the_log)
  : executor{std::move(the_executor)},
    gateway{the_gateway},
    dialects{the_dialects},
    version{std::move(the_version)},
    log{std::move(the_log)},
    openapi{openapi_document(version)},
    hosts_{std::move(hosts)},
    unix_socket_hosts_{hosts_.for_unix_socket()},
    settings_{std::move(settings)},
    reader_{reader_for(settings_.limits)} {}

http_shard::~http_shard() = default;

void http_shard::reconfigure(host_allow_list hosts, shard_settings settings) {
  hosts_ = std::move(hosts);
  unix_socket_hosts_ = hosts_.for_unix_socket();
  settings_ = std::move(settings);
  model_lists_.clear();
  reader_ = reader_for(settings_.limits);
}

std::string_view http_shard::model_list(const dialect::protocol& dialect) {
  auto known = model_lists_.find(&dialect);
  if (known == model_lists_.end())
    known = model_lists_.emplace(&dialect, dialect.models.list(models())).first;
  return known->second;
}

void http_shard::trim_reader() {
  reader_->trim();
}

std::string_view http_shard::date() {
  return date_.at(std::time(nullptr));
}

void http_shard::count_answer(unsigned status, const endpoint* found) {
  const auto index = static_cast<std::size_t>(domain::status_class_of(status));
  auto& totals = gateway.totals();
  ++totals.answers[index];
  ++totals.details.routes[route_number(found)][index];
}

template <class Action>
void http_shard::for_each(Action action) {
  struct walk {
    member_list& all;
    member_list left{};
    ~walk() { all.splice(all.end(), left); } // if the action has thrown
  } at{.all = members_};
  at.left.swap(members_);
  while (!at.left.empty()) {
    auto& member = at.left.front();
    at.left.pop_front();
    members_.push_back(member);
    action(member);
  }
}

void http_shard::drain() {
  draining_ = true;
  for_each([](shard_member& member) { member.drain(); });
}

void http_shard::close_all() {
  draining_ = true;
  for_each([](shard_member& member) { member.close(); });
}

} // namespace ccapi::http
