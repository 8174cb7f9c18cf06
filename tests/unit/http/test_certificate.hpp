#pragma once
// Makes certificates for tests.

#include "config/settings.hpp"

#include <filesystem>

namespace ccapi::http::test {

/// Writes a new key and a certificate for localhost, signed with it, as name.crt and name.key, the
/// latter for the owner only.
config::tls_settings make_certificate(const std::filesystem::path& directory,
                                      const std::string& name);

} // namespace ccapi::http::test
