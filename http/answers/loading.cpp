#include "http/answers/loading.hpp"

#include "http/answers/reply.hpp"
#include "http/http_shard.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

namespace ccapi::http {

namespace {

using clock = std::chrono::steady_clock;

/// Beyond the deadline that the loader keeps: an address that is looked up takes what time it
/// takes.
constexpr std::chrono::seconds patience{1};

domain::error took_too_long() {
  return {.code = domain::error_code::server_busy,
          .message = "The pictures that 'messages' names could not be loaded within "
                     "images.timeout_seconds.",
          .param = "messages"};
}

class loading final : public answer,
                      public shard_member,
                      public std::enable_shared_from_this<loading> {
public:
  loading(exchange& client, with_pictures then)
    : shard_{client.shard().shared_from_this()},
      client_{&client},
      body_{std::move(client.request().body)},
      then_{std::move(then)},
      timer_{shard_->executor} {}

  /// False: too many wait.
  bool start(media::load_order&& order) {
    timer_.expires_at(order.deadline + patience);
    order.done = [home = shard_->executor, waiting = weak_from_this()](auto&& loaded) {
      try {
        boost::asio::post(home, [waiting, loaded = std::forward<decltype(loaded)>(loaded)] {
          if (const auto self = waiting.lock())
            self->go_on(loaded);
        });
      } catch (const std::bad_alloc&) { // the timer tells the client
      }
    };
    ticket_ = shard_->settings().pictures->load(std::move(order));
    if (!ticket_)
      return false;
    shard_->enter(*this);
    timer_.async_wait([waiting = weak_from_this()](const boost::system::error_code& stopped) {
      const auto self = waiting.lock();
      if (self && !stopped)
        self->refuse([](exchange& to) { reply_error(to, took_too_long()); });
    });
    return true;
  }

  [[nodiscard]] body_buffer take_body() { return std::move(body_); }

  // shard_member
  void drain() override {
    refuse([](exchange& to) { reply_problem(to, server_draining); });
  }
  void close() override {}

  // answer
  void on_written() override {}
  void on_wake() override {}
  void on_gone() override {
    client_ = nullptr;
    ticket_.reset();
  }

private:
  void go_on(const media::loaded_pictures& loaded) {
    end([&](exchange& client) {
      client.request().body = std::move(body_);
      // Less than was held for what might have come.
      static_cast<void>(client.hold_memory(client.request().body.capacity() + bytes_of(loaded)));
      then_(client, loaded);
    });
  }

  void refuse(void (*reply)(exchange&)) {
    end([&](exchange& client) { reply(client); });
  }

  template <class Step>
  void end(Step step) {
    const auto self = shared_from_this(); // the exchange lets go of it
    auto* const client = std::exchange(client_, nullptr);
    if (!client)
      return;
    ticket_.reset();
    timer_.cancel();
    client->guarded([&] { step(*client); });
  }

  const std::shared_ptr<http_shard> shard_;
  exchange* client_; ///< null: answered, or gone
  body_buffer body_;
  const with_pictures then_;
  boost::asio::steady_timer timer_;
  std::unique_ptr<media::loader::ticket> ticket_;
};

media::source_rules rules_for(exchange& client) {
  const auto& settings = client.shard().settings();
  const auto& own = client.request().caller.directories;
  return {.allowed_hosts = settings.images.allowed_hosts,
          .private_hosts = settings.images.private_hosts,
          .directories = own ? *own : *settings.directories};
}

} // namespace

std::size_t bytes_of(const media::loaded_pictures& loaded) noexcept {
  std::size_t sum = 0;
  for (const auto& [name, picture] : loaded)
    sum += picture ? picture->block.base64->size() : 0;
  return sum;
}

void load_pictures(exchange& client, std::vector<std::string> names, with_pictures then) {
  auto& shard = client.shard();
  if (shard.draining()) // nobody would tell it any more
    return reply_problem(client, server_draining);
  const auto& limits = shard.limits();
  const auto& images = shard.settings().images;
  const auto body = client.request().body.capacity();
  // Counted as base64, as they would stand in the body.
  const auto all = std::max(body, shard.settings().bodies->bytes_max());
  const auto most =
    std::min({limits.body_bytes_max, names.size() * limits.image_bytes_max, all - body});
  if (!client.hold_memory(body + most))
    return reply_problem(client, bodies_full, {}, std::chrono::seconds{1});
  media::load_order order{
    .names = std::move(names),
    .rules = rules_for(client),
    .access = {.connect_timeout = images.connect_timeout,
               .ca_file = images.ca_file,
               .user_agent = "claude-code-api/" + shard.version},
    .images = {.base64_bytes_max = limits.image_bytes_max, .pixels_max = limits.image_pixels_max},
    .bytes_max = most / 4 * 3,
    .deadline = clock::now() + images.timeout};
  const auto waiting = std::make_shared<loading>(client, std::move(then));
  if (!waiting->start(std::move(order))) {
    client.request().body = waiting->take_body();
    return reply_problem(client, pictures_waiting, {}, std::chrono::seconds{1});
  }
  client.work_on(waiting);
}

} // namespace ccapi::http
