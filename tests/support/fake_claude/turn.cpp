#include "turn.hpp"

#include "domain/ids.hpp"
#include "standin/javascript.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <utility>

namespace fake_claude {

using ccapi::standin::block;
using ccapi::standin::part;

namespace {

std::vector<std::string> fixture_lines(std::string_view name) {
  const char* folder = std::getenv("ANTHROPIC_FAKE_FIXTURES");
  std::ifstream file{(folder != nullptr ? std::string{folder} + '/' : std::string{})
                     + std::string{name}};
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);)
    lines.push_back(line + '\n');
  return lines;
}

/// As the API streams arguments: an empty piece, then the rest.
std::vector<std::string> argument_pieces(const std::string& text) {
  constexpr std::size_t piece = 7;
  std::vector<std::string> pieces{""};
  for (std::size_t at = 0; at < text.size(); at += piece)
    pieces.push_back(text.substr(at, piece));
  return pieces;
}

std::string new_call_id() {
  auto id = "toolu_" + ccapi::domain::random_uuid();
  std::erase(id, '-');
  return id;
}

/// What the CLI remembers of a call's arguments.
std::string input_of(const std::string& text) {
  const auto read = ccapi::standin::through_javascript(text.empty() ? "{}" : text);
  if (read)
    return *read;
  return boost::json::serialize(boost::json::object{
    {"__unparsedToolInput", boost::json::object{{"raw", text}, {"len", text.size()}}}});
}

} // namespace

turn::turn(script how, std::string prompt_uuid, ccapi::standin::line_writer& lines,
           ccapi::standin::tool_servers& servers, ccapi::standin::dialogue& known,
           const ledger& book)
  : how_{std::move(how)},
    prompt_uuid_{std::move(prompt_uuid)},
    lines_{lines},
    servers_{servers},
    known_{known},
    book_{book},
    calls_{lines, servers} {
  if (how_.has("fixture"))
    played_ = fixture_lines(how_.text("fixture"));
}

void turn::begin(reply what) {
  reply_ = std::move(what);
  source_ = reply_.scripted ? answer_source{how_, reply_.text} : answer_source{reply_.text};
  blocks_.clear();
  index_ = 0;
  said_.clear();
  deltas_ = 0;
  stop_reason_ = how_.text("stop", reply_.calls.empty() ? "end_turn" : "tool_use");
  if ((how_.has("think") && !abandoned_) || reply_.thinks) {
    planned thinking{block::thinking, {.what = part::kind::thinking}};
    for (std::int64_t at = 0; at < std::max<std::int64_t>(how_.number("think", 3), 1); ++at)
      thinking.pieces.push_back("t" + std::to_string(at) + ' ');
    blocks_.push_back(std::move(thinking));
  }
  if (!reply_.silent)
    blocks_.push_back({block::text, {.what = part::kind::text}});
  for (const auto& call : reply_.calls)
    blocks_.push_back({block::tool_use,
                       {.what = part::kind::tool_use,
                        .text = call.arguments,
                        .id = new_call_id(),
                        .name = call.name,
                        .json = input_of(call.arguments)},
                       argument_pieces(call.arguments)});
  phase_ = api_calls_++ == 0 ? phase::init : phase::status;
}

std::chrono::milliseconds turn::pause() const {
  if (phase_ == phase::error && retries_ > 0)
    return std::chrono::seconds{how_.number("retry_after", 0)};
  if (phase_ == phase::message_start || phase_ == phase::error)
    return std::chrono::milliseconds{how_.number("first", 0)};
  if (phase_ == phase::continuation)
    return std::chrono::milliseconds{how_.number("continue", 20)};
  if ((phase_ == phase::block && (deltas_ > 0 || blocks_[index_].said > 0)) || how_.has("fixture"))
    return std::chrono::milliseconds{how_.number("delay", 0)};
  return std::chrono::milliseconds{0};
}

void turn::step(std::string& out) {
  ++steps_;
  if (how_.has("fixture")) {
    if (static_cast<std::size_t>(steps_) <= played_.size())
      out += played_[static_cast<std::size_t>(steps_ - 1)];
    if (static_cast<std::size_t>(steps_) >= played_.size())
      phase_ = phase::over;
    return;
  }
  if (!calls_.next_line(out))
    message_step(out);
  if (phase_ == phase::parked)
    look_for_calls();
}

void turn::message_step(std::string& out) {
  switch (phase_) {
  case phase::init:
    lines_.init(out);
    phase_ = phase::status;
    return;
  case phase::status:
    lines_.status(out);
    if (how_.has("rate_limit"))
      lines_.rate_limit(out, how_.part("rate_limit", 0), how_.part("rate_limit", 1),
                        static_cast<std::int64_t>(std::time(nullptr))
                          + how_.number_part("rate_limit", 2, 0),
                        how_.number_part("rate_limit", 3, 0));
    phase_ = how_.has("err") || reply_.refusal ? phase::error : phase::message_start;
    return;
  case phase::message_start:
    lines_.message_start(out, call_usage);
    next_ = source_.next();
    phase_ = phase::block_start;
    return;
  case phase::block_start:
    return start_block(out);
  case phase::block:
    return now().what == block::text ? text_step(out) : piece_step(out);
  case phase::block_whole:
    return whole_block(out);
  case phase::block_stop:
    return stop_block(out);
  case phase::message_delta:
    if (stop_reason_ == "refusal")
      refuse(out);
    lines_.message_delta(out, stop_reason_, {}, call_usage.output);
    phase_ = phase::message_stop;
    return;
  case phase::message_stop:
    return stop_message(out);
  case phase::continuation:
    return go_on(out);
  case phase::error:
    return fail(out);
  case phase::result:
    return finish(out);
  case phase::ask:
  case phase::parked:
  case phase::over:
    return;
  }
}

// -- blocks --------------------------------------------------------------------------------------

void turn::start_block(std::string& out) {
  auto& [what, made, pieces, said] = now();
  if (what == block::tool_use)
    lines_.tool_start(out, index(), made.id, made.name);
  else
    lines_.block_start(out, index(), what);
  const bool empty = what == block::text ? !next_ : pieces.empty();
  phase_ = empty ? phase::block_whole : phase::block;
}

void turn::text_step(std::string& out) {
  if (how_.has("abandon") && !abandoned_ && deltas_ == how_.number("abandon", 1)) {
    abandon(out);
    return;
  }
  lines_.delta(out, index(), block::text, *next_);
  book_.token(prompt_uuid_, *next_);
  said_ += *next_;
  ++deltas_;
  next_ = source_.next();
  if (next_ && reply_.max_tokens && deltas_ >= *reply_.max_tokens) {
    stop_reason_ = "max_tokens";
    next_.reset();
  }
  if (!next_)
    phase_ = phase::block_whole;
}

void turn::piece_step(std::string& out) {
  auto& [what, made, pieces, said] = now();
  lines_.delta(out, index(), what, pieces[said]);
  if (what == block::thinking)
    made.text += pieces[said];
  if (++said == pieces.size())
    phase_ = phase::block_whole;
}

void turn::whole_block(std::string& out) {
  auto& [what, made, pieces, said] = now();
  if (what == block::text)
    made.text = said_;
  if (what == block::tool_use) {
    lines_.assistant_call(out, made);
    if (runs_before_stop(lines_, servers_, made.name))
      calls_.add(made.id, made.name, made.text);
  } else {
    lines_.assistant(out, what, made.text);
  }
  phase_ = phase::block_stop;
}

void turn::stop_block(std::string& out) {
  const auto& made = now().made;
  lines_.block_stop(out, index());
  if (now().what == block::tool_use && !runs_before_stop(lines_, servers_, made.name))
    calls_.add(made.id, made.name, made.text);
  phase_ = ++index_ < blocks_.size() ? phase::block_start : phase::message_delta;
}

void turn::stop_message(std::string& out) {
  lines_.message_stop(out);
  if (stop_reason_ == "max_tokens")
    phase_ = phase::continuation;
  else
    phase_ = calls_.empty() ? phase::result : phase::parked;
  if (phase_ == phase::parked)
    book_.write("parked", {{"calls", reply_.calls.size()}});
}

void turn::look_for_calls() {
  if (calls_.finished()) {
    remember(false);
    phase_ = phase::ask;
  }
  stands_ = phase_ == phase::parked && !calls_.has_line();
}

bool turn::take(const ccapi::standin::mcp_answer& answer) {
  const bool meant = calls_.take(answer);
  stands_ = stands_ && !meant;
  return meant;
}

void turn::close_servers(const std::vector<std::string>& names) {
  calls_.close(names);
  stands_ = stands_ && !calls_.has_line();
}

void turn::close_calls() {
  calls_.close_all();
  stands_ = stands_ && !calls_.has_line();
}

} // namespace fake_claude
