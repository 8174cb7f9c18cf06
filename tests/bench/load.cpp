// load: a closed-loop load generator. Each line of standard input orders one slice; the answer is a
// line of JSON. Connections and conversations live on between the slices of a name.
// Order: name=A port=P pid=N scenario=turn connections=1 ms=250 requests=0 turns=50

#include "load_client.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <exception>
#include <map>
#include <memory>
#include <poll.h>
#include <sstream>
#include <stdexcept>
#include <string>
#include <unistd.h>
#include <vector>

namespace bench {

namespace {

using namespace std::chrono_literals;

constexpr int answer_timeout_ms = 20'000;
/// Turns of a new conversation that do not count: its process starts and grows warm.
constexpr std::size_t opening_turns = 5;

struct order {
  std::string name = "server";
  std::uint16_t port = 0;
  int pid = 0; ///< whose CPU time is reported; 0: nobody's
  scenario what = scenario::health;
  std::size_t connections = 1;
  std::chrono::milliseconds span = 0ms; ///< measured time; 0: until `requests`
  std::size_t requests = 0;             ///< measured requests; 0: until `span`
  std::size_t turns = 50;               ///< a conversation's length, its opening turns included
};

std::size_t number(const std::string& text) {
  std::size_t value = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc{})
    throw std::runtime_error{"not a number: " + text};
  return value;
}

order parse(const std::string& line) {
  order read;
  std::istringstream words{line};
  for (std::string word; words >> word;) {
    const auto equals = word.find('=');
    const auto key = word.substr(0, equals);
    const auto value = equals == std::string::npos ? std::string{} : word.substr(equals + 1);
    if (key == "name")
      read.name = value;
    else if (key == "port")
      read.port = static_cast<std::uint16_t>(number(value));
    else if (key == "pid")
      read.pid = static_cast<int>(number(value));
    else if (key == "scenario")
      read.what = value == "health"    ? scenario::health
                  : value == "keyed"   ? scenario::keyed
                  : value == "refused" ? scenario::refused
                  : value == "cached"  ? scenario::cached
                  : value == "turn"    ? scenario::turn
                  : value == "stream"  ? scenario::stream
                                       : scenario::paced;
    else if (key == "connections")
      read.connections = number(value);
    else if (key == "ms")
      read.span = std::chrono::milliseconds{number(value)};
    else if (key == "requests")
      read.requests = number(value);
    else if (key == "turns")
      read.turns = number(value);
    else
      throw std::runtime_error{"unknown key: " + key};
  }
  return read;
}

/// CPU time of all threads of a process so far.
std::chrono::nanoseconds cpu_time(int pid) {
  clockid_t id{};
  timespec now{};
  if (pid == 0 || clock_getcpuclockid(pid, &id) != 0 || clock_gettime(id, &now) != 0)
    return 0ns;
  return std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec};
}

double microseconds(clock::duration span) {
  return std::chrono::duration<double, std::micro>(span).count();
}

double percentile(std::vector<double>& values, double share) {
  if (values.empty())
    return 0;
  const auto at = static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + at, values.end());
  return values[static_cast<std::size_t>(at)];
}

struct figures {
  std::vector<double> latency, first_text;
  clock::duration span{};
  std::chrono::nanoseconds cpu{};
};

/// One server under load, over all slices that name it.
class target {
public:
  explicit target(const order& first)
    : name_{first.name} {
    for (std::size_t i = 0; i < first.connections; ++i)
      clients_.push_back(std::make_unique<load_client>(first.port));
    conversations_.resize(first.connections);
    asked_.resize(first.connections);
  }

  figures slice(const order& what) {
    figures sum;
    while ((what.requests == 0 || sum.latency.size() < what.requests)
           && (what.span == 0ms || sum.span < what.span)) {
      if (is_chat(what.what) && turns_used_ >= what.turns)
        open_conversations(what.turns);
      measure(what, sum);
    }
    return sum;
  }

private:
  struct window {
    scenario what;
    std::size_t completions;    ///< ends after so many in all,
    std::size_t each;           ///< or after so many of each client (0: no limit),
    clock::time_point deadline; ///< or at this time
    figures* into = nullptr;
  };

  void open_conversations(std::size_t turns) {
    ++generation_;
    for (std::size_t i = 0; i < clients_.size(); ++i)
      conversations_[i] = name_ + '-' + std::to_string(getpid()) + '-' + std::to_string(generation_)
                          + '-' + std::to_string(i);
    const auto count = std::min(opening_turns, turns);
    run({scenario::turn, count * clients_.size(), count, clock::time_point::max()});
    turns_used_ = count;
  }

  void measure(const order& what, figures& sum) {
    window now{what.what, std::size_t(-1), 0, clock::time_point::max(), &sum};
    if (what.span > 0ms)
      now.deadline = clock::now() + (what.span - sum.span);
    if (what.requests > 0)
      now.completions = what.requests - sum.latency.size();
    if (is_chat(what.what))
      now.completions = std::min(now.completions, std::max<std::size_t>(what.turns - turns_used_, 1)
                                                    * clients_.size());
    const auto begun_cpu = cpu_time(what.pid);
    const auto begun = clock::now();
    const auto before = sum.latency.size();
    // What is still under way at the end is waited for, but not counted.
    run(now, [&] {
      sum.span += clock::now() - begun;
      sum.cpu += cpu_time(what.pid) - begun_cpu;
    });
    if (is_chat(what.what))
      turns_used_ += (sum.latency.size() - before) / clients_.size() + 1;
  }

  void run(const window& now) {
    run(now, [] {});
  }

  /// Keeps every client asking until the window ends, then waits for the last answers.
  template <class Ended>
  void run(const window& now, Ended ended) {
    std::vector<pollfd> watched(clients_.size());
    std::fill(asked_.begin(), asked_.end(), 0);
    std::size_t under_way = 0, done = 0;
    bool open = true;
    const auto ask = [&](std::size_t i) {
      watched[i].fd = -1;
      if (!open || (now.each > 0 && asked_[i] >= now.each))
        return;
      ++asked_[i];
      clients_[i]->ask(now.what, conversations_[i], ++number_);
      watched[i] = {clients_[i]->descriptor(), POLLIN, 0};
      ++under_way;
    };
    for (std::size_t i = 0; i < clients_.size(); ++i)
      ask(i);
    while (under_way > 0) {
      if (poll(watched.data(), watched.size(), answer_timeout_ms) <= 0)
        throw std::runtime_error{"no answer in time"};
      for (std::size_t i = 0; i < clients_.size(); ++i) {
        if (watched[i].fd < 0 || watched[i].revents == 0 || !clients_[i]->on_readable())
          continue;
        --under_way;
        if (open && now.into) {
          now.into->latency.push_back(microseconds(clients_[i]->took()));
          now.into->first_text.push_back(microseconds(clients_[i]->first_text_took()));
        }
        if (open && (++done >= now.completions || clock::now() >= now.deadline)) {
          open = false;
          ended();
        }
        ask(i);
      }
    }
  }

  std::string name_;
  std::vector<std::unique_ptr<load_client>> clients_;
  std::vector<std::string> conversations_;
  std::vector<std::size_t> asked_;
  std::size_t turns_used_ = std::size_t(-1); ///< of the present conversations
  std::uint64_t generation_ = 0;
  std::uint64_t number_ = 0;
};

void print(figures& what) {
  const auto requests = what.latency.size();
  const auto seconds = std::chrono::duration<double>(what.span).count();
  const auto cpu = std::chrono::duration<double, std::micro>(what.cpu).count();
  std::printf("{\"requests\":%zu,\"seconds\":%.6f,\"p50\":%.2f,\"p99\":%.2f,\"first_p50\":%.2f,"
              "\"first_p99\":%.2f,\"cpu_us\":%.1f}\n",
              requests, seconds, percentile(what.latency, 0.5), percentile(what.latency, 0.99),
              percentile(what.first_text, 0.5), percentile(what.first_text, 0.99), cpu);
  std::fflush(stdout);
}

int serve() {
  std::map<std::string, target> targets;
  std::array<char, 512> line{};
  while (std::fgets(line.data(), line.size(), stdin) != nullptr) {
    const auto what = parse(line.data());
    auto figures = targets.try_emplace(what.name, what).first->second.slice(what);
    print(figures);
  }
  return 0;
}

} // namespace

} // namespace bench

int main() {
  try {
    return bench::serve();
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "bench_load: %s\n", failure.what());
    return 1;
  }
}
