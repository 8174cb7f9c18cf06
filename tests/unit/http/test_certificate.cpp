#include "test_certificate.hpp"

#include <cstdio>
#include <memory>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdexcept>
#include <sys/stat.h>

namespace ccapi::http::test {

namespace {

using file = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

file open_for_writing(const std::string& path) {
  file opened{std::fopen(path.c_str(), "w"), &std::fclose};
  if (!opened)
    throw std::runtime_error{"can't write " + path};
  return opened;
}

} // namespace

config::tls_settings make_certificate(const std::filesystem::path& directory,
                                      const std::string& name) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key{EVP_EC_gen("P-256"),
                                                                &EVP_PKEY_free};
  const std::unique_ptr<X509, decltype(&X509_free)> made{X509_new(), &X509_free};
  X509_set_version(made.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), 3600);
  X509_set_pubkey(made.get(), key.get());
  auto* subject = X509_get_subject_name(made.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
  X509_set_issuer_name(made.get(), subject);
  if (X509_sign(made.get(), key.get(), EVP_sha256()) == 0)
    throw std::runtime_error{"can't sign a certificate"};
  config::tls_settings files{.certificate_file = (directory / (name + ".crt")).string(),
                             .private_key_file = (directory / (name + ".key")).string()};
  PEM_write_X509(open_for_writing(files.certificate_file).get(), made.get());
  PEM_write_PrivateKey(open_for_writing(files.private_key_file).get(), key.get(), nullptr, nullptr,
                       0, nullptr, nullptr);
  ::chmod(files.private_key_file.c_str(), S_IRUSR | S_IWUSR);
  return files;
}

} // namespace ccapi::http::test
