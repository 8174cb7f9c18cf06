#pragma once
// store_commands: what an operator may do with the store's file from the command line.

#include "config/settings.hpp"

#include <iosfwd>

namespace ccapi {

/// Where a command reads and writes.
struct standard_streams {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
};

// Each gives an exit code, and blocks. All but import may run beside a gateway that uses the file.

/// Reads all of the file and tells what is wrong with it. 1: something is.
int check_store(const config::store_settings& settings, const standard_streams& streams);
/// Writes all conversations to the output, a line of JSON each. 1: not all could be read.
int export_store(const config::store_settings& settings, const standard_streams& streams);
/// Adds such lines, from the input, to the file.
int import_store(const config::store_settings& settings, const standard_streams& streams);

} // namespace ccapi
