"""How requests reach the gateway: TLS, a Unix socket, encoded bodies."""

import gzip
import json
import os
import shutil
import socket
import ssl
import stat
import subprocess
import zlib

import httpx2
import openai
import pytest

from gateway import Gateway
from proc_tree import wait_until
from sse import ChatStream
from storm import bounds_memory

LONG = "[[text:10000]][[delay:20]]"


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


class Authority:
    """Makes certificates with the openssl program."""

    def __init__(self, directory):
        self.directory = directory
        self.certificate = directory / "ca.crt"
        self.key = directory / "ca.key"
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                     "-nodes", "-days", "2", "-subj", "/CN=test authority",
                     "-keyout", self.key, "-out", self.certificate)

    @staticmethod
    def openssl(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)

    def issue(self, name, serial=1):
        """(certificate, key) for 127.0.0.1."""
        key, request, made, names = (self.directory / f"{name}.{end}"
                                     for end in ("key", "csr", "crt", "ext"))
        names.write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
        self.openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}",
                     "-keyout", key, "-out", request)
        self.openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key,
                     "-set_serial", str(serial), "-days", "2", "-extfile", names, "-out", made)
        os.chmod(key, 0o600)
        return made, key


@pytest.fixture
def tls_gateway(start_fake, authority):
    certificate, key = authority.issue("server")
    gateway = start_fake(tls__certificate_file=certificate, tls__private_key_file=key)
    gateway.trust(authority.certificate)
    return gateway


@pytest.fixture
def unix_gateway(start_fake, tmp_path):
    return start_fake(server__unix_socket=tmp_path / "gateway.sock", server__tcp="false")


def check_official_client(client):
    def ask(**fields):
        return client.chat.completions.create(
            model="sonnet", messages=[{"role": "user", "content": "[[text:20]]"}], **fields)
    expected = "".join(f"w{i} " for i in range(20))
    assert ask().choices[0].message.content == expected
    chunks = list(ask(stream=True))
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == expected
    assert len({model.id for model in client.models.list()}) > 3


# -- TLS

def test_official_client_over_tls(tls_gateway):
    assert tls_gateway.url.startswith("https://")
    check_official_client(tls_gateway.client(
        http_client=httpx2.Client(verify=tls_gateway.tls)))


def test_client_that_does_not_know_the_authority_gets_nothing(tls_gateway):
    raw = socket.create_connection((tls_gateway.host, tls_gateway.port), 10)
    with raw, pytest.raises(ssl.SSLCertVerificationError):
        ssl.create_default_context().wrap_socket(raw, server_hostname="127.0.0.1")


def test_plain_request_to_the_tls_port_is_told_so(tls_gateway):
    answer = httpx2.get(f"http://{tls_gateway.host}:{tls_gateway.port}/health")
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "tls_required"


@pytest.mark.parametrize("reset", [False, True], ids=["fin", "reset"])
def test_hang_up_in_mid_answer_over_tls_interrupts_the_cli(tls_gateway, ledger, reset):
    stream = ChatStream(tls_gateway, LONG, conversation_id="c").open()
    stream.read_contents(2)
    gone_at = stream.hang_up(reset)
    assert ledger.wait("interrupt", 1)[-1]["t"] - gone_at < 1.0


def raw_stream(gateway, text, version):
    """All bytes of a streamed answer, and whether TLS was ended in order."""
    body = json.dumps({"stream": True, "messages": [{"role": "user", "content": text}]})
    head = (f"POST /v1/chat/completions {version}\r\nHost: {gateway.host}:{gateway.port}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            "Connection: close\r\n\r\n")
    received = b""
    with gateway.tls.wrap_socket(socket.create_connection((gateway.host, gateway.port), 30),
                                 server_hostname=gateway.host,
                                 suppress_ragged_eofs=False) as client:
        client.sendall((head + body).encode())
        try:
            while piece := client.recv(65536):
                received += piece
        except ssl.SSLEOFError:
            return received, False
    return received, True


@pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/1.0"])
def test_stream_that_is_cut_in_mid_answer_over_tls_is_seen_as_cut(tls_gateway, version):
    """By its missing last chunk and close_notify; the latter is all that HTTP/1.0 has."""
    chunked = version == "HTTP/1.1"
    whole, in_order = raw_stream(tls_gateway, "[[text:20]]", version)
    assert b"w19" in whole and in_order
    assert whole.endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n" if chunked else b"data: [DONE]\n\n")
    cut, in_order = raw_stream(tls_gateway, "[[die_at:7]][[text:20]]", version)
    assert b"w1" in cut and not in_order
    assert b"[DONE]" not in cut and b'"finish_reason":"stop"' not in cut
    assert cut.endswith(b'"code":"upstream_crash"}}\n\n' + (b"\r\n" if chunked else b""))


def test_clients_notice_over_tls_that_a_stream_is_cut(tls_gateway):
    text = "[[die_at:7]][[text:20]]"
    stream = ChatStream(tls_gateway, text).open().read_all()
    assert stream.failed() and stream.text() == "w0 w1 w2 "
    with httpx2.Client(verify=tls_gateway.tls) as client, pytest.raises(httpx2.TransportError):
        client.post(tls_gateway.url + "/v1/chat/completions",
                    json={"stream": True, "messages": [{"role": "user", "content": text}]})
    official = tls_gateway.client(http_client=httpx2.Client(verify=tls_gateway.tls))
    with pytest.raises(openai.APIError):
        list(official.chat.completions.create(
            model="sonnet", messages=[{"role": "user", "content": text}], stream=True))


@pytest.mark.parametrize("ahead", [20_000, 2_000_000])
@pytest.mark.parametrize("listens", ["fake_gateway", "tls_gateway", "unix_gateway"])
def test_hang_up_is_noticed_however_much_was_sent_ahead(request, ledger, listens, ahead):
    gateway = request.getfixturevalue(listens)
    stream = ChatStream(gateway, "[[first:20000]]")  # no write fails meanwhile
    stream.socket.sendall(b"x" * ahead)
    ledger.wait("prompt")
    gone_at = stream.hang_up()
    assert ledger.wait("interrupt", 1)[-1]["t"] - gone_at < 1.5


def test_client_that_is_one_too_many_hears_so_while_it_is_sending(start_fake):
    gateway = start_fake(limits__connections_max=1)
    with socket.create_connection((gateway.host, gateway.port), 10) as first:
        first.sendall(f"GET /livez HTTP/1.1\r\nHost: localhost:{gateway.port}\r\n\r\n".encode())
        assert b" 200 " in first.recv(4096)
        for _ in range(20):
            status, headers, body = gateway.request("POST", "/v1/chat/completions", b" " * (8 << 20))
            assert (status, json.loads(body)["error"]["code"]) == (503, "too_many_connections")
            assert headers["retry-after"] == "1" and headers["connection"] == "close"
    wait_until(lambda: gateway.request("GET", "/livez")[0] == 200, 5, "the place to be free again")


def test_slow_reader_over_tls_loses_nothing(start_fake, authority):
    certificate, key = authority.issue("server")
    gateway = start_fake(tls__certificate_file=certificate, tls__private_key_file=key)
    gateway.trust(authority.certificate)
    stream = ChatStream(gateway, "[[big:8000000]][[size:4096]]", timeout=60).open()
    stream.read_contents(1)
    assert gateway.answer("meanwhile") == "You said: meanwhile"
    assert len(stream.read_all().text()) == 8_000_000 and not stream.errors()


@pytest.mark.parametrize("what", ["other key", "one alone", "missing"])
def test_wrong_files_keep_the_gateway_from_starting(binary, authority, tmp_path, what):
    certificate, key = authority.issue("server")
    _, other_key = authority.issue("other")
    files = {"other key": (certificate, other_key), "one alone": (certificate, ""),
             "missing": (tmp_path / "nowhere.crt", key)}[what]
    ran = subprocess.run(
        [binary], capture_output=True, text=True, timeout=30,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "CLAUDE_CODE__SERVER__PORT": "0",
             "CLAUDE_CODE__CLAUDE__COMMAND": "/nonexistent/claude",
             "CLAUDE_CODE__TLS__CERTIFICATE_FILE": str(files[0]),
             "CLAUDE_CODE__TLS__PRIVATE_KEY_FILE": str(files[1])})
    assert ran.returncode == 78, ran.stderr
    assert "tls." in ran.stderr and "PRIVATE KEY" not in ran.stderr


# -- Unix socket

def test_official_client_over_a_unix_socket(unix_gateway):
    assert stat.S_IMODE(os.stat(unix_gateway.unix_socket).st_mode) == 0o600
    check_official_client(unix_gateway.client(
        http_client=httpx2.Client(transport=httpx2.HTTPTransport(uds=unix_gateway.unix_socket))))


def test_curl_over_a_unix_socket(unix_gateway):
    said = subprocess.run(["curl", "-sS", "--unix-socket", unix_gateway.unix_socket,
                           "http://localhost/health"], capture_output=True, text=True, timeout=30)
    assert said.stdout == "OK", said.stderr


def test_hang_up_over_a_unix_socket_interrupts_the_cli(unix_gateway, ledger):
    stream = ChatStream(unix_gateway, LONG, conversation_id="c").open()
    stream.read_contents(2)
    gone_at = stream.hang_up()
    assert ledger.wait("interrupt", 1)[-1]["t"] - gone_at < 1.0


def test_unix_socket_is_beside_tcp_and_goes_with_the_gateway(start_fake, tmp_path):
    path = tmp_path / "gateway.sock"
    gateway = start_fake(server__unix_socket=path)
    assert gateway.unix_socket is None and gateway.answer("x") == "You said: x"
    uds = httpx2.Client(transport=httpx2.HTTPTransport(uds=str(path)))
    assert uds.get("http://localhost/health").text == "OK"
    assert uds.get("http://attacker.test/health").status_code == 421
    uds.close()
    gateway.stop()
    assert not path.exists()


@pytest.mark.killed
def test_socket_of_a_killed_gateway_is_taken_over(start, fake_claude, tmp_path):
    settings = {"server__unix_socket": tmp_path / "gateway.sock", "server__tcp": "false"}
    key = {"ANTHROPIC_API_KEY": "unused"}
    start(fake_claude, key, **settings).kill()
    assert (tmp_path / "gateway.sock").exists()
    assert start(fake_claude, key, **settings).answer("x") == "You said: x"


# -- encoded bodies

def raw_deflate(data):
    made = zlib.compressobj(wbits=-15)
    return made.compress(data) + made.flush()


def zstd(data):
    return subprocess.run(["zstd", "-q", "-c"], input=data, stdout=subprocess.PIPE,
                          check=True).stdout


@pytest.mark.parametrize("coding, encode", [
    ("gzip", gzip.compress), ("x-gzip", gzip.compress), ("deflate", zlib.compress),
    ("deflate", raw_deflate), ("zstd", zstd), ("identity", bytes)])
def test_body_may_be_encoded(fake_gateway, coding, encode):
    text = "".join(f"line {n}\n" for n in range(20_000))
    body = json.dumps({"messages": [{"role": "user", "content": "[[say:ok]] " + text}]}).encode()
    status, _, answer = fake_gateway.request("POST", "/v1/chat/completions", encode(body),
                                             {"Content-Encoding": coding})
    assert status == 200, answer
    assert json.loads(answer)["choices"][0]["message"]["content"] == "ok"


def test_official_client_with_a_compressed_body(fake_gateway):
    class Compressing(httpx2.HTTPTransport):
        def handle_request(self, request):
            packed = gzip.compress(request.read())
            headers = {**request.headers, "content-encoding": "gzip",
                       "content-length": str(len(packed))}
            return super().handle_request(httpx2.Request(request.method, request.url,
                                                         headers=headers, content=packed))

    client = fake_gateway.client(http_client=httpx2.Client(transport=Compressing()))
    answer = client.chat.completions.create(
        model="sonnet", messages=[{"role": "user", "content": "[[say:ok]]"}])
    assert answer.choices[0].message.content == "ok"


# Without the time of its making: these are parts of names that all workers must agree on.
PACKED = gzip.compress(b"{}", mtime=0)


@pytest.mark.parametrize("coding, body, status, code", [
    ("br", b"x", 415, "unsupported_content_encoding"),
    ("gzip, gzip", PACKED, 415, "unsupported_content_encoding"),
    ("gzip", b'{"messages": []}', 400, "invalid_content_encoding"),
    ("gzip", PACKED[:-1], 400, "invalid_content_encoding"),
    ("gzip", PACKED + b"x", 400, "invalid_content_encoding"),
    ("gzip", gzip.compress(bytes(1 << 20), mtime=0) * 1024, 413, "request_too_large")])
def test_body_that_can_not_be_decoded_is_refused(fake_gateway, coding, body, status, code):
    got, _, answer = fake_gateway.request("POST", "/v1/chat/completions", body,
                                          {"Content-Encoding": coding})
    assert got == status, answer
    assert json.loads(answer)["error"]["code"] == code
    assert fake_gateway.answer("x") == "You said: x"


def test_bombs_cost_no_more_than_the_largest_body(fake_gateway):
    bomb = gzip.compress(bytes(1 << 20)) * 1024
    for _ in range(5):
        assert fake_gateway.request("POST", "/v1/chat/completions", bomb,
                                    {"Content-Encoding": "gzip"})[0] == 413
    peak = int(next(line for line in open(f"/proc/{fake_gateway.pid}/status")
                    if line.startswith("VmHWM")).split()[1])
    assert peak < 400_000 or not bounds_memory(fake_gateway.pid), f"{peak} kB"
    wait_until(lambda: fake_gateway.stats()["turns"]["active"] == 0, 5, "nothing to run")


FETCH = """
const [url, size] = process.argv.slice(1);
const answer = await fetch(url, {method: "POST", body: " ".repeat(Number(size)),
                                 headers: {"content-type": "application/json"}});
console.log(answer.status, (await answer.json()).error.code);
"""


@pytest.mark.parametrize("size", [3 << 20, 40 << 20])
def test_node_hears_why_its_body_is_refused(start_fake, size):
    """It may still be sending when the answer comes."""
    if not shutil.which("node"):
        pytest.skip("there is no node")
    gateway = start_fake()
    for path, said in (("/v1/nothing", "404 unknown_url" if size < 32 << 20 else
                        "413 request_too_large"), ("/v1/chat/completions", None)):
        for _ in range(5):
            ran = subprocess.run(["node", "--input-type=module", "-e", FETCH, gateway.url + path,
                                  str(size)], capture_output=True, text=True, timeout=60)
            expected = said or ("413 request_too_large" if size > 32 << 20 else "400 null")
            assert ran.stdout.strip() == expected, (path, ran.stdout, ran.stderr[-500:])


@pytest.fixture
def start_with_descriptors(binary, fake_claude, tmp_path):
    """start_with_descriptors(soft, hard): a gateway under these limits of open files."""
    running = []

    def start(soft, hard):
        program = tmp_path / "program"
        program.write_text(f'#!/bin/bash\nulimit -Sn {soft}\nulimit -Hn {hard}\n'
                           f'exec "{binary}" "$@"\n')
        program.chmod(0o755)
        gateway = Gateway(program, tmp_path, fake_claude, {"ANTHROPIC_API_KEY": "sk-ant-unused"},
                          {"limits.header_timeout_seconds": 60})
        running.append(gateway)
        gateway.take_baseline()
        return gateway

    yield start
    for gateway in running:
        gateway.finish()


def idle_at(gateway, count):
    return [socket.create_connection((gateway.host, gateway.port), 10) for _ in range(count)]


def test_idle_connections_take_no_descriptors_from_chats(start_with_descriptors):
    gateway = start_with_descriptors(256, 4096)
    idle = idle_at(gateway, 500)
    assert gateway.answer("x") == "You said: x"
    for each in idle:
        each.close()


def test_too_few_descriptors_are_told_and_leave_room_for_chats(start_with_descriptors):
    gateway = start_with_descriptors(200, 256)
    line = gateway.wait_log(lambda line: "too few descriptors" in line["msg"], 5)
    assert line["descriptors"] == 256 and line["connections"] < 256 - 50
    idle = idle_at(gateway, line["connections"])

    def status():
        """0 where the refusal was faster than the request."""
        try:
            return gateway.request("GET", "/livez")[0]
        except OSError:
            return 0
    wait_until(lambda: status() == 503, 20, "a refusal")
    idle.pop().close()
    wait_until(lambda: status() == 200, 20, "a free place")
    wait_until(lambda: gateway.descriptors()["socket"] <= 1 + len(idle), 5, "it to be closed")
    assert gateway.answer("x") == "You said: x"
    for each in idle:
        each.close()
