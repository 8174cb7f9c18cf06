#pragma once
// site: what all connections of one I/O thread share.

#include "config/settings.hpp"
#include "domain/gateway.hpp"
#include "domain/model_catalog.hpp"
#include "http/middleware.hpp"
#include "http/response.hpp"
#include "observe/log.hpp"
#include "openai/chat_request.hpp"

#include <boost/intrusive/list.hpp>

#include <string>
#include <vector>

namespace ccapi::http {

/// A connection in its site's list; leaves the list when it is destroyed.
class site_member : public boost::intrusive::list_base_hook<
                      boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
  virtual ~site_member() = default;
  /// Closes if no request is in work; else after its answer.
  virtual void drain() = 0;
  virtual void close() = 0;
};

/// Settings of the answers, equal on all I/O threads.
struct site_settings {
  config::limits_settings limits;
  std::string version;
  bool echo_requested_model = false;
  /// Web pages that may call; none can be configured yet.
  std::vector<std::string> allowed_origins;
};

/// Used on its I/O thread only. The gateway and the catalog must outlive the connections.
class site {
public:
  site(domain::gateway& gateway, const domain::model_catalog& models, host_allow_list hosts,
       site_settings settings, observe::logger log);

  domain::gateway& gateway;
  const domain::model_catalog& models;
  const host_allow_list hosts;
  const host_allow_list unix_socket_hosts;
  const site_settings settings;
  const observe::logger log;
  const std::string model_list; ///< the body of GET /v1/models
  openai::chat_request_parser parser;

  [[nodiscard]] const config::limits_settings& limits() const noexcept { return settings.limits; }
  /// The Date field's value now.
  std::string_view date();

  void enter(site_member& member) { members_.push_back(member); }
  [[nodiscard]] bool draining() const noexcept { return draining_; }
  /// From now on requests are refused, and connections end with the answer they are at.
  void drain();
  void close_all();

private:
  using member_list =
    boost::intrusive::list<site_member, boost::intrusive::constant_time_size<false>>;
  /// Calls it for every member; a member may leave meanwhile, no other may.
  template <class Action>
  void for_each(Action action);

  member_list members_;
  http_date date_;
  bool draining_ = false;
};

} // namespace ccapi::http
