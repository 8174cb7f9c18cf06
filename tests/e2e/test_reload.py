"""SIGHUP reads the configuration anew: nothing is lost, a broken file changes nothing, what can not
change is named."""

import itertools
import json
import os
import random
import signal
import socket
import ssl
import threading
import time

import pytest

from proc_tree import wait_until
from sse import ChatStream
from test_auth import ADMIN, ALICE, BOB, record
from test_process_cap import in_background
from test_transport import Authority

SEED = int(os.environ.get("CCAPI_STORM_SEED", random.randrange(1 << 32)))
SHARE = float(os.environ.get("CCAPI_STORM_SHARE", "1"))  # of the full number of reloads
LONG = "[[text:10000]][[delay:20]]"
READ, MISTAKE, REFUSED, RESTART = (
    "configuration read anew", "configuration has a mistake, the old one stays",
    "configuration is refused, the old one stays", "keys change only by a restart")


class House:
    """A gateway and its configuration file."""

    def __init__(self, start_fake, file, text="", **options):
        self.file = file
        file.write_text(text)
        self.gateway = start_fake(arguments=("--config", str(file)), **options)

    def hang_up(self, expected=READ):
        """Sends SIGHUP; the line that says what came of it."""
        return self.gateway.wait_next_log(
            lambda line: line.get("msg") == expected,
            lambda: self.gateway.process.send_signal(signal.SIGHUP))

    def reload(self, text, expected=READ):
        self.file.write_text(text)
        return self.hang_up(expected)


@pytest.fixture
def house(start_fake, tmp_path):
    """house(text, **options) -> a House whose gateway has read `text`."""
    return lambda text="", **options: House(start_fake, tmp_path / "mine.toml", text, **options)


def key_table(name, key, **more):
    lines = [f"{field} = {json.dumps(value)}" for field, value in record(name, key, **more).items()]
    return "[[auth.keys]]\n" + "\n".join(lines) + "\n"


# -- under load

BROKEN = ["[server\n", "[server]\nprot = 1\n", "[limits]\nqueue_max = -1\n", "\xff\xfe",
          "[models]\ndefault = 7\n", "[auth]\nenabled = true\n", "[cors]\nallow_any = true\n"]


class Load:
    """Clients that ask without a pause, one kind a thread; `failures` is what went wrong."""

    def __init__(self, gateway):
        self.gateway = gateway
        self.stop = threading.Event()
        self.failures = []
        self.asked = 0
        self.threads = [threading.Thread(target=self.run, args=(kind, n)) for n, kind in
                        enumerate((self.stream, self.stream, self.plain, self.keep_alive))]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join(60)

    def run(self, kind, n):
        while not self.stop.is_set():
            try:
                kind(n)
                self.asked += 1
            except Exception as failure:  # whatever it is, a client would have felt it
                self.failures.append(repr(failure))

    def stream(self, n):
        stream = ChatStream(self.gateway, "[[text:40]][[delay:2]]", conversation_id=f"s{n}")
        self.gateway.clients.remove(stream)
        stream.open().read_all()
        assert stream.text() == "".join(f"w{i} " for i in range(40)), stream.frames
        assert stream.finish_reasons() == ["stop"] and stream.done()

    def plain(self, n):
        assert self.gateway.answer(f"hello {n}") == f"You said: hello {n}"

    def keep_alive(self, _):
        connection = self.gateway.connection()
        try:
            for _ in range(50):
                connection.request("GET", "/v1/models", headers=self.gateway.authorization())
                answer = connection.getresponse()
                assert answer.status == 200 and len(answer.read()) > 50
        finally:
            connection.close()


@pytest.mark.timeout(300)
def test_a_thousand_reloads_fail_no_request(house, record_property):
    print(f"seed {SEED}")
    choose = random.Random(SEED)
    reloads = max(int(1000 * SHARE), 300)

    def enough(outcomes):
        return outcomes[0] >= reloads / 20 and outcomes[1] >= 3

    home = house("[models]\nlist = [\"model-0\"]\n", claude__max_concurrent_sessions=8)
    gateway = home.gateway
    gateway.answer("warm")
    outcomes = [0, 0]
    began = time.monotonic()
    with Load(gateway) as load:
        for n in itertools.count():
            # A fast machine reloads while nobody asks, and takes several signals for one.
            if n >= reloads and load.asked > 20 and enough(outcomes_of(gateway)):
                break
            assert time.monotonic() - began < 240, f"{load.asked} requests, {outcomes}"
            if choose.random() < 0.3:
                home.file.write_bytes(choose.choice(BROKEN).encode("latin-1"))
            else:
                home.file.write_text(f'[models]\nlist = ["model-{n}"]\n[limits]\n'
                                     f"queue_max = {choose.randint(16, 999)}\n")
            gateway.process.send_signal(signal.SIGHUP)
            if n % 10 == 0:  # the others come as fast as they may: several at once are one
                wait_until(lambda: sum(outcomes_of(gateway)) > sum(outcomes), 10, "an outcome")
                outcomes = outcomes_of(gateway)
        assert not load.failures, load.failures[:5]
        home.reload('[models]\nlist = ["the-last"]\n[limits]\nqueue_max = 77\n')
    seconds = time.monotonic() - began
    read, refused = outcomes_of(gateway)
    figures = {"reloads": n, "seconds": round(seconds, 1), "read": read, "refused": refused,
               "requests": load.asked, "failed": len(load.failures)}
    print(figures)
    record_property("figures", figures)
    assert not load.failures, load.failures[:5]
    assert enough((read, refused))
    models = json.loads(gateway.request("GET", "/v1/models")[2])
    assert [each["id"] for each in models["data"]] == ["the-last"]
    assert gateway.stats()["queue"]["max"] == 77


def outcomes_of(gateway):
    """How often a configuration was read, and refused."""
    said = [line.get("msg") for line in list(gateway.log_lines)]
    return [said.count(READ), said.count(MISTAKE) + said.count(REFUSED)]


# -- what a broken file does

def test_broken_file_is_named_with_its_place_and_changes_nothing(house):
    home = house('[models]\nlist = ["good"]\n')
    line = home.reload('[models]\nlist = ["bad"]\n[limits]\nqueue_maxx = 3\n', MISTAKE)
    assert f"{home.file}:4" in line["where"], line
    assert "limits.queue_maxx" in json.dumps(line) and "queue_max" in line["problem"]
    line = home.reload('[models]\nlist = ["bad"\n', MISTAKE)
    assert str(home.file) in line["where"]
    models = json.loads(home.gateway.request("GET", "/v1/models")[2])
    assert [each["id"] for each in models["data"]] == ["good"]
    home.file.unlink()
    assert str(home.file) in home.hang_up(MISTAKE)["where"]
    assert home.gateway.answer("x") == "You said: x"
    assert "models.list" in home.reload('[models]\nlist = ["better"]\n')["changed"]


def test_every_mistake_has_its_line(house):
    home = house()
    home.reload("[limits]\nqueue_max = 0\n[server]\nprot = 1\n[nothing]\nx = 1\n", MISTAKE)
    wait_until(lambda: sum(1 for line in home.gateway.log_lines if line.get("msg") == MISTAKE) == 3,
               5, "three lines")


def test_unchanged_file_changes_nothing(house):
    home = house("[limits]\nqueue_max = 5\n")
    assert home.hang_up()["changed"] == ""


# -- what takes effect

def test_log_level_changes(house):
    home = house('[log]\nlevel = "info"\n', log__level=None)
    gateway = home.gateway

    def requests():
        return sum(1 for line in list(gateway.log_lines) if line.get("msg") == "request ended")
    gateway.answer("x")
    wait_until(lambda: requests() == 1, 5, "the line of the first request")
    # At this level nothing says that it is read; its other key shows it, and changes later.
    home.file.write_text('[log]\nlevel = "error"\n[models]\nlist = ["quiet"]\n')
    gateway.process.send_signal(signal.SIGHUP)
    wait_until(lambda: b"quiet" in gateway.request("GET", "/v1/models")[2], 5, "the new values")
    gateway.answer("unseen")
    home.reload("[log]\nlevel = 1\n", MISTAKE)  # a line that comes after all others
    before = requests()
    gateway.answer("unseen")
    home.hang_up(MISTAKE)
    assert requests() == before
    home.reload('[log]\nlevel = "info"\n')
    gateway.answer("x")
    wait_until(lambda: requests() > before, 5, "the line of the third request")


def test_variable_still_wins_over_the_file(house):
    home = house('[log]\nlevel = "warning"\n', log__level="debug")
    assert home.reload('[log]\nlevel = "error"\n')["changed"] == ""


def test_keys_come_and_go(house):
    root = key_table("root", ADMIN, admin=True)
    home = house(root + key_table("alice", ALICE), key=ADMIN)
    gateway = home.gateway

    def may(key):
        return gateway.request("GET", "/v1/models", key=key)[0] == 200
    assert may(ALICE) and not may(BOB)
    kept = gateway.connection()

    def may_on_the_open_connection(key):
        kept.request("GET", "/v1/models", headers={"Authorization": f"Bearer {key}"})
        answer = kept.getresponse()
        answer.read()
        return answer.status == 200
    assert may_on_the_open_connection(ALICE)
    socket_before = kept.sock
    gateway.answer("[[say:noted]] I am Alice", key=ALICE, conversation_id="c")
    running = ChatStream(gateway, "[[text:40]][[delay:20]]", key=ALICE).open()
    running.read_contents(1)
    assert home.reload(root + key_table("bob", BOB))["changed"] == "auth.keys"
    assert may(BOB) and not may(ALICE)
    assert may_on_the_open_connection(BOB) and not may_on_the_open_connection(ALICE)
    assert kept.sock is socket_before
    kept.close()
    running.read_all()  # what was let in may end
    assert running.finish_reasons() == ["stop"]
    # Under her name again, with another key: her conversations are still hers.
    home.reload(root + key_table("alice", ALICE + "2") + key_table("bob", BOB))
    assert may(ALICE + "2") and may(BOB) and not may(ALICE)
    told = json.loads(gateway.answer("[[dialogue]]", key=ALICE + "2", conversation_id="c"))
    assert told["messages"][1] == ["assistant", "noted"]


def test_key_in_a_file_is_read_anew(house, tmp_path):
    secret = tmp_path / "key"
    secret.write_text(ALICE)
    home = house(f'{key_table("root", ADMIN, admin=True)}[[auth.keys]]\nname = "alice"\n'
                 f'file = "{secret}"\n', key=ADMIN)
    secret.write_text(BOB)
    assert "auth.keys" in home.hang_up()["changed"]
    statuses = [home.gateway.request("GET", "/v1/models", key=key)[0] for key in (ALICE, BOB)]
    assert statuses == [401, 200]
    secret.write_text("short")
    assert "16 characters" in home.hang_up(MISTAKE)["problem"]
    assert home.gateway.request("GET", "/v1/models", key=BOB)[0] == 200


def test_removing_the_last_key_beyond_loopback_is_refused(house):
    home = house(key_table("root", ADMIN, admin=True), key=ADMIN, server__host="0.0.0.0")
    gateway = home.gateway
    gateway.host = "127.0.0.1"
    for text in ("", "[server]\nallowed_hosts = [\"x\"]\n"):
        line = home.reload(text, REFUSED)
        assert "0.0.0.0" in line["problem"] and "API keys" in line["problem"]
        assert gateway.request("GET", "/v1/models", key=None)[0] == 401
        assert gateway.request("GET", "/v1/models")[0] == 200
    home.reload(key_table("root", ADMIN, admin=True) + key_table("bob", BOB))
    assert gateway.request("GET", "/v1/models", key=BOB)[0] == 200


def test_last_key_of_a_loopback_gateway_may_go(house):
    home = house(key_table("root", ADMIN, admin=True), key=ADMIN)
    assert home.gateway.request("GET", "/v1/models", key=None)[0] == 401
    home.reload("")
    assert home.gateway.request("GET", "/v1/models", key=None)[0] == 200
    home.gateway.wait_log(lambda line: line["msg"].startswith("no API key is left"), 5)


def test_more_processes_serve_who_waits(house):
    home = house("[claude]\nmax_concurrent_sessions = 1\n")
    gateway = home.gateway
    first = ChatStream(gateway, LONG, conversation_id="a").open()
    first.read_contents(1)
    second = in_background(gateway.answer, "me too", conversation_id="b")
    wait_until(lambda: gateway.stats()["queue"]["length"] == 1, 5, "the second one to wait")
    home.reload("[claude]\nmax_concurrent_sessions = 2\n")
    second.join(5)
    assert second.result == "You said: me too"
    assert gateway.stats()["processes"]["max"] == 2 and len(gateway.cli_pids()) == 2
    first.hang_up()


def test_fewer_processes_end_no_turn_and_no_more_than_those_stay(house):
    home = house("[claude]\nmax_concurrent_sessions = 3\n")
    gateway = home.gateway
    streams = [ChatStream(gateway, "[[text:40]][[delay:10]]", conversation_id=f"c{n}").open()
               for n in range(3)]
    for stream in streams:
        stream.read_contents(1)
    home.reload("[claude]\nmax_concurrent_sessions = 1\n")
    for stream in streams:
        assert stream.read_all().finish_reasons() == ["stop"]
    gateway.wait_cli_count(1)
    assert gateway.answer("x") == "You said: x"


def test_what_can_not_change_is_named(house):
    home = house("[limits]\nqueue_max = 5\n", server__port=None, server__io_threads=None,
                 environment={"CLAUDE_CODE__SERVER__PORT": "0"})
    gateway = home.gateway
    line = home.reload("[server]\nport = 8081\nio_threads = 7\n[limits]\nqueue_max = 6\n",
                       RESTART)
    assert "server.io_threads" in line["keys"] and "limits.queue_max" not in line["keys"]
    assert gateway.stats()["queue"]["max"] == 6
    threads = gateway.threads()
    home.hang_up(RESTART)  # named as long as file and gateway differ
    assert gateway.threads() == threads


def test_port_change_is_named_and_waits_for_a_restart(binary, fake_claude, tmp_path, start):
    file = tmp_path / "mine.toml"
    file.write_text("[server]\nport = 0\n")
    gateway = start(fake_claude, {"ANTHROPIC_API_KEY": "x"}, ("--config", str(file)),
                    server__port=None)
    file.write_text("[server]\nport = 1\n")
    line = gateway.wait_next_log(lambda line: line.get("msg") == RESTART,
                                 lambda: gateway.process.send_signal(signal.SIGHUP))
    assert line["keys"] == "server.port"
    assert gateway.answer("x") == "You said: x"


def test_lists_of_hosts_and_origins_change(house):
    home = house()
    gateway = home.gateway

    def asks(**shown):
        return gateway.request("GET", "/v1/models", headers=shown)[0]
    assert (asks(Host="gateway.lan"), asks(Origin="http://page.test")) == (421, 403)
    home.reload('[server]\nallowed_hosts = ["gateway.lan"]\n'
                '[cors]\nallowed_origins = ["http://page.test"]\n')
    assert (asks(Host="gateway.lan"), asks(Origin="http://page.test")) == (200, 200)
    home.reload("")
    assert (asks(Host="gateway.lan"), asks(Origin="http://page.test")) == (421, 403)


# -- certificates

def serial_of(gateway, authority):
    """The serial number of the certificate that the gateway shows."""
    trust = ssl.create_default_context(cafile=authority.certificate)
    with socket.create_connection((gateway.host, gateway.port), 10) as raw, \
            trust.wrap_socket(raw, server_hostname="localhost") as made:
        return int(made.getpeercert()["serialNumber"], 16)


def test_certificate_is_replaced(house, tmp_path):
    authority = Authority(tmp_path)
    certificate, key = authority.issue("server", serial=1)
    home = house("", tls__certificate_file=certificate, tls__private_key_file=key)
    gateway = home.gateway
    gateway.trust(authority.certificate)
    assert serial_of(gateway, authority) == 1
    running = ChatStream(gateway, "[[text:40]][[delay:20]]").open()
    running.read_contents(1)
    authority.issue("server", serial=2)  # over the old files
    home.hang_up()
    assert serial_of(gateway, authority) == 2
    assert running.read_all().finish_reasons() == ["stop"]
    good = key.read_bytes()
    key.write_text("no key")
    line = home.hang_up("certificate is refused, the old configuration stays")
    assert "tls.private_key_file" in line["problem"] or "tls." in line["problem"]
    assert "no key" not in json.dumps(line)
    assert serial_of(gateway, authority) == 2
    key.write_bytes(good)
    home.hang_up()
    assert gateway.answer("x") == "You said: x"
