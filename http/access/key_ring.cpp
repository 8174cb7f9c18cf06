#include "http/access/key_ring.hpp"

#include "http/wire/ascii.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

namespace ccapi::http {

namespace {

using digest_type = std::array<unsigned char, 32>;

digest_type sha256(std::string_view text) noexcept {
  digest_type digest{};
  unsigned int length = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha256(), nullptr);
  return digest;
}

unsigned char nibble(char c) noexcept {
  return static_cast<unsigned char>(c <= '9' ? c - '0' : c - 'a' + 10);
}

digest_type digest_of(const config::api_key& key) {
  if (key.sha256.empty())
    return sha256(key.secret);
  digest_type digest{};
  for (std::size_t i = 0; i < digest.size(); ++i)
    digest[i] =
      static_cast<unsigned char>(nibble(key.sha256[2 * i]) << 4 | nibble(key.sha256[2 * i + 1]));
  return digest;
}

/// What stands behind "Bearer", empty for other schemes.
std::string_view bearer_token(std::string_view authorization) noexcept {
  constexpr std::string_view scheme = "bearer ";
  if (authorization.size() < scheme.size()
      || !ascii::equals_lower(authorization.substr(0, scheme.size()), scheme))
    return {};
  return ascii::trim(authorization.substr(scheme.size()));
}

} // namespace

std::optional<key_usage::turn_place> key_usage::begin_turn(std::uint32_t max) {
  if (turns_.fetch_add(1) >= max && max > 0) {
    turns_.fetch_sub(1);
    return {};
  }
  return turn_place{shared_from_this()};
}

key_usage::rate key_usage::count_request(std::uint32_t per_minute,
                                         std::chrono::steady_clock::time_point now) {
  const std::lock_guard lock{mutex_};
  const auto wait = requests_.take(per_minute, now);
  return {wait, requests_.left()};
}

key_ring::key_ring(const std::vector<config::api_key>& keys, const key_ring* before) {
  for (const auto& key : keys) {
    auto& made = entries_.emplace_back();
    made.name = key.name;
    made.admin = key.admin;
    made.profile = key.profile;
    if (key.additional_dirs)
      made.directories = std::make_shared<const std::vector<std::string>>(*key.additional_dirs);
    made.budget_micro_usd_per_day = key.budget_micro_usd_per_day;
    made.max_concurrent = key.max_concurrent;
    made.requests_per_minute = key.requests_per_minute;
    made.digest = digest_of(key);
    if (before)
      for (const auto& old : before->entries_)
        if (old.name == key.name)
          made.usage = old.usage;
    if (!made.usage)
      made.usage = std::make_shared<key_usage>();
  }
}

const key_ring::entry* key_ring::identify(const head_fields& fields) const noexcept {
  const entry* found = nullptr;
  if (fields.authorization)
    found = find(bearer_token(*fields.authorization));
  for (const auto& field : {fields.x_api_key, fields.api_key})
    if (field)
      if (const auto* key = find(ascii::trim(*field)); key && !found)
        found = key;
  return found;
}

const key_ring::entry* key_ring::find(std::string_view presented) const noexcept {
  const auto digest = sha256(presented);
  const entry* found = nullptr;
  for (const auto& each : entries_)
    if (CRYPTO_memcmp(each.digest.data(), digest.data(), digest.size()) == 0)
      found = &each;
  return found;
}

std::string sha256_hex(std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  std::string out;
  for (const auto byte : sha256(text))
    out.append({hex[byte >> 4], hex[byte & 15]});
  return out;
}

} // namespace ccapi::http
