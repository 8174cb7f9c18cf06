#include "process/child_pipes.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>

#include <array>
#include <csignal>
#include <utility>

namespace ccapi::process {

child_pipes::child_pipes(asio::io_context& loop, child_process child, limits bounds,
                         listener& events)
  : loop_{loop},
    child_{std::move(child)},
    events_{&events},
    stdin_{loop, child_.stdin_write.release()},
    stdout_{loop, child_.stdout_read.release()},
    stderr_{loop, child_.stderr_read.release()},
    reader_{bounds.line_bytes_max},
    writer_{bounds.input_bytes_max},
    ring_{bounds.stderr_bytes_max} {
  // Without this a "synchronous" write to a full pipe would wait, and all of the thread with it.
  boost::system::error_code ignored;
  stdin_.non_blocking(true, ignored);
  stdout_.non_blocking(true, ignored);
  stderr_.non_blocking(true, ignored);
}

void child_pipes::start() {
  child_.unheard.reset();
  do_read();
  do_read_stderr();
}

void child_pipes::do_read() {
  if (reading_ || failed_ || !events_)
    return;
  reading_ = true;
  const auto space = reader_.writable();
  stdout_.async_read_some(
    asio::buffer(space.data(), space.size()),
    [self = shared_from_this()](const boost::system::error_code& failure, std::size_t size) {
      self->reading_ = false;
      self->on_read(failure, size);
    });
}

void child_pipes::on_read(const boost::system::error_code& failure, std::size_t size) {
  if (!events_)
    return;
  reader_.commit(size);
  output_ended_ = static_cast<bool>(failure);
  pump();
}

void child_pipes::pump() {
  while (events_ && !paused_ && !failed_) {
    const auto line = reader_.next_line();
    if (line) {
      events_->on_line(*line);
      continue;
    }
    if (reader_.overflowed())
      return fail("the process wrote a line beyond limits.cli_line_bytes_max");
    events_->on_lines_end();
    // The last lines of a dead process count: its end is told after them.
    if (output_ended_)
      return fail("the process closed its output");
    return do_read();
  }
  if (events_ && !failed_)
    events_->on_lines_end();
}

void child_pipes::resume_reading() {
  if (!paused_)
    return;
  paused_ = false;
  if (reading_ || resume_posted_)
    return;
  resume_posted_ = true;
  asio::post(loop_, [self = shared_from_this()] {
    self->resume_posted_ = false;
    if (!self->reading_)
      self->pump();
  });
}

void child_pipes::do_read_stderr() {
  // Waiting for readability, not for a full buffer, costs no memory while the child is silent.
  stderr_.async_wait(asio::posix::stream_descriptor::wait_read,
                     [self = shared_from_this()](const boost::system::error_code& failure) {
                       if (failure || !self->events_)
                         return;
                       std::array<char, 4096> chunk;
                       boost::system::error_code read_failure;
                       const auto size = self->stderr_.read_some(asio::buffer(chunk), read_failure);
                       self->ring_.append({chunk.data(), size});
                       if (!read_failure || read_failure == asio::error::would_block)
                         self->do_read_stderr();
                     });
}

bool child_pipes::write(std::string line) {
  if (failed_ || !writer_.push(std::move(line)))
    return false;
  if (!write_waits_)
    flush_input();
  return true;
}

void child_pipes::flush_input() {
  while (!writer_.empty()) {
    const auto bytes = writer_.front();
    boost::system::error_code failure;
    const auto size = stdin_.write_some(asio::buffer(bytes.data(), bytes.size()), failure);
    if (failure == asio::error::would_block) {
      write_waits_ = true;
      stdin_.async_wait(asio::posix::stream_descriptor::wait_write,
                        [self = shared_from_this()](const boost::system::error_code& wait_failure) {
                          self->write_waits_ = false;
                          if (wait_failure || !self->events_)
                            return;
                          self->flush_input();
                          if (self->writer_.empty() && self->events_)
                            self->events_->on_input_drained();
                        });
      return;
    }
    if (failure) {
      // Reported from the loop: the caller of write() is not prepared for a callback.
      asio::post(loop_, [self = shared_from_this()] {
        self->fail("the process no longer reads its input");
      });
      return;
    }
    writer_.consume(size);
  }
  if (close_when_drained_) {
    boost::system::error_code ignored;
    stdin_.close(ignored);
  }
}

void child_pipes::close_input() {
  close_when_drained_ = true;
  if (writer_.empty() && stdin_.is_open()) {
    boost::system::error_code ignored;
    stdin_.close(ignored);
  }
}

void child_pipes::fail(std::string_view why) {
  if (failed_ || !events_)
    return;
  failed_ = true;
  events_->on_pipes_failed(why);
}

void child_pipes::stop() {
  events_ = nullptr;
  boost::system::error_code ignored;
  stdin_.close(ignored);
  stdout_.close(ignored);
  stderr_.close(ignored);
  child_.life.reset();
  child_.signal(SIGCONT); // a stopped shim would not notice
}

} // namespace ccapi::process
