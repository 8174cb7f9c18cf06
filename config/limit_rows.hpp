#pragma once
// limit_rows: the schema's rows of [limits], for schema_table.cpp.

#include "config/row.hpp"

#include <array>

namespace ccapi::config {

inline constexpr auto limits = &settings::limits;

inline constexpr std::array limit_rows{
  number<limits, &limits_settings::connections_max>("limits.connections_max", 1, 1'000'000,
                                                    "connections", "Open client connections."),
  number<limits, &limits_settings::connections_per_address_max>(
    "limits.connections_per_address_max", 1, 1'000'000, "connections",
    "Open connections of one address; loopback is exempt."),
  number<limits, &limits_settings::requests_per_connection_max>(
    "limits.requests_per_connection_max", 1, 1'000'000'000, "requests",
    "Requests on one connection before it is closed."),
  number<limits, &limits_settings::request_line_bytes_max>(
    "limits.request_line_bytes_max", 256, 64 * kib, "bytes", "First line of a request."),
  number<limits, &limits_settings::header_bytes_max>("limits.header_bytes_max", kib, mib, "bytes",
                                                     "Whole head of a request."),
  number<limits, &limits_settings::header_fields_max>("limits.header_fields_max", 8, 10'000,
                                                      "fields", "Header fields of a request."),
  seconds<limits, &limits_settings::header_timeout>("limits.header_timeout_seconds", 10, hour_ms,
                                                    "Time to send the head of a request."),
  seconds<limits, &limits_settings::keep_alive_timeout>(
    "limits.keep_alive_timeout_seconds", 10, 24 * hour_ms,
    "Idle time between two requests of a connection."),
  number<limits, &limits_settings::body_bytes_max>("limits.body_bytes_max", kib, gib, "bytes",
                                                   "Body of a request."),
  number<limits, &limits_settings::bodies_bytes_max>(
    "limits.bodies_bytes_max", mib, 1024 * gib, "bytes",
    "Memory for the bodies of all requests together, each until its answer begins; 64 KiB of each "
    "connection are free. Beyond it: 503. Less than limits.body_bytes_max limits every body."),
  number<limits, &limits_settings::body_expansion_max>(
    "limits.body_expansion_max", 1, 100'000, "times",
    "Growth of an encoded body when it is decoded, beyond its first MiB."),
  seconds<limits, &limits_settings::body_idle_timeout>("limits.body_idle_timeout_seconds", 10,
                                                       hour_ms, "Longest pause inside a body."),
  number<limits, &limits_settings::body_rate_min>(
    "limits.body_bytes_per_second_min", 0, gib, "bytes per second",
    "Slowest acceptable body, on average after its first limits.body_idle_timeout_seconds."),
  number<limits, &limits_settings::json_depth_max>("limits.json_depth_max", 8, 1024, "levels",
                                                   "Nesting of a request's JSON."),
  number<limits, &limits_settings::json_values_max>("limits.json_values_max", 100, 10'000'000,
                                                    "values", "Values in a request's JSON."),
  number<limits, &limits_settings::messages_max>("limits.messages_max", 1, 100'000, "messages",
                                                 "Messages in a chat request."),
  number<limits, &limits_settings::tools_max>("limits.tools_max", 1, 10'000, "tools",
                                              "Tools in a chat request."),
  number<limits, &limits_settings::tools_bytes_max>(
    "limits.tools_bytes_max", kib, 16 * mib, "bytes",
    "Names, descriptions and schemas of a request's tools together, as the API gets them."),
  number<limits, &limits_settings::image_bytes_max>("limits.image_bytes_max", kib, 32 * mib,
                                                    "bytes", "Base64 of a picture."),
  number<limits, &limits_settings::image_pixels_max>("limits.image_pixels_max", 1, 100'000,
                                                     "pixels", "Longer side of a picture."),
  number<limits, &limits_settings::images_max>(
    "limits.images_max", 1, 100, "pictures",
    "Pictures and documents in a dialogue; beyond 100 the CLI drops the oldest silently."),
  number<limits, &limits_settings::document_bytes_max>("limits.document_bytes_max", kib, 32 * mib,
                                                       "bytes", "Base64 of a document."),
  number<limits, &limits_settings::schema_bytes_max>(
    "limits.schema_bytes_max", kib, 16 * mib, "bytes",
    "JSON schema of a response_format, without white space."),
  number<limits, &limits_settings::choices_max>(
    "limits.choices_max", 1, 128, "choices",
    "Choices of an answer (n), each of which is a turn with a process of its own."),
  number<limits, &limits_settings::answer_bytes_max>("limits.answer_bytes_max", kib, gib, "bytes",
                                                     "Answer that is collected before it is sent."),
  at_start(number<limits, &limits_settings::stream_buffer_bytes>(
    "limits.stream_buffer_bytes", 4 * kib, gib, "bytes",
    "Unsent part of a stream at which its process is made to wait for the client.")),
  seconds<limits, &limits_settings::write_stall_timeout>(
    "limits.write_stall_timeout_seconds", 10, hour_ms,
    "Time after which a client that takes nothing is given up."),
  seconds<limits, &limits_settings::stream_header_delay>(
    "limits.stream_header_delay_seconds", 0, hour_ms,
    "A stream's 200 is sent so long after a process got the question at the latest; failures "
    "before keep their HTTP status. A busy API that wants a longer wait: 429 or 503, retry-after."),
  seconds<limits, &limits_settings::stream_ping_interval>(
    "limits.stream_ping_interval_seconds", 10, hour_ms,
    "Pause in a stream after which a comment line is sent to keep it open."),
  number<limits, &limits_settings::queue_max>(
    "limits.queue_max", 1, 100'000, "requests",
    "Requests that may wait for a free process; API keys get equal shares of a full queue."),
  seconds<limits, &limits_settings::queue_timeout>("limits.queue_timeout_seconds", 10, hour_ms,
                                                   "Longest wait for a free process."),
  number<limits, &limits_settings::cli_line_bytes_max>("limits.cli_line_bytes_max", 4 * kib, gib,
                                                       "bytes", "One line from the CLI."),
  number<limits, &limits_settings::cli_stderr_bytes_max>(
    "limits.cli_stderr_bytes_max", kib, 16 * mib, "bytes",
    "Kept end of what a process writes to standard error."),
  seconds<limits, &limits_settings::drain_timeout>(
    "limits.drain_timeout_seconds", 10, 24 * hour_ms,
    "Time that running turns have to end after SIGTERM."),
};

} // namespace ccapi::config
