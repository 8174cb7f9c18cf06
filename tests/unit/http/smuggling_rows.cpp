#include "smuggling_rows.hpp"

#include <string_view>
#include <utility>

namespace ccapi::http::test {
namespace {

using namespace std::string_literals;
using rows = std::vector<smuggling_row>;

const std::string host_line = "Host: $HOST\r\n";
const std::string chat = R"({"model":"gpt-4o","messages":[{"role":"user","content":"hi"}]})";
const std::string hidden = "GET /v1/models/smuggled HTTP/1.1\r\nHost: $HOST\r\n\r\n";

std::string head(std::string_view line, std::string_view fields) {
  return std::string{line} + "\r\n" + host_line + std::string{fields} + "\r\n";
}

/// A chat with these fields and this body, whatever the fields say about it.
std::string post(std::string_view fields, std::string_view body) {
  return head("POST /v1/chat/completions HTTP/1.1",
              "Content-Type: application/json\r\n" + std::string{fields})
         + std::string{body};
}

std::string chunked(std::string_view body) {
  return post("Transfer-Encoding: chunked\r\n", body);
}

/// `chat` as one chunk with this size line and this end.
std::string one_chunk(std::string_view size_line, std::string_view end = "0\r\n\r\n") {
  return chunked(std::string{size_line} + "\r\n" + chat + "\r\n" + std::string{end});
}

std::string length_of(std::string_view body) {
  return std::to_string(body.size());
}

std::string hex_length_of(std::string_view body) {
  constexpr std::string_view digits = "0123456789abcdef";
  return {digits[body.size() / 16], digits[body.size() % 16]};
}

std::string get(std::string_view fields) {
  return head("GET /health HTTP/1.1", fields);
}

void add_lengths(rows& table) {
  const std::pair<const char*, std::string> refused[] = {
    {"plus", "+5"},
    {"minus", "-5"},
    {"minus zero", "-0"},
    {"hexadecimal", "0x5"},
    {"octal prefix", "0o5"},
    {"letter behind", "5a"},
    {"letters only", "five"},
    {"float", "5.0"},
    {"exponent", "5e0"},
    {"underscore", "1_0"},
    {"thousands", "1,000"},
    {"list of equal", "5, 5"},
    {"list of different", "5,6"},
    {"list with empty", "5,"},
    {"two words", "5 5"},
    {"parameter", "5;q=1"},
    {"quoted", "\"5\""},
    {"empty", ""},
    {"blanks", "  \t "},
    {"over 64 bits", "18446744073709551616"},
    {"wraps to 5", "18446744073709551621"},
    {"wraps 32 bits, signed", "-4294967291"},
    {"twenty digits", "00000000000000000005"},
    {"fullwidth digit", "\xef\xbc\x95"},
    {"no-break space", "5\xc2\xa0"},
    {"latin-1 no-break space", "\xa0"
                               "5"},
    {"vertical tab", "\x0b"
                     "5"},
    {"form feed", "5\x0c"},
    {"NUL", "5\0"s},
  };
  for (const auto& [name, value] : refused)
    table.push_back({"length: "s + name, post("Content-Length: " + value + "\r\n", hidden), 400});
  table.push_back(
    {"length: twice, different", post("Content-Length: 0\r\nContent-Length: 5\r\n", hidden), 400});
  table.push_back(
    {"length: twice, equal", post("Content-Length: 5\r\nContent-Length: 5\r\n", "12345"), 400});
  table.push_back({"length: twice, apart",
                   post("Content-Length: 0\r\nX: y\r\ncontent-length: 60\r\n", hidden), 400});
  table.push_back(
    {"length: beyond the limit", post("Content-Length: 9223372036854775807\r\n", hidden), 413});
  table.push_back({"length: leading zeros",
                   post("Content-Length: 000" + length_of(chat) + "\r\n", chat), 200,
                   behind::answered});
  table.push_back({"length: blanks around",
                   post("Content-Length: \t " + length_of(chat) + " \t\r\n", chat), 200,
                   behind::answered});
  table.push_back({"length: zero", post("Content-Length: 0\r\n", ""), 400, behind::answered});
  table.push_back({"length: none", post("", ""), 400, behind::answered});
  const auto request = "GET /v1/models/smuggled HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"s;
  table.push_back({"length: a request as body",
                   post("Content-Length: " + length_of(request) + "\r\n", request), 400,
                   behind::answered});
  table.push_back({"length: in a field that looks like it",
                   post("Content_Length: 0\r\nContent-Length: " + length_of(chat) + "\r\n", chat),
                   200, behind::answered});
}

void add_encodings(rows& table) {
  const std::pair<const char*, std::string> unknown[] = {
    {"gzip", "gzip"},
    {"identity", "identity"},
    {"chunked, gzip", "chunked, gzip"},
    {"gzip, chunked", "gzip, chunked"},
    {"chunked, chunked", "chunked, chunked"},
    {"chunked, identity", "chunked, identity"},
    {"xchunked", "xchunked"},
    {"chunkedx", "chunkedx"},
    {"chunke", "chunke"},
    {"quoted", "\"chunked\""},
    {"single quotes", "'chunked'"},
    {"parameter", "chunked;q=1"},
    {"comma in front", ",chunked"},
    {"comma behind", "chunked,"},
    {"empty", ""},
    {"two words", "chunked chunked"},
    {"no-break space", "\xa0"
                       "chunked"},
    {"long s", "chun\xc5\xbf"
               "ed"},
    {"kelvin sign", "chun\xe2\x84\xaa"
                    "ed"},
    {"colon in front", ": chunked"},
  };
  for (const auto& [name, value] : unknown) {
    const auto field = "Transfer-Encoding: " + value + "\r\n";
    table.push_back({"encoding: "s + name, post(field, "0\r\n\r\n" + hidden), 501});
    table.push_back({"encoding and length: "s + name,
                     post(field + "Content-Length: 5\r\n", "0\r\n\r\n" + hidden), 400});
  }
  const std::pair<const char*, std::string> malformed[] = {
    {"space before the colon", "Transfer-Encoding : chunked\r\n"},
    {"tab before the colon", "Transfer-Encoding\t: chunked\r\n"},
    {"space before the name", " Transfer-Encoding: chunked\r\n"},
    {"vertical tab", "Transfer-Encoding: \x0b"
                     "chunked\r\n"},
    {"form feed", "Transfer-Encoding: chunked\x0c\r\n"},
    {"NUL behind", "Transfer-Encoding: chunked\0\r\n"s},
    {"NUL in the name", "Transfer\0-Encoding: chunked\r\n"s},
    {"delete", "Transfer-Encoding: chunked\x7f\r\n"},
    {"bare CR in front", "X: y\rTransfer-Encoding: chunked\r\n"},
    {"bare LF in front", "X: y\nTransfer-Encoding: chunked\r\n"},
    {"bare CR behind", "Transfer-Encoding: chunked\r\r\n"},
    {"folded value", "Transfer-Encoding:\r\n chunked\r\n"},
    {"folded with a tab", "Transfer-Encoding:\r\n\tchunked\r\n"},
    {"folded away", "X: y\r\n Transfer-Encoding: chunked\r\n"},
    {"no colon", "Transfer-Encoding chunked\r\n"},
    {"8-bit name", "Transfer-Encod\xefng: chunked\r\n"},
    {"parenthesis in the name", "Transfer-Encoding(x): chunked\r\n"},
  };
  for (const auto& [name, fields] : malformed)
    table.push_back(
      {"encoding: "s + name, post(fields + "Content-Length: 5\r\n", "0\r\n\r\n" + hidden), 400});
  table.push_back(
    {"encoding: twice",
     post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n" + hidden),
     501});
  table.push_back(
    {"encoding: chunked, then identity",
     post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n" + hidden),
     501});
  table.push_back(
    {"encoding: length, then chunked",
     post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n" + hidden), 400});
  table.push_back(
    {"encoding: chunked, then length",
     post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n" + hidden), 400});
  table.push_back(
    {"encoding: chunked and length zero",
     post("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n", "0\r\n\r\n" + hidden), 400});
  table.push_back({"encoding: on HTTP/1.0",
                   head("POST /v1/chat/completions HTTP/1.0",
                        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n")
                     + "0\r\n\r\n" + hidden,
                   400});
  table.push_back({"encoding: on HTTP/1.0, with length",
                   head("POST /v1/chat/completions HTTP/1.0",
                        "Content-Type: application/json\r\nConnection: "
                        "keep-alive\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n")
                     + "0\r\n\r\n" + hidden,
                   400});
  table.push_back(
    {"encoding: in a field that looks like it",
     post("Transfer_Encoding: chunked\r\nContent-Length: " + length_of(chat) + "\r\n", chat), 200,
     behind::answered});
  table.push_back(
    {"encoding: named in Connection",
     post("Connection: keep-alive, Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n",
          "0\r\n\r\n"),
     400, behind::answered});
  table.push_back({"encoding: TE is another field",
                   post("TE: chunked, gzip\r\nContent-Length: " + length_of(chat) + "\r\n", chat),
                   200, behind::answered});
}

void add_chunks(rows& table) {
  const auto size = hex_length_of(chat);
  const std::pair<const char*, std::string> refused[] = {
    {"0x in front", one_chunk("0x" + size)},
    {"plus", one_chunk("+" + size)},
    {"minus", one_chunk("-" + size)},
    {"space in front", one_chunk(" " + size)},
    {"space behind", one_chunk(size + " ")},
    {"tab behind", one_chunk(size + "\t")},
    {"letters", one_chunk("zz")},
    {"empty size", one_chunk("")},
    {"extension without size", one_chunk(";a=b")},
    {"comma", one_chunk(size + ",")},
    {"underscore", one_chunk("4_1")},
    {"fullwidth digit", one_chunk("\xef\xbc\x95")},
    {"NUL behind the size", one_chunk(size + "\0"s)},
    {"65 bits", one_chunk("1"
                          "00000000000000"
                          + size)},
    {"bare LF behind the size", chunked(size + "\n" + chat + "\r\n0\r\n\r\n" + hidden)},
    {"bare CR behind the size", chunked(size + "\r" + chat + "\r\n0\r\n\r\n" + hidden)},
    {"CR CR LF behind the size", chunked(size + "\r\r\n" + chat + "\r\n0\r\n\r\n" + hidden)},
    {"bare LF in an extension", chunked(size + ";a\nb\r\n" + chat + "\r\n0\r\n\r\n" + hidden)},
    {"bare CR in an extension", chunked(size + ";a\rb\r\n" + chat + "\r\n0\r\n\r\n" + hidden)},
    {"LF in a quoted extension", chunked(size + ";a=\"\n\"\r\n" + chat + "\r\n0\r\n\r\n" + hidden)},
    {"NUL in an extension", chunked(size + ";a\0b\r\n"s + chat + "\r\n0\r\n\r\n" + hidden)},
    {"LF in a quoted extension at the end", one_chunk(size, "0;a=\"\n\"\r\n\r\n")},
    {"escaped LF in a quoted extension", one_chunk(size + ";a=\"\\\n\"")},
    {"NUL in a quoted extension", one_chunk(size + ";a=\"\0\""s)},
    {"data longer than its size", chunked("3\r\nabcd\r\n0\r\n\r\n" + hidden)},
    {"data shorter than its size", chunked("6\r\nabcd\r\n0\r\n\r\n" + hidden)},
    {"no line end behind the data", chunked(size + "\r\n" + chat + "0\r\n\r\n" + hidden)},
    {"bare LF behind the data", chunked(size + "\r\n" + chat + "\n0\r\n\r\n" + hidden)},
    {"bare CR behind the data", chunked(size + "\r\n" + chat + "\r0\r\n\r\n" + hidden)},
    {"other bytes behind the data", chunked(size + "\r\n" + chat + "XX0\r\n\r\n" + hidden)},
    {"bare LF behind the last chunk", one_chunk(size, "0\n\r\n" + hidden)},
    {"bare LF at the end", one_chunk(size, "0\r\n\n" + hidden)},
    {"no empty line at the end", one_chunk(size, "0\r\n")},
    {"trailer without colon", one_chunk(size, "0\r\nsmuggled\r\n\r\n")},
    {"trailer with a space before the colon", one_chunk(size, "0\r\nX : y\r\n\r\n")},
    {"trailer folded", one_chunk(size, "0\r\nX: y\r\n z\r\n\r\n")},
    {"trailer folded with a tab", one_chunk(size, "0;a\r\nX: y\r\n\tz\r\n\r\n")},
    {"trailer folded to nothing", one_chunk(size, "0\r\nX: y\r\n \r\n\r\n")},
    {"trailer with NUL", one_chunk(size, "0\r\nX: a\0b\r\n\r\n"s)},
    {"trailer with bare LF", one_chunk(size, "0\r\nX: y\n\r\n")},
    {"trailer with bare CR", one_chunk(size, "0\r\nX: a\rb\r\n\r\n")},
    {"trailer with a length", one_chunk(size, "0\r\nContent-Length: 5\r\n\r\n")},
    {"trailer with an encoding", one_chunk(size, "0\r\nTransfer-Encoding: chunked\r\n\r\n")},
    {"a request as trailer", one_chunk(size, "0\r\n" + hidden)},
  };
  for (const auto& [name, bytes] : refused)
    table.push_back({"chunks: "s + name, bytes, 400});
  table.push_back({"chunks: 64 bits", one_chunk("ffffffffffffffff"), 413});
  table.push_back({"chunks: 63 bits", one_chunk("7fffffffffffffff"), 413});
  const std::pair<const char*, std::string> accepted[] = {
    {"plain", one_chunk(size)},
    {"zeros in front", one_chunk("000" + size)},
    {"extension", one_chunk(size + ";a=b;c")},
    {"quoted extension", one_chunk(size + ";a=\"b;c\"")},
    {"extension at the end", one_chunk(size, "0;a=b\r\n\r\n")},
    {"more zeros at the end", one_chunk(size, "000\r\n\r\n")},
    {"trailer", one_chunk(size, "0\r\nX: y\r\n\r\n")},
    {"trailer with another host", one_chunk(size, "0\r\nHost: smuggled\r\n\r\n")},
    {"trailer that closes", one_chunk(size, "0\r\nConnection: close\r\n\r\n")},
    {"trailer with a key", one_chunk(size, "0\r\nAuthorization: Bearer smuggled\r\n\r\n")},
    {"trailer with an origin", one_chunk(size, "0\r\nOrigin: http://smuggled.test\r\n\r\n")},
    {"trailer that expects", one_chunk(size, "0\r\nExpect: 100-continue\r\n\r\n")},
  };
  for (const auto& [name, bytes] : accepted)
    table.push_back({"chunks: "s + name, bytes, 200, behind::answered});
}

void add_heads(rows& table) {
  const auto line = [](std::string_view text) { return head(text, ""); };
  const std::pair<const char*, std::string> refused[] = {
    {"HTTP/0.9", "GET /health\r\n"},
    {"no version, fields", line("GET /health")},
    {"lower-case version", line("GET /health http/1.1")},
    {"version with two digits", line("GET /health HTTP/1.10")},
    {"version with a blank", line("GET /health HTTP/ 1.1")},
    {"version with text behind", line("GET /health HTTP/1.1 HTTP/1.1")},
    {"blank behind the version", line("GET /health HTTP/1.1 ")},
    {"blank in front of the method", line(" GET /health HTTP/1.1")},
    {"two blanks", line("GET  /health HTTP/1.1")},
    {"tab", line("GET\t/health\tHTTP/1.1")},
    {"no target", line("GET HTTP/1.1")},
    {"empty target", line("GET  HTTP/1.1")},
    {"blank in the target", line("GET /v1/models/smuggled x HTTP/1.1")},
    {"fragment in the target", line("GET /health#x HTTP/1.1")},
    {"NUL in the target", line("GET /health\0 HTTP/1.1"s)},
    {"8-bit target", line("GET /caf\xc3\xa9 HTTP/1.1")},
    {"absolute target", line("GET http://$HOST/health HTTP/1.1")},
    {"absolute target of another host", line("GET http://smuggled.test/health HTTP/1.1")},
    {"target without slash", line("GET health HTTP/1.1")},
    {"asterisk", line("GET * HTTP/1.1")},
    {"CONNECT", line("CONNECT $HOST HTTP/1.1")},
    {"at sign as target", line("GET @smuggled.test HTTP/1.1")},
    {"separator in the method", line("G(ET /health HTTP/1.1")},
    {"8-bit method", line("G\xc3\x8bT /health HTTP/1.1")},
    {"empty line in front", "\r\n" + line("GET /health HTTP/1.1")},
    {"line feed in front", "\n" + line("GET /health HTTP/1.1")},
    {"bare LF everywhere", "GET /health HTTP/1.1\nHost: $HOST\n\n"},
    {"bare LF behind the request line", "GET /health HTTP/1.1\nHost: $HOST\r\n\r\n"},
    {"bare LF as last line", "GET /health HTTP/1.1\r\nHost: $HOST\r\n\n"},
    {"bare CR behind the request line", "GET /health HTTP/1.1\rHost: $HOST\r\n\r\n"},
    {"bare CR as last line", "GET /health HTTP/1.1\r\nHost: $HOST\r\n\r" + hidden},
    {"folded Host", "GET /health HTTP/1.1\r\nHost:\r\n $HOST\r\n\r\n"},
    {"folded first field", "GET /health HTTP/1.1\r\n X: y\r\nHost: $HOST\r\n\r\n"},
    {"no Host", "GET /health HTTP/1.1\r\n\r\n"},
    {"two Hosts", get("Host: smuggled.test\r\n")},
    {"two equal Hosts", get(host_line)},
    {"two Hosts on HTTP/1.0", head("GET /health HTTP/1.0", host_line)},
    {"no name", get(": y\r\n")},
    {"control in a value", get("X: \x01\r\n")},
    {"escape in a value", get("X: \x1b[2J\r\n")},
    {"quoted name", get("\"X\": y\r\n")},
    {"a body on GET", get("Content-Length: " + length_of(hidden) + "\r\n") + hidden},
    {"chunks on GET", get("Transfer-Encoding: chunked\r\n") + "0\r\n\r\n" + hidden},
    {"a body on HEAD", head("HEAD /health HTTP/1.1", "Content-Length: 5\r\n") + "12345"},
    {"TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s},
    {"a PROXY line", "PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n" + line("GET /health HTTP/1.1")},
  };
  for (const auto& [name, bytes] : refused)
    table.push_back({"head: "s + name, bytes, 400});
}

void add_other_statuses(rows& table) {
  const auto line = [](std::string_view text) { return head(text, ""); };
  table.push_back({"version: 1.2", line("GET /health HTTP/1.2"), 505});
  table.push_back({"version: 2.0", line("GET /health HTTP/2.0"), 505});
  table.push_back({"version: 0.9", line("GET /health HTTP/0.9"), 505});
  table.push_back({"version: HTTP/2, nearly", line("PRI / HTTP/2.0"), 505});
  table.push_back({"method: lower case", line("get /health HTTP/1.1"), 501});
  table.push_back({"method: unknown", line("BREW /health HTTP/1.1"), 501});
  table.push_back({"method: glued to another", line("GETPOST /health HTTP/1.1"), 501});
  table.push_back({"method: TRACE echoes nothing",
                   head("TRACE /health HTTP/1.1", "X: smuggled\r\n"), 405, behind::answered});
  table.push_back({"method: PUT with a body",
                   head("PUT /v1/models HTTP/1.1", "Content-Length: 60\r\n") + hidden, 405});
  table.push_back(
    {"method: overridden", get("X-HTTP-Method-Override: POST\r\n"), 200, behind::answered});
  table.push_back({"expect: another", get("Expect: 200-ok\r\n"), 417});
  table.push_back(
    {"expect: a list", post("Expect: 100-continue, x\r\nContent-Length: 5\r\n", "12345"), 417});
  table.push_back({"expect: twice, one unknown",
                   post("Expect: 100-continue\r\nExpect: x\r\nContent-Length: 5\r\n", "12345"),
                   417});
  table.push_back({"host: another", "GET /health HTTP/1.1\r\nHost: smuggled.test\r\n\r\n", 421,
                   behind::answered});
  table.push_back({"host: empty", "GET /health HTTP/1.1\r\nHost:\r\n\r\n", 421, behind::answered});
  table.push_back({"host: a list", "GET /health HTTP/1.1\r\nHost: $HOST, smuggled.test\r\n\r\n",
                   421, behind::answered});
  table.push_back({"host: with user", "GET /health HTTP/1.1\r\nHost: smuggled@$HOST\r\n\r\n", 421,
                   behind::answered});
  table.push_back({"host: with path", "GET /health HTTP/1.1\r\nHost: $HOST/smuggled\r\n\r\n", 421,
                   behind::answered});
  table.push_back({"host: with dot", "GET /health HTTP/1.1\r\nHost: localhost.:1\r\n\r\n", 421,
                   behind::answered});
  table.push_back(
    {"host: refused with its body",
     "POST /v1/chat/completions HTTP/1.1\r\nHost: smuggled.test\r\nContent-Length: 60\r\n\r\n"
       + hidden,
     421});
  table.push_back({"host: none on HTTP/1.0", "GET /health HTTP/1.0\r\n\r\n", 421});
  table.push_back(
    {"size: request line", line("GET /" + std::string(9000, 'a') + " HTTP/1.1"), 414});
  table.push_back({"size: head", get("X: " + std::string(17000, 'a') + "\r\n"), 431});
  std::string many;
  for (int n = 0; n < 101; ++n)
    many += "X: y\r\n";
  table.push_back({"size: fields", get(many), 431});
  table.push_back({"connection: closes", get("Connection: close\r\n"), 200});
  table.push_back(
    {"connection: closes among others", get("Connection: keep-alive, close\r\n"), 200});
  table.push_back({"connection: names a field of ours", get("Connection: keep-alive, Host\r\n"),
                   200, behind::answered});
  table.push_back({"upgrade: h2c",
                   get("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: "
                       "AAMAAABkAAQAAP__\r\n"),
                   200, behind::answered});
  table.push_back({"upgrade: websocket",
                   get("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: "
                       "13\r\nSec-WebSocket-Key: c211Z2dsZWQtLS0tLS0tLQ==\r\n"),
                   200, behind::answered});
  table.push_back({"HTTP/1.0 ends with its answer", line("GET /health HTTP/1.0"), 200});
  table.push_back({"target: encoded line end", line("GET /v1/models/a%0d%0aX:%20y HTTP/1.1"), 404,
                   behind::answered});
  table.push_back({"target: encoded NUL", line("GET /health%00 HTTP/1.1"), 404, behind::answered});
  table.push_back({"target: two slashes", line("GET //health HTTP/1.1"), 404, behind::answered});
  table.push_back({"target: dots", line("GET /v1/../health HTTP/1.1"), 404, behind::answered});
  table.push_back({"field: 8-bit value", get("X: caf\xc3\xa9 \xff\r\n"), 200, behind::answered});
  table.push_back({"field: empty value", get("X:\r\n"), 200, behind::answered});
  table.push_back(
    {"field: rewrites the target",
     get("X-Original-URL: /v1/models/smuggled\r\nX-Rewrite-URL: /v1/models/smuggled\r\n"), 200,
     behind::answered});
  table.push_back({"field: says who forwards",
                   get("X-Forwarded-Host: smuggled.test\r\nForwarded: host=smuggled.test\r\n"), 200,
                   behind::answered});
}

} // namespace

std::vector<smuggling_row> smuggling_rows() {
  rows table;
  add_lengths(table);
  add_encodings(table);
  add_chunks(table);
  add_heads(table);
  add_other_statuses(table);
  return table;
}

} // namespace ccapi::http::test
