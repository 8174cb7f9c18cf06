#pragma once
// child_pipes: reads a child's stdout line by line, writes its stdin, drains its stderr.

#include "process/byte_ring.hpp"
#include "process/child_process.hpp"
#include "process/line_reader.hpp"
#include "process/line_writer.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace ccapi::process {

namespace asio = boost::asio;

/// Lives on one I/O thread; every call and every callback there. Kept alive by its pending reads
/// until stop(). Reading can be paused: the pipe then fills and the child waits, so at most one
/// read's worth of lines is held.
class child_pipes : public std::enable_shared_from_this<child_pipes> {
public:
  /// Called from the event loop, never from inside a call into child_pipes.
  class listener {
  public:
    virtual ~listener() = default;
    /// `line` has line_reader::padding readable bytes behind it and lives until the call returns.
    virtual void on_line(std::string_view line) = 0;
    /// All lines that were readable have been handed out.
    virtual void on_lines_end() = 0;
    /// Everything given to write() is in the pipe, after some of it had to wait.
    virtual void on_input_drained() = 0;
    /// End of stdout, a read error, a broken stdin, or a line beyond the limit. Once; nothing
    /// follows. `why` is a constant text for the log.
    virtual void on_pipes_failed(std::string_view why) = 0;
  };

  struct limits {
    std::size_t line_bytes_max;
    std::size_t stderr_bytes_max;
    std::size_t input_bytes_max; ///< waiting to be written
  };

  /// Takes the child over. `events` must live until stop().
  child_pipes(asio::io_context& loop, child_process child, limits bounds, listener& events);

  /// Begins to read.
  void start();

  /// Queues one line (without '\n'). False: more than input_bytes_max would wait.
  bool write(std::string line);
  /// True when nothing waits to be written.
  [[nodiscard]] bool input_idle() const noexcept { return writer_.empty(); }
  /// End of input for the child, once everything queued is written.
  void close_input();

  void pause_reading() noexcept { paused_ = true; }
  [[nodiscard]] bool paused() const noexcept { return paused_; }
  /// on_pipes_failed has been called, or stop().
  [[nodiscard]] bool ended() const noexcept { return failed_ || !events_; }
  /// Lines already read come from the event loop, not from inside this call.
  void resume_reading();

  /// To the whole tree.
  bool signal(int number) const noexcept { return child_.signal(number); }
  /// Ends the shim, and the CLI with it, where nothing else has.
  bool kill_shim() const noexcept { return child_.kill_shim(); }
  [[nodiscard]] bool directory_gone() const noexcept { return child_.directory_gone(); }
  /// No callback from now on; closes all pipes and the life pipe: the tree ends at the latest now.
  void stop();

  [[nodiscard]] domain::process_id id() const noexcept { return child_.id; }
  [[nodiscard]] pid_t pid() const noexcept { return child_.pid; }
  /// The end of what the child wrote to stderr, without secrets. For the log, which escapes it.
  [[nodiscard]] std::string stderr_tail(std::size_t bytes_max) const {
    return ring_.tail(bytes_max);
  }

private:
  void do_read();
  void on_read(const boost::system::error_code& failure, std::size_t size);
  /// Hands out what is buffered, then reads on, unless paused.
  void pump();
  void do_read_stderr();
  void flush_input();
  void fail(std::string_view why);

  asio::io_context& loop_;
  child_process child_;
  listener* events_;
  asio::posix::stream_descriptor stdin_;
  asio::posix::stream_descriptor stdout_;
  asio::posix::stream_descriptor stderr_;
  line_reader reader_;
  line_writer writer_;
  byte_ring ring_;
  bool reading_ = false; ///< a read of stdout is pending
  bool paused_ = false;
  bool resume_posted_ = false;
  bool write_waits_ = false; ///< waits until stdin takes more
  bool close_when_drained_ = false;
  bool output_ended_ = false;
  bool failed_ = false;
};

} // namespace ccapi::process
