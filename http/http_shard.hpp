#pragma once
// http_shard: what all connections of one I/O thread share.

#include "config/settings.hpp"
#include "domain/models/model_catalog.hpp"
#include "domain/turn/gateway.hpp"
#include "http/access/auth_failures.hpp"
#include "http/access/key_ring.hpp"
#include "http/access/middleware.hpp"
#include "http/answers/keyed_answers.hpp"
#include "http/answers/response.hpp"
#include "http/endpoints.hpp"
#include "http/wire/body_budget.hpp"
#include "http/wire/decoding_queue.hpp"
#include "media/image.hpp"
#include "media/loader.hpp"
#include "observe/log.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/intrusive/list.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace ccapi::http {

/// A connection in its shard's list; leaves the list when it is destroyed.
class shard_member : public boost::intrusive::list_base_hook<
                       boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
  virtual ~shard_member() = default;
  /// Closes if no request is in work; else after its answer.
  virtual void drain() = 0;
  virtual void close() = 0;
};

/// What requests are checked against and answered by, equal on all I/O threads.
struct shard_settings {
  config::limits_settings limits;
  config::cors_settings cors;
  bool echo_requested_model = false;
  bool lenient_content_type = false;
  bool strict_parameters = false;
  bool usage_cost = false; ///< answers tell their cost in the usage
  bool cache_enabled = false;
  std::uint32_t failures_per_minute_max = 0;
  std::shared_ptr<const domain::model_catalog> models; ///< never null
  std::shared_ptr<const key_ring> keys;                ///< never null
  std::shared_ptr<auth_failures> failures;             ///< never null
  std::shared_ptr<body_budget> bodies;                 ///< never null; the same as long as it runs
  std::shared_ptr<keyed_answers> answers;              ///< the same
  std::shared_ptr<media::loader> pictures;             ///< the same
  config::images_settings images;
  std::shared_ptr<const std::vector<std::string>> directories; ///< whose files may be read
};

/// Used on its I/O thread only. The gateway must outlive the connections.
class http_shard : public std::enable_shared_from_this<http_shard> {
public:
  using executor_type = boost::asio::io_context::executor_type;

  http_shard(executor_type executor, domain::gateway& gateway, const http::dialects& dialects,
             host_allow_list hosts, shard_settings settings, std::string version,
             observe::logger log);
  ~http_shard();
  http_shard(const http_shard&) = delete;
  http_shard& operator=(const http_shard&) = delete;

  const executor_type executor; ///< of its I/O thread
  domain::gateway& gateway;
  const http::dialects dialects;
  const std::string version;
  const observe::logger log;
  const std::string openapi; ///< the body of GET /openapi.json

  [[nodiscard]] const shard_settings& settings() const noexcept { return settings_; }
  [[nodiscard]] const config::limits_settings& limits() const noexcept { return settings_.limits; }
  [[nodiscard]] const host_allow_list& hosts(bool unix_socket) const noexcept {
    return unix_socket ? unix_socket_hosts_ : hosts_;
  }
  [[nodiscard]] const domain::model_catalog& models() const noexcept { return *settings_.models; }
  /// The body of a list of all models, made once; valid until `reconfigure`.
  std::string_view model_list(const dialect::protocol& dialect);
  /// What a dialect's parser makes of a body.
  template <class Parsed>
  domain::result<Parsed> parse(dialect::parser<Parsed> parser, json::padded_text body,
                               const media::loaded_pictures* pictures = nullptr) {
    auto parsed = parser(*reader_, body,
                         {.models = models(),
                          .messages_max = limits().messages_max,
                          .tools_max = limits().tools_max,
                          .tools_bytes_max = limits().tools_bytes_max,
                          .image_bytes_max = limits().image_bytes_max,
                          .image_pixels_max = limits().image_pixels_max,
                          .images_max = limits().images_max,
                          .document_bytes_max = limits().document_bytes_max,
                          .schema_bytes_max = limits().schema_bytes_max,
                          .choices_max = limits().choices_max,
                          .usage_cost = settings_.usage_cost,
                          .pictures = pictures,
                          .pictures_bytes_max = limits().body_bytes_max});
    trim_reader();
    return parsed;
  }
  [[nodiscard]] decoding_queue& decoding() noexcept { return decoding_; }

  /// Other settings from the next request on. Never call it from inside a handler.
  void reconfigure(host_allow_list hosts, shard_settings settings);
  /// The Date field's value now.
  std::string_view date();

  /// Of an answer that begins; for /stats. `found`: null where the request leads nowhere.
  void count_answer(unsigned status, const endpoint* found);

  void enter(shard_member& member) { members_.push_back(member); }
  [[nodiscard]] bool draining() const noexcept { return draining_; }
  /// From now on requests are refused, and connections end with the answer they are at.
  void drain();
  void close_all();

private:
  using member_list =
    boost::intrusive::list<shard_member, boost::intrusive::constant_time_size<false>>;
  /// Calls it for every member. Any may leave meanwhile.
  template <class Action>
  void for_each(Action action);
  void trim_reader();

  host_allow_list hosts_;
  host_allow_list unix_socket_hosts_;
  shard_settings settings_;
  std::map<const dialect::protocol*, std::string> model_lists_; ///< of these settings
  std::unique_ptr<json::reader> reader_;
  member_list members_;
  decoding_queue decoding_;
  http_date date_;
  bool draining_ = false;
};

} // namespace ccapi::http
