#pragma once
// address: which addresses are on the public internet. Pure; any thread.

#include <boost/asio/ip/address.hpp>

namespace ccapi::media {

/// Somebody else's machine may answer there: it is none of the addresses that IANA's registries of
/// special purpose addresses (RFC 6890) keep for machines, networks, groups or documentation, nor
/// an IPv6 address that leads to such an IPv4 address.
bool is_public(const boost::asio::ip::address& address) noexcept;

} // namespace ccapi::media
