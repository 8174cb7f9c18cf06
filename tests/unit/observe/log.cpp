#include "observe/log.hpp"

#include "observe/stderr_sink.hpp"
#include "stderr_capture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <fcntl.h>
#include <limits>
#include <string>
#include <thread>
#include <vector>

namespace ccapi::observe {
namespace {

using test::stderr_of;
using test::stderr_redirect;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at));
    at = end == std::string::npos ? text.size() : end + 1;
  }
  return lines;
}

TEST(logger, text_line_has_time_level_sentence_and_fields) {
  const auto output = stderr_of([] {
    const logger log{log_level::info, log_format::text};
    log.info("gateway listens", {{"address", "127.0.0.1:8080"}, {"threads", 4}, {"ready", true}});
  });
  EXPECT_THAT(output, MatchesRegex("[0-9-]+T[0-9:.]+Z info gateway listens "
                                   "address=127.0.0.1:8080 threads=4 ready=true\n"));
}

TEST(logger, json_line_is_one_object_with_typed_fields) {
  const auto output = stderr_of([] {
    const logger log{log_level::info, log_format::json};
    log.warning("turn failed", {{"code", "timeout"},
                                {"status", 504},
                                {"bytes", std::uint64_t{18446744073709551615ULL}},
                                {"seconds", 0.25},
                                {"rate", std::numeric_limits<double>::infinity()},
                                {"retried", false}});
  });
  EXPECT_THAT(output,
              MatchesRegex("\\{\"time\":\"[0-9T:.-]+Z\",\"level\":\"warning\",\"msg\":\"turn "
                           "failed\",\"code\":\"timeout\",\"status\":504,"
                           "\"bytes\":18446744073709551615,\"seconds\":0.25,\"rate\":null,"
                           "\"retried\":false\\}\n"));
}

TEST(logger, time_is_shown_in_milliseconds_without_idle_zeros) {
  using std::chrono::microseconds;
  const auto output = stderr_of([] {
    const logger log{log_level::info, log_format::text};
    log.info("times", {{"a", microseconds{0}},
                       {"b", microseconds{7}},
                       {"c", microseconds{40}},
                       {"d", microseconds{1500}},
                       {"e", microseconds{812'345}},
                       {"f", microseconds{100'000'000}}});
  });
  EXPECT_THAT(output, HasSubstr("info times a=0 b=0.007 c=0.04 d=1.5 e=812.345 f=100000\n"));
}

TEST(logger, error_does_not_wait_for_lines_to_come) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  std::string output;
  {
    const stderr_redirect redirect{ends[1]};
    const logger log{log_level::info, log_format::text, std::chrono::hours{1}};
    log.info("first");
    log.error("second");
    std::array<char, 4096> block{};
    while (output.find("second") == std::string::npos) {
      const auto got = read(ends[0], block.data(), block.size());
      ASSERT_GT(got, 0);
      output.append(block.data(), static_cast<std::size_t>(got));
    }
  }
  close(ends[0]);
  close(ends[1]);
  EXPECT_THAT(output, MatchesRegex("[^ ]+ info first\n[^ ]+ error second\n"));
}

TEST(logger, end_does_not_wait_for_lines_to_come) {
  const auto output = stderr_of([] {
    const logger log{log_level::info, log_format::text, std::chrono::hours{1}};
    log.info("last");
  });
  EXPECT_THAT(output, HasSubstr("info last\n"));
}

TEST(stderr_sink, does_not_wait_where_lines_are_there_already) {
  const auto output = stderr_of([] {
    stderr_sink sink{std::chrono::hours{1}};
    int left = 20;
    sink.gather_while([&left] { return left > 0; });
    for (const std::string line(1000, 'x'); left-- > 0;)
      sink.log({spdlog::string_view_t{}, spdlog::level::info, line});
  });
  EXPECT_EQ(lines_of(output).size(), 20U);
}

TEST(logger, hostile_text_can_not_start_a_line_of_its_own) {
  for (const auto format : {log_format::text, log_format::json}) {
    const auto output = stderr_of([&] {
      const logger log{log_level::info, format};
      log.info("first\nsecond",
               {{"path", "/a\r\n2025-01-01T00:00:00Z info forged\x1b[2J\u2028x"}, {"name\n", "x"}});
    });
    EXPECT_EQ(lines_of(output).size(), 1U) << output;
    EXPECT_THAT(output, Not(HasSubstr("\x1b")));
    EXPECT_THAT(output, Not(HasSubstr("\u2028")));
    EXPECT_THAT(output, HasSubstr("\\u001b[2J\\u2028x"));
  }
}

TEST(logger, text_value_with_a_space_is_quoted_so_that_it_can_not_pose_as_a_field) {
  const auto output = stderr_of([] {
    const logger log{log_level::info, log_format::text};
    log.info("request ended", {{"path", "/x status=200"}, {"empty", ""}});
  });
  EXPECT_THAT(output, HasSubstr("path=\"/x status=200\" empty=\"\"\n"));
}

TEST(logger, long_value_is_cut) {
  const auto output = stderr_of([] {
    const logger log{log_level::info, log_format::json};
    log.info("request ended", {{"path", std::string(5000, 'a')}});
  });
  EXPECT_LT(output.size(), 700U);
  EXPECT_THAT(output, HasSubstr("a\u2026\"}"));
}

TEST(logger, lines_below_the_level_are_not_written) {
  const auto output = stderr_of([] {
    const logger log{log_level::warning, log_format::text};
    EXPECT_FALSE(log.enabled(log_level::info));
    EXPECT_TRUE(log.enabled(log_level::error));
    log.debug("one");
    log.info("two");
    log.warning("three");
    log.error("four");
  });
  EXPECT_THAT(output, Not(HasSubstr("one")));
  EXPECT_THAT(output, Not(HasSubstr("two")));
  EXPECT_THAT(output, HasSubstr("warning three\n"));
  EXPECT_THAT(output, HasSubstr("error four\n"));
}

TEST(logger, silent_ones_write_nothing_at_any_level) {
  const auto output = stderr_of([] {
    logger{}.error("unheard");
    logger{log_level::off, log_format::json}.error("unheard");
    EXPECT_FALSE((logger{log_level::off, log_format::text}.enabled(log_level::off)));
  });
  EXPECT_EQ(output, "");
}

TEST(logger, braces_in_a_sentence_are_no_format_string) {
  const auto output = stderr_of([] {
    logger{log_level::info, log_format::text}.info("got {} and {0:n} and %v");
  });
  EXPECT_THAT(output, HasSubstr("got {} and {0:n} and %v\n"));
}

TEST(logger, destroying_the_last_copy_writes_every_line_of_every_thread) {
  constexpr int lines_each = 1000;
  const auto output = stderr_of([&] {
    const logger log{log_level::info, log_format::text};
    std::vector<std::jthread> writers;
    for (int thread = 0; thread < 4; ++thread)
      writers.emplace_back([log, thread] {
        for (int i = 0; i < lines_each; ++i)
          log.info("line", {{"thread", thread}, {"number", i}});
      });
  });
  const auto lines = lines_of(output);
  EXPECT_EQ(lines.size(), 4U * lines_each);
  for (int thread = 0; thread < 4; ++thread)
    EXPECT_THAT(output, HasSubstr("thread=" + std::to_string(thread) + " number=999\n"));
}

TEST(logger, unread_pipe_stalls_no_writer_and_the_losses_are_told) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  std::string output;
  {
    const stderr_redirect redirect{ends[1]};
    close(ends[1]);
    std::jthread reader;
    {
      const logger log{log_level::info, log_format::text};
      // Far more than pipe and queue hold: returns only because lines are given up.
      for (int i = 0; i < 30'000; ++i)
        log.info("line", {{"number", i}});
      reader = std::jthread{[&] {
        std::array<char, 4096> block{};
        for (auto got = read(ends[0], block.data(), block.size()); got > 0;
             got = read(ends[0], block.data(), block.size()))
          output.append(block.data(), static_cast<std::size_t>(got));
      }};
    }
    close(STDERR_FILENO); // ends the reader; the redirect puts the real one back
    reader.join();
  }
  close(ends[0]);
  EXPECT_THAT(output, HasSubstr("warning logger dropped lines total="));
}

TEST(log_names, are_those_of_the_configuration) {
  EXPECT_EQ(level_from("warning"), log_level::warning);
  EXPECT_EQ(level_from("trace"), log_level::trace);
  EXPECT_EQ(level_from("loud"), std::nullopt);
  EXPECT_EQ(format_from("json"), log_format::json);
  EXPECT_EQ(format_from("xml"), std::nullopt);
}

} // namespace
} // namespace ccapi::observe
