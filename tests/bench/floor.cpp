// The floor: the least that any gateway of this kind does. Beast in front, one warm child per slot
// behind, one thread, byte matching in between; no checks, no JSON parser, no log, no limits.
// Usage: bench_floor FAKE_CLAUDE [CHILDREN]; prints its port.

#include "claude/launch.hpp"

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <fcntl.h>
#include <memory>
#include <optional>
#include <spawn.h>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <vector>

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using executor = asio::io_context::executor_type;
using tcp_socket = asio::basic_stream_socket<asio::ip::tcp, executor>;
using tcp_acceptor = asio::basic_socket_acceptor<asio::ip::tcp, executor>;
using pipe_end = asio::posix::basic_stream_descriptor<executor>;

[[noreturn]] void give_up(const char* what) {
  std::perror(what);
  std::exit(1);
}

/// The bytes between `before` and the next quote; the load generator sends nothing escaped.
std::string_view value_behind(std::string_view text, std::string_view before) {
  const auto found = text.find(before);
  if (found == std::string_view::npos)
    return {};
  const auto begin = found + before.size();
  return text.substr(begin, text.find('"', begin) - begin);
}

/// Who waits for a turn's answer.
class asker {
public:
  virtual ~asker() = default;
  /// A delta, still in its JSON escapes.
  virtual void on_text(std::string_view escaped) = 0;
  /// The readable lines are used up.
  virtual void on_pause() = 0;
  virtual void on_end() = 0;
};

/// One CLI child. Turns that come while one runs wait in order.
class child {
public:
  child(asio::io_context& loop, const std::string& program)
    : in_{loop},
      out_{loop} {
    int to[2], from[2];
    if (pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0)
      give_up("pipe2");
    auto words = ccapi::claude::arguments({.model = "sonnet"});
    if (!words)
      give_up("arguments");
    words->insert(words->begin(), program);
    std::vector<char*> argv;
    for (auto& word : *words)
      argv.push_back(word.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, to[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, from[1], STDOUT_FILENO);
    pid_t pid = 0;
    if (posix_spawn(&pid, program.c_str(), &actions, nullptr, argv.data(), environ) != 0)
      give_up("posix_spawn");
    posix_spawn_file_actions_destroy(&actions);
    close(to[0]);
    close(from[1]);
    in_.assign(to[1]);
    out_.assign(from[0]);
    read();
  }

  void ask(std::string_view text, std::shared_ptr<asker> from) {
    std::string line = R"({"type":"user","uuid":"00000000-0000-4000-8000-000000000000",)"
                       R"("message":{"role":"user","content":[{"type":"text","text":")";
    line += text;
    line += "\"},{\"type\":\"text\",\"text\":\"\"}]}}\n";
    waiting_.push_back({std::move(from), std::move(line)});
    if (waiting_.size() == 1)
      write_first();
  }

private:
  struct turn {
    std::shared_ptr<asker> from;
    std::string line;
  };

  void write_first() {
    error_code failure;
    asio::write(in_, asio::buffer(waiting_.front().line), failure);
    if (failure)
      give_up("write to the child");
  }

  void read() {
    out_.async_read_some(asio::buffer(buffer_.data() + filled_, buffer_.size() - filled_),
                         [this](const error_code& failure, std::size_t count) {
                           if (failure)
                             give_up("read from the child");
                           filled_ += count;
                           take_lines();
                           read();
                         });
  }

  void take_lines() {
    std::string_view rest{buffer_.data(), filled_};
    for (auto end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
      if (!waiting_.empty())
        take(rest.substr(0, end));
      rest.remove_prefix(end + 1);
    }
    if (!waiting_.empty())
      waiting_.front().from->on_pause();
    filled_ = rest.copy(buffer_.data(), rest.size());
  }

  void take(std::string_view line) {
    constexpr std::string_view delta = R"({"type":"stream_event","event":{"type":)"
                                       R"("content_block_delta","index":0,"delta":{)"
                                       R"("type":"text_delta","text":")";
    constexpr std::string_view other_event = R"({"type":"stream_event")";
    if (line.starts_with(delta)) {
      line.remove_prefix(delta.size());
      waiting_.front().from->on_text(line.substr(0, line.find(R"("}})")));
    } else if (!line.starts_with(other_event)
               && line.find(R"("type":"result")") != std::string_view::npos) {
      const auto done = std::move(waiting_.front().from);
      waiting_.pop_front();
      done->on_end();
      if (!waiting_.empty())
        write_first();
    }
  }

  pipe_end in_;
  pipe_end out_;
  std::deque<turn> waiting_;
  std::array<char, 64 << 10> buffer_;
  std::size_t filled_ = 0;
};

/// One client; belongs to one child.
class connection final : public asker, public std::enable_shared_from_this<connection> {
public:
  connection(tcp_socket socket, child& behind)
    : socket_{std::move(socket)},
      child_{behind} {
    socket_.set_option(asio::ip::tcp::no_delay{true});
  }

  void read() {
    request_ = {};
    http::async_read(socket_, input_, request_,
                     [self = shared_from_this()](const error_code& failure, std::size_t) {
                       if (!failure)
                         self->handle();
                     });
  }

  void on_text(std::string_view escaped) override {
    if (!streams_) {
      text_ += escaped;
      return;
    }
    text_ += R"(data: {"id":"chatcmpl-floor","object":"chat.completion.chunk","created":1,)"
             R"("model":"sonnet","choices":[{"index":0,"delta":{"content":")";
    text_ += escaped;
    text_ += "\"},\"logprobs\":null,\"finish_reason\":null}]}\n\n";
  }

  void on_pause() override {
    if (streams_ && !writing_ && !text_.empty())
      write_chunk();
  }

  void on_end() override {
    if (streams_) {
      text_ +=
        "data: {\"id\":\"chatcmpl-floor\",\"object\":\"chat.completion.chunk\",\"created\":1,"
        "\"model\":\"sonnet\",\"choices\":[{\"index\":0,\"delta\":{},\"logprobs\":null,"
        "\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
      ended_ = true;
      return on_pause();
    }
    auto body = R"({"id":"chatcmpl-floor","object":"chat.completion","created":1,"model":"sonnet",)"
                R"("choices":[{"index":0,"message":{"role":"assistant","content":")"
                + text_
                + R"("},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":71,)"
                  R"("completion_tokens":53,"total_tokens":124}})";
    reply(std::move(body), "application/json");
  }

private:
  void handle() {
    if (request_.method() == http::verb::get)
      return reply("OK", "text/plain");
    text_.clear();
    ended_ = head_sent_ = false;
    streams_ = request_.body().find(R"("stream":true)") != std::string::npos;
    child_.ask(value_behind(request_.body(), R"("content":")"), shared_from_this());
  }

  void reply(std::string body, const char* type) {
    response_ = {};
    response_.set(http::field::content_type, type);
    response_.body() = std::move(body);
    response_.prepare_payload();
    http::async_write(socket_, response_,
                      [self = shared_from_this()](const error_code& failure, std::size_t) {
                        if (!failure)
                          self->read();
                      });
  }

  void write_chunk() {
    output_.clear();
    if (!std::exchange(head_sent_, true))
      output_ = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
                "transfer-encoding: chunked\r\n\r\n";
    std::array<char, 16> size{};
    const auto end = std::to_chars(size.data(), size.data() + size.size(), text_.size(), 16).ptr;
    output_.append(size.data(), end);
    output_ += "\r\n";
    output_ += text_;
    output_ += ended_ ? "\r\n0\r\n\r\n" : "\r\n";
    text_.clear();
    writing_ = true;
    asio::async_write(socket_, asio::buffer(output_),
                      [self = shared_from_this()](const error_code& failure, std::size_t) {
                        self->writing_ = false;
                        if (!failure)
                          self->on_written();
                      });
  }

  void on_written() {
    if (!text_.empty())
      write_chunk();
    else if (ended_)
      read();
  }

  tcp_socket socket_;
  child& child_;
  boost::beast::flat_buffer input_;
  http::request<http::string_body> request_;
  http::response<http::string_body> response_;
  std::string text_;
  std::string output_;
  bool streams_ = false;
  bool head_sent_ = false;
  bool writing_ = false;
  bool ended_ = false;
};

/// Children in turn: eight new connections get eight different ones.
void accept(tcp_acceptor& acceptor, std::deque<child>& children, std::size_t next) {
  acceptor.async_accept([&acceptor, &children, next](const error_code& failure, tcp_socket socket) {
    if (!failure)
      std::make_shared<connection>(std::move(socket), children[next])->read();
    accept(acceptor, children, (next + 1) % children.size());
  });
}

} // namespace

int main(int argc, char** argv) {
  if (argc < 2)
    return 2;
  asio::io_context loop{1};
  std::deque<child> children;
  for (int count = argc > 2 ? std::atoi(argv[2]) : 1; count > 0; --count)
    children.emplace_back(loop, argv[1]);
  tcp_acceptor acceptor{loop, {asio::ip::address_v4::loopback(), 0}};
  std::printf("%u\n", unsigned{acceptor.local_endpoint().port()});
  std::fflush(stdout);
  accept(acceptor, children, 0);
  loop.run();
}
