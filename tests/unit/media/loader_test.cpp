// Pictures that are loaded: from files, and never from where nobody may look.

#include "media/base64.hpp"
#include "media/fetch.hpp"
#include "media/loader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <netinet/in.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace ccapi::media {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr std::string_view dot =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
  "gg==";

class loading : public testing::Test {
protected:
  loading() {
    std::string name = fs::temp_directory_path() / "ccapi-pictures-XXXXXX";
    root_ = mkdtemp(name.data());
    fs::create_directories(root_ / "in/deep");
    fs::create_directories(root_ / "out");
    write("in/a.png", decoded(dot).value_or(""));
    write("in/deep/b.png", decoded(dot).value_or(""));
    write("out/secret.png", decoded(dot).value_or(""));
  }
  ~loading() override { fs::remove_all(root_); }

  void write(const std::string& name, const std::string& bytes) const {
    std::ofstream{root_ / name, std::ios::binary} << bytes;
  }
  [[nodiscard]] std::string at(const std::string& name) const { return root_ / name; }

  [[nodiscard]] load_order order(std::vector<std::string> names) const {
    return {.names = std::move(names),
            .rules = {.allowed_hosts = {"*"}, .directories = {at("in")}},
            .bytes_max = std::size_t{1} << 20,
            .deadline = std::chrono::steady_clock::now() + 30s};
  }

  loaded_pictures load(load_order wanted) {
    std::promise<loaded_pictures> all;
    wanted.done = [&](loaded_pictures&& loaded) { all.set_value(std::move(loaded)); };
    const auto ticket = loader_.load(std::move(wanted));
    return ticket ? all.get_future().get() : loaded_pictures{};
  }

  /// What came of it: "ok", or why not.
  std::string outcome(const std::string& name) {
    const auto loaded = load(order({name}));
    const auto found = loaded.find(name);
    if (found == loaded.end())
      return "nothing";
    return found->second ? "ok" : found->second.error().message;
  }

  fs::path root_;
  loader loader_{{.threads_max = 2, .waiting_max = 8}};
};

TEST_F(loading, gives_pictures_by_their_names) {
  const auto loaded = load(order({at("in/a.png"), "file://" + at("in/deep/b.png")}));
  ASSERT_EQ(loaded.size(), 2U);
  for (const auto& [name, picture] : loaded) {
    ASSERT_TRUE(picture) << name;
    EXPECT_EQ(*picture->block.base64, dot);
    EXPECT_EQ(picture->block.media_type, "image/png");
  }
}

TEST_F(loading, reads_nothing_outside_and_nothing_but_files) {
  fs::create_symlink(root_ / "out/secret.png", root_ / "in/link.png");
  fs::create_symlink(root_ / "in/a.png", root_ / "in/inner_link.png");
  fs::create_symlink(root_ / "out", root_ / "in/way");
  fs::create_symlink("/proc/self", root_ / "in/self");
  ASSERT_EQ(mkfifo(at("in/pipe").c_str(), 0600), 0);
  for (const auto name : {"in/link.png", "in/inner_link.png", "in/way/secret.png",
                          "in/self/environ", "in/pipe", "in/deep", "in/absent.png", "in/a.png/x"})
    EXPECT_EQ(outcome(at(name)), "can't be read, or is no file") << name;
  for (const auto name : {"out/secret.png", "in", "inside.png"})
    EXPECT_THAT(outcome(at(name)), HasSubstr("outside the directories")) << name;
  for (const auto name : {"/etc/passwd", "/proc/self/environ", "/dev/zero"})
    EXPECT_THAT(outcome(name), HasSubstr("outside the directories")) << name;
  write("in/text.png", "root:x:0:0");
  EXPECT_THAT(outcome(at("in/text.png")), HasSubstr("must be of type"));
}

TEST_F(loading, keeps_to_the_limits) {
  auto small = order({at("in/a.png")});
  small.images.base64_bytes_max = 80;
  EXPECT_THAT(load(std::move(small)).at(at("in/a.png")).error().message,
              HasSubstr("limits.image_bytes_max"));
  auto together = order({at("in/a.png"), at("in/deep/b.png")});
  together.bytes_max = 71;
  loader one{{.threads_max = 1, .waiting_max = 1}};
  std::promise<loaded_pictures> all;
  together.done = [&](loaded_pictures&& loaded) { all.set_value(std::move(loaded)); };
  const auto ticket = one.load(std::move(together));
  ASSERT_TRUE(ticket) << "an order alone is never too large";
  const auto loaded = all.get_future().get();
  EXPECT_TRUE(loaded.at(at("in/a.png")));
  EXPECT_FALSE(loaded.at(at("in/deep/b.png")));
  auto late = order({at("in/a.png")});
  late.deadline = std::chrono::steady_clock::now() - 1s;
  EXPECT_EQ(load(std::move(late)).at(at("in/a.png")).error().code, domain::error_code::server_busy);
}

TEST_F(loading, loads_nothing_of_an_order_with_a_fault) {
  const auto loaded = load(order({at("in/a.png"), "a.png", "/etc/passwd"}));
  EXPECT_EQ(loaded.size(), 2U);
  EXPECT_FALSE(loaded.contains(at("in/a.png")));
}

TEST_F(loading, does_nothing_for_whoever_left) {
  auto wanted = order({at("in/a.png")});
  bool told = false;
  wanted.done = [&](loaded_pictures&&) { told = true; };
  loader_.stop();
  EXPECT_FALSE(loader_.load(std::move(wanted)));
  EXPECT_FALSE(told);
}

TEST_F(loading, takes_no_more_than_may_wait) {
  loader full{{.threads_max = 1, .waiting_max = 2}};
  std::promise<void> go_on;
  std::promise<void> busy;
  auto first = order({at("in/a.png")});
  first.done = [&](loaded_pictures&&) {
    busy.set_value();
    go_on.get_future().wait();
  };
  const auto held = full.load(std::move(first));
  busy.get_future().wait();
  std::vector<std::unique_ptr<loader::ticket>> tickets;
  const auto more = [&](std::vector<std::string> names) {
    auto wanted = order(std::move(names));
    wanted.done = [](loaded_pictures&&) {};
    tickets.push_back(full.load(std::move(wanted)));
    return tickets.back() != nullptr;
  };
  EXPECT_TRUE(more({at("in/a.png")}));
  EXPECT_FALSE(more({at("in/a.png"), at("in/deep/b.png")}));
  EXPECT_TRUE(more({at("in/deep/b.png")}));
  EXPECT_FALSE(more({at("in/a.png")}));
  tickets.clear(); // who leaves gives his places back
  EXPECT_TRUE(more({at("in/a.png"), at("in/deep/b.png")}));
  go_on.set_value();
}

TEST_F(loading, asks_no_address_that_is_not_public) {
  const std::atomic<bool> wanted{false};
  for (const auto url :
       {"http://127.0.0.1/", "http://localhost/", "http://0/", "http://0.0.0.0/", "http://127.1/",
        "http://2130706433/", "http://0x7f000001/", "http://0177.0.0.1/", "http://[::1]/",
        "http://[::]/", "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/",
        "http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/", "http://192.168.1.1/",
        "http://[fe80::1]/", "http://[fd00::1]/", "http://[64:ff9b::7f00:1]/"}) {
    const auto source = source_of(url);
    ASSERT_TRUE(source) << url;
    const auto got = fetch(
      *source, {.allowed_hosts = {"*"}}, {},
      {.bytes_max = 1000, .deadline = std::chrono::steady_clock::now() + 10s, .given_up = wanted});
    ASSERT_FALSE(got) << url;
    EXPECT_EQ(got.error().message, "could not be fetched") << url;
    EXPECT_THAT(got.error().detail, HasSubstr("address")) << url;
  }
}

/// A port whose queue of connections is full: a further one hears nothing.
class full_port {
public:
  full_port() {
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof where;
    auto* const name = reinterpret_cast<sockaddr*>(&where);
    EXPECT_EQ(bind(listening_, name, size), 0);
    EXPECT_EQ(listen(listening_, 0), 0);
    EXPECT_EQ(getsockname(listening_, name, &size), 0);
    number = ntohs(where.sin_port);
    for (const int each : waiting_)
      connect(each, name, size);
  }
  ~full_port() {
    close(listening_);
    for (const int each : waiting_)
      close(each);
  }
  full_port(const full_port&) = delete;
  full_port& operator=(const full_port&) = delete;

  std::uint16_t number = 0;

private:
  static int tcp(int flags) { return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0); }
  int listening_ = tcp(0);
  std::array<int, 4> waiting_{tcp(SOCK_NONBLOCK), tcp(SOCK_NONBLOCK), tcp(SOCK_NONBLOCK),
                              tcp(SOCK_NONBLOCK)};
};

TEST_F(loading, takes_no_longer_to_connect_than_it_may) {
  const full_port port;
  const auto host = "127.0.0.1:" + std::to_string(port.number);
  auto wanted = order({"http://" + host + "/a.png"});
  wanted.rules.private_hosts = {host};
  wanted.access.connect_timeout = 100ms;
  const auto begin = std::chrono::steady_clock::now();
  const auto loaded = load(std::move(wanted));
  ASSERT_EQ(loaded.size(), 1U);
  EXPECT_EQ(loaded.begin()->second.error().message, "could not be fetched");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s) << "the default is 3 s";
}

} // namespace
} // namespace ccapi::media
