"""Pictures that requests name by a URL or a path: what is loaded, and what never is."""

import ctypes
import itertools
import json
import os
import signal
import socket
import threading
import time

import pytest

from conftest import ANSWERS
from picture_host import Canary, PictureHost, raw
from pictures import ALL, GIF, PNG, noisy_png, of_request, png, shown, text, url
from proc_tree import wait_until
from resend import TELLS
from sse import ChatStream
from storm import resident_kib
from test_auth import ADMIN, ALICE, key_list, record
from test_pictures import user
from test_transport import Authority
from told import expected

NAMES = {"image/png": "a.png", "image/gif": "a.gif", "image/webp": "a.webp", "image/jpeg": "a.jpg"}


def named(where):
    return {"type": "image_url", "image_url": {"url": str(where)}}


def as_list(*texts):
    return json.dumps([str(each) for each in texts])


@pytest.fixture
def host():
    server = PictureHost({f"/{NAMES[kind]}": raw(data) for kind, data in ALL.items()})
    yield server
    server.stop()


@pytest.fixture
def directory(tmp_path):
    """With the pictures, and a secret beside it."""
    made = tmp_path / "pictures"
    made.mkdir()
    for kind, data in ALL.items():
        (made / NAMES[kind]).write_bytes(raw(data))
    (tmp_path / "secret.png").write_bytes(raw(PNG))
    return made


@pytest.fixture
def serves(start_fake, host, directory):
    """serves(**settings): a gateway that loads from both."""
    def start(**settings):
        return start_fake(images__private_hosts=as_list(f"127.0.0.1:{host.port}"),
                          file_access__additional_dirs=as_list(directory), **settings)
    return start


def refused(gateway, where, words, status=400, **options):
    got, _, body = gateway.chat([user(text("x"), named(where))], **options)
    assert got == status and words in body["error"]["message"], (where, body)
    if status == 400:
        assert body["error"]["param"] == "messages[0].content[1].image_url.url"
    return body["error"]["message"]


# -- what is loaded ------------------------------------------------------------------------------


@pytest.mark.real_cli
@pytest.mark.parametrize("source", ["data", "web", "path", "file"])
def test_every_format_from_every_source(start, cli, api, host, directory, source):
    gateway = start(cli, {**ANSWERS, "ANTHROPIC_BASE_URL": api.url},
                    images__private_hosts=as_list(f"127.0.0.1:{host.port}"),
                    file_access__additional_dirs=as_list(directory))
    where = {"data": lambda kind: url(ALL[kind], kind),
             "web": lambda kind: f"http://127.0.0.1:{host.port}/{NAMES[kind]}",
             "path": lambda kind: directory / NAMES[kind],
             "file": lambda kind: f"file://{directory}/{NAMES[kind]}"}[source]
    status, _, body = gateway.chat(
        [user(text("[[say:Dots.]]What are these?"), *(named(where(kind)) for kind in sorted(ALL)))])
    assert status == 200, body
    assert of_request(api.last().body)[-1][0] == [(kind, ALL[kind]) for kind in sorted(ALL)]
    assert not api.refusals


def test_streams_keys_and_choices_wait_for_pictures(serves, directory, host):
    gateway = serves()
    question = [user(text("[[say:A dot.]]What?"), named(directory / "a.png"))]
    stream = ChatStream(gateway, question).open()
    stream.read_all()
    assert stream.text() == "A dot."
    once = [gateway.request("POST", "/v1/chat/completions", {"messages": question},
                            headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert once[0][0] == 200 and once[0][2] == once[1][2]
    status, _, body = gateway.chat(question, n=2)
    assert status == 200 and len(body["choices"]) == 2
    assert gateway.chat([user(named(f"http://127.0.0.1:{host.port}/a.png"))])[0] == 200


def test_dialogue_goes_on_whatever_names_its_pictures(serves, directory, host):
    """A picture is what it shows: the same one by a path, a URL and as data is the same."""
    gateway = serves()
    where = [directory / "a.png", f"http://127.0.0.1:{host.port}/a.png", url(PNG)]
    messages = []
    for number, name in enumerate(where):
        messages.append(user(text(f"[[say:{number}]]and?")) if messages
                        else user(text("[[say:first]]What?"), named(name)))
        messages[0] = user(text("[[say:first]]What?"), named(name))
        status, headers, body = gateway.chat(messages)
        assert status == 200, body
        assert headers["x-ccapi-match"] == ("continued" if number else "fresh")
        messages.append(body["choices"][0]["message"])


def test_url_that_stands_twice_is_fetched_once(serves, host):
    gateway = serves()
    picture = named(f"http://127.0.0.1:{host.port}/a.png?x=1")
    other = named(f"http://127.0.0.1:{host.port}/a.png?x=2")
    assert gateway.chat([user(picture, other, picture), {"role": "assistant", "content": "x"},
                         user(picture, text("?"))])[0] == 200
    assert sorted(path for path, _ in host.seen) == ["/a.png?x=1", "/a.png?x=2"]


def test_host_learns_nothing_of_the_client(serves, host):
    gateway = serves()
    question = {"messages": [user(named(f"http://127.0.0.1:{host.port}/a.png"))]}
    status, _, _ = gateway.request("POST", "/v1/chat/completions", question,
                                   headers={"Cookie": "a=b", "Referer": "http://x/"})
    assert status == 200
    (_, headers), = host.seen
    assert set(headers) == {"Host", "User-Agent", "Accept"}
    assert headers["User-Agent"].startswith("claude-code-api/")


def test_redirect_is_followed_where_it_may_lead(serves, host):
    gateway, canary = serves(), Canary()
    here = f"http://127.0.0.1:{host.port}"
    host.pages |= {"/way": (302, {"Location": "/a.png"}, b""),
                   "/far": (301, {"Location": f"http://127.0.0.1:{canary.port}/"}, b""),
                   "/name": (302, {"Location": f"http://localhost:{canary.port}/"}, b""),
                   "/file": (302, {"Location": "file:///etc/passwd"}, b""),
                   "/gopher": (302, {"Location": f"gopher://127.0.0.1:{canary.port}/"}, b""),
                   "/round": (302, {"Location": "/round"}, b""), "/nowhere": (302, {}, b"")}
    assert gateway.chat([user(named(f"{here}/way"))])[0] == 200
    for path in ("far", "name", "file", "gopher", "round", "nowhere"):
        refused(gateway, f"{here}/{path}", "could not be fetched")
    assert canary.visits() == 0
    assert [path for path, _ in host.seen].count("/round") == 4


# -- what is not ---------------------------------------------------------------------------------


def test_nothing_is_loaded_by_default(fake_gateway, directory, host):
    refused(fake_gateway, directory / "a.png", "file_access.additional_dirs")
    refused(fake_gateway, f"http://127.0.0.1:{host.port}/a.png", "images.allowed_hosts")
    refused(fake_gateway, "https://example.org/a.png", "images.allowed_hosts")
    assert not host.seen


@pytest.mark.parametrize("kind", sorted(ALL))
def test_wrong_large_and_hostile_pictures(serves, directory, host, kind):
    gateway = serves(limits__image_bytes_max=2000, limits__image_pixels_max=50)
    name = NAMES[kind]
    other = ALL["image/gif" if kind != "image/gif" else "image/png"]
    damaged = raw(ALL[kind])[:len(raw(ALL[kind])) // 2]
    for content, words in ((b"MZ not a picture", "must be of type"), (damaged, ""),
                           (raw(ALL[kind]) + b"x" * 3000, "larger"),
                           (raw(png(51, 3)), "50 pixels"),
                           (b"", "must be of type"), (b"<svg onload=alert(1)>", "must be of type")):
        host.pages["/" + name] = content
        (directory / name).write_bytes(content)
        for where in (directory / name, f"http://127.0.0.1:{host.port}/{name}"):
            refused(gateway, where, words)
    # What its name says does not count: its bytes do.
    (directory / name).write_bytes(raw(other))
    assert gateway.chat([user(named(directory / name))])[0] == 200


def test_what_is_not_there_tells_no_more_than_that(serves, host):
    """Closed ports, missing pages, failing servers and addresses that nobody may ask: one text."""
    gateway = serves(images__allowed_hosts=as_list("localhost", "closed.invalid", "127.0.0.1:1",
                                                   "10.0.0.1", "169.254.169.254"))
    free = socket.socket()
    free.bind(("127.0.0.1", 0))
    closed = free.getsockname()[1]
    host.pages |= {"/broken": lambda to: to.wfile.write(b"nonsense\r\n\r\n"), "/error": 500,
                   "/secret": 403, "/partial": (206, {}, raw(PNG)),
                   "/short": (200, {"Content-Length": 10_000}, raw(PNG))}
    here = f"http://127.0.0.1:{host.port}"
    texts = {refused(gateway, where, "could not be fetched") for where in (
        f"{here}/absent", f"{here}/broken", f"{here}/error", f"{here}/secret", f"{here}/partial",
        f"{here}/short", "http://localhost/", "http://closed.invalid/", "http://127.0.0.1:1/",
        "http://10.0.0.1/", "http://169.254.169.254/latest/meta-data/")}
    assert len(texts) == 1
    for words in ("no address: ", "HTTP status 403", "not public"):  # the operator is told
        gateway.wait_log(lambda line: words in str(line), 5)
    refused(gateway, f"http://127.0.0.1:{closed}/", "images.allowed_hosts")
    assert all(word not in next(iter(texts)) for word in ("127.0.0.1", "refused", "resolve"))


def spellings(port):
    """URLs that lead, or would lead, to this machine or its neighbours."""
    hosts = ["127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1",
             "017700000001", "0x7f.0x0.0x0.0x1", "127.000.000.001", "0", "0.0.0.0", "00", "0x0",
             "localhost", "LOCALHOST", "localhost.", "127.0.0.1.", "[::1]", "[::]", "[0:0:0:0:0:0:0:1]",
             "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::127.0.0.1]",
             "[2002:7f00:1::]", "[::ffff:0:127.0.0.1]", "[fe80::1%25lo]", "[fe80::1]", "[ff02::1]",
             "%31%32%37.0.0.1", "127.0.0.1%2e", "①②⑦.⓪.⓪.①", "127。0。0。1", "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ",
             "10.0.0.1", "192.168.0.1", "172.16.0.1", "169.254.169.254", "100.64.0.1",
             "metadata.google.internal", "example.org@127.0.0.1", "127.0.0.1#example.org",
             "127.0.0.1\\@example.org", "example.org\\@127.0.0.1", "[127.0.0.1]", "127.0.0.1:80@x"]
    shapes = ["http://{h}:{p}/a.png", "https://{h}:{p}/a.png", "HTTP://{h}:{p}", "http://{h}/a.png",
              "http:{h}:{p}/a.png", "http:\\\\{h}:{p}/", "http:///{h}:{p}/", "//{h}:{p}/a.png",
              "ftp://{h}:{p}/a.png", "gopher://{h}:{p}/_x", "dict://{h}:{p}/x", "file://{h}/etc/passwd",
              " http://{h}:{p}/", "http://{h}:{p}\r\nX: y", "url:http://{h}:{p}/",
              "jar:http://{h}:{p}!/", "http://u:p@{h}:{p}/", "http://{h}:0{p}/", "http://{h}:{p}\t/"]
    return [shape.format(h=h, p=port) for shape, h in itertools.product(shapes, hosts)]


def test_no_spelling_of_a_url_leads_inside(start_fake):
    canary, six = Canary(), None
    try:
        six = Canary("::1")
    except OSError:
        pass  # no IPv6 here
    ports = [canary.port] + ([six.port] if six else [])
    # Even where somebody has allowed the names: an address that is not public is not asked.
    allowed = ["*"] + [f"{name}:{port}" for port in ports for name in (
        "127.0.0.1", "localhost", "localhost.", "[::1]", "0.0.0.0", "[::]", "127.1", "10.0.0.1",
        "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::127.0.0.1]")]
    gateway = start_fake(images__allowed_hosts=as_list(*allowed), images__timeout_seconds=3,
                         images__connect_timeout_seconds=1)
    tried = 0
    for port in ports:
        for where in spellings(port):
            status, _, body = gateway.chat([user(named(where))])
            assert status == 400, (where, body)
            tried += 1
    assert tried >= 200
    assert canary.visits() == 0 and (six is None or six.visits() == 0)


def test_no_path_leads_outside(serves, directory, tmp_path):
    gateway = serves()
    (directory / "link.png").symlink_to(tmp_path / "secret.png")
    (directory / "inner.png").symlink_to(directory / "a.png")
    (directory / "way").symlink_to(tmp_path)
    (directory / "root").symlink_to("/")
    (directory / "self").symlink_to("/proc/self")
    (directory / "loop").symlink_to(directory / "loop")
    os.mkfifo(directory / "pipe.png")
    (directory / "folder.png").mkdir()
    (directory / "locked.png").write_bytes(raw(PNG))
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(directory / "socket.png"))
    inside = ["link.png", "way/secret.png", "root/etc/passwd", "self/environ", "self/cwd/a.png",
              "loop", "pipe.png", "folder.png", "socket.png", "absent.png", "a.png/x", "inner.png",
              "self/root/etc/passwd", "way/pictures/a.png", "root/dev/zero", "a.png\n", "a.png "]
    outside = ["../secret.png", "../pictures/a.png", "./a.png", "x/../a.png", "../../etc/passwd",
               "//a.png", "..", ".", "", "/", "../pictures2/a.png", "..%2fsecret.png", "a.png/..",
               "a.png/", "way/../a.png", "....//secret.png", "\0", "a.png\0.jpg"]
    absolute = ["/etc/passwd", "/proc/self/environ", "/proc/self/fd/0", "/dev/zero", "/dev/stdin",
                "/proc/1/root/etc/passwd", str(tmp_path / "secret.png"), str(directory),
                f"{directory}2/a.png", "/", "//", "///etc/passwd", "/./etc/passwd", "~/a.png",
                "a.png", "./a.png", "../a.png", "", " /etc/passwd", "\\etc\\passwd", "C:\\a.png"]
    tried = 0
    for where in [f"{directory}/{name}" for name in inside + outside] + absolute:
        for form in (where, "file://" + where, "file://localhost" + where, "file:" + where):
            status, _, body = gateway.chat([user(named(form))])
            message = body["error"]["message"] if status == 400 else (form, body)
            assert status == 400 and "root:" not in message, message
            tried += 1
    assert tried >= 100
    percent = "".join(f"%{byte:02x}" for byte in str(directory / "a.png").encode())
    assert gateway.chat([user(named("file:///" + percent[3:]))])[0] == 200
    assert gateway.chat([user(named("file://" + str(tmp_path) + "/%2e%2e/secret.png"))])[0] == 400


def exchange_names(a, b):
    """Atomically (renameat2, RENAME_EXCHANGE)."""
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.renameat2(-100, os.fsencode(a), -100, os.fsencode(b), 2) == 0


def test_races_with_links_win_nothing(serves, directory, tmp_path):
    """While somebody swaps a picture, and its directory, for links to secrets."""
    secret = png(3, 3, 77)
    told = expected([user(text("?"), shown(PNG))])
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/a.png").write_bytes(raw(secret))
    (directory / "link.png").symlink_to(tmp_path / "outside/a.png")
    (directory / "deep").mkdir()
    (directory / "deep/a.png").write_bytes(raw(PNG))
    (directory / "deep-link").symlink_to(tmp_path / "outside")
    gateway = serves(script=TELLS)
    over = threading.Event()

    def swap():
        while not over.is_set():
            exchange_names(directory / "a.png", directory / "link.png")
            exchange_names(directory / "deep", directory / "deep-link")

    thread = threading.Thread(target=swap)
    thread.start()
    seconds = float(os.environ.get("CCAPI_RACE_SECONDS", 3))
    end, seen = time.monotonic() + seconds, set()
    try:
        while time.monotonic() < end:
            for name in ("a.png", "deep/a.png"):
                status, _, body = gateway.chat([user(text("?"), named(directory / name))])
                seen.add(status)
                assert status == 400 or body["choices"][0]["message"]["content"].startswith(told)
    finally:
        over.set()
        thread.join()
    assert 200 in seen


# -- limits and faults ---------------------------------------------------------------------------


def test_slow_and_endless_hosts_take_no_longer_than_they_may(serves, host):
    def slow(to):
        to.send_response(200)
        to.end_headers()
        while not host.held.wait(0.05):
            to.wfile.write(b"\x89PNG"[:1])

    def endless(to):
        to.send_response(200)
        to.end_headers()
        to.wfile.write(raw(PNG))
        while not host.held.is_set():
            to.wfile.write(b"x" * 65536)

    def trailers(to):
        to.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n")
        while not host.held.is_set():
            to.wfile.write(b"A:\r\n" * 10_000)

    host.pages |= {"/slow": slow, "/endless": endless, "/trailers": trailers,
                   "/silent": lambda to: host.held.wait(30)}
    gateway = serves(images__timeout_seconds=1)
    here = f"http://127.0.0.1:{host.port}"
    for path in ("slow", "silent"):
        begin = time.monotonic()
        refused(gateway, f"{here}/{path}", "could not be fetched")
        assert time.monotonic() - begin < 5
    refused(gateway, f"{here}/endless", "larger")
    before = resident_kib(gateway.pid)
    refused(gateway, f"{here}/trailers", "could not be fetched")
    assert resident_kib(gateway.pid) < before + 8192
    assert gateway.chat([user(named(f"{here}/a.png"))])[0] == 200


def test_more_than_may_wait_is_refused_for_now(serves, host):
    arrived = threading.Semaphore(0)

    def held(to):
        arrived.release()
        host.held.wait(30)
        to.wfile.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")

    host.pages["/held"] = held
    gateway = serves(images__loads_max=1, images__waiting_max=1, images__timeout_seconds=60)
    where = f"http://127.0.0.1:{host.port}/held?"
    statuses = []

    def ask(number):
        statuses.append(gateway.chat([user(named(f"{where}{number}"))])[0])

    waiting = [threading.Thread(target=ask, args=(1,))]
    waiting[0].start()
    arrived.acquire()
    for number in (2, 3):
        waiting.append(threading.Thread(target=ask, args=(number,)))
        waiting[-1].start()
    while len(statuses) < 1:  # one of the two finds no room
        time.sleep(0.01)
    assert statuses == [503]
    host.held.set()
    for each in waiting:
        each.join()
    assert sorted(statuses) == [400, 400, 503]


def test_client_that_leaves_and_gateway_that_ends_wait_for_nobody(serves, host):
    arrived = threading.Semaphore(0)

    def held(to):
        arrived.release()
        host.held.wait(30)

    host.pages["/held"] = held
    gateway = serves(images__timeout_seconds=60)
    question = [user(named(f"http://127.0.0.1:{host.port}/held"))]
    before = gateway.stats()["turns"]
    leaves = ChatStream(gateway, question)
    arrived.acquire()
    leaves.close()
    stays = ChatStream(gateway, question)
    arrived.acquire()
    assert gateway.stats()["turns"] == before
    gateway.process.send_signal(signal.SIGTERM)
    assert stays.open().status == 503
    assert gateway.process.wait(8) == 0
    gateway.stopped, gateway.tree = True, []


@pytest.mark.parametrize("leaves", [False, True])
def test_gateway_ends_while_a_repeatable_request_loads(serves, host, leaves):
    """Also where its client has left, and the request goes on for it to come back."""
    arrived = threading.Semaphore(0)

    def held(to):
        arrived.release()
        host.held.wait(30)

    host.pages["/held"] = held
    gateway = serves(images__timeout_seconds=60)
    stream = ChatStream(gateway, [user(named(f"http://127.0.0.1:{host.port}/held"))],
                        headers={"Idempotency-Key": "k"})
    arrived.acquire()
    if leaves:
        stream.close()
        gateway.health()
        gateway.health()
    gateway.process.send_signal(signal.SIGTERM)
    if not leaves:
        assert stream.open().status == 503
    assert gateway.process.wait(8) == 0
    gateway.stopped, gateway.tree = True, []


def test_nothing_is_loaded_any_more_while_the_gateway_ends(serves, host):
    gateway = serves()
    runs = ChatStream(gateway, "[[first:1000]][[say:late]]")
    body = json.dumps({"messages": [user(named(f"http://127.0.0.1:{host.port}/a.png"))]}).encode()
    late = gateway.connection()
    late.putrequest("POST", "/v1/chat/completions")
    late.putheader("Content-Type", "application/json")
    late.putheader("Content-Length", str(len(body)))
    late.endheaders()
    gateway.wait_cli_count(1)
    gateway.process.send_signal(signal.SIGTERM)
    gateway.wait_log(lambda line: line["msg"] == "gateway drains", 5)
    late.send(body)
    assert late.getresponse().status == 503
    late.close()
    assert runs.open().read_all().text() == "late" and not host.seen
    assert gateway.process.wait(8) == 0
    gateway.stopped, gateway.tree = True, []


def test_picture_that_stands_in_many_places_counts_at_each(serves, directory):
    gateway = serves(limits__body_bytes_max=4096)
    (directory / "noise.png").write_bytes(raw(noisy_png(40, 1)))  # 2.3 kB of base64
    picture = named(directory / "noise.png")
    assert gateway.chat([user(picture, text("x"))])[0] == 200
    status, _, body = gateway.chat([user(picture, picture, text("x"))])
    assert status == 400 and "limits.body_bytes_max" in body["error"]["message"], body


def test_memory_is_held_for_what_came_only(serves, directory):
    """A small picture is no reason to refuse others, however large it might have been."""
    gateway = serves(limits__bodies_bytes_max=1 << 20)
    waits = []
    for number in range(8):
        waits.append(ChatStream(gateway, [user(named(directory / "a.png"),
                                               text("[[first:2000]]x"))]))
        wait_until(lambda: gateway.stats()["turns"]["active"] == number + 1, 5, "the turn")
    assert [each.open().status for each in waits] == [200] * 8
    for each in waits:
        each.read_all()


@pytest.mark.parametrize("key, wrong", [
    ("allowed_hosts", "https://example.org"), ("allowed_hosts", "example.org/a"),
    ("allowed_hosts", "*.example.org"), ("allowed_hosts", "fe80::1"), ("allowed_hosts", ""),
    ("private_hosts", "*"), ("private_hosts", "a:b")])
def test_hosts_that_can_never_be_met_are_no_configuration(program, tmp_path, key, wrong):
    file = tmp_path / "mine.toml"
    file.write_text(f"[images]\n{key} = [\"{wrong}\"]\n")
    assert f"images.{key}" in program("--config", file, "--check-config", expect=78)[1]


def test_certificates_are_checked(start_fake, tmp_path):
    authority = Authority(tmp_path)
    server = PictureHost({"/a.png": raw(PNG)}, tls=authority.issue("server"))
    where = f"https://127.0.0.1:{server.port}/a.png"
    hosts = as_list(f"127.0.0.1:{server.port}")
    try:
        refused(start_fake(images__private_hosts=hosts), where, "could not be fetched")
        trusting = start_fake(images__private_hosts=hosts, images__ca_file=authority.certificate)
        assert trusting.chat([user(named(where))])[0] == 200
    finally:
        server.stop()


def test_key_reads_its_own_directories(start_fake, directory, tmp_path):
    own = tmp_path / "own"
    own.mkdir()
    (own / "a.png").write_bytes(raw(GIF))
    gateway = start_fake(
        key=ADMIN, auth__keys=key_list(record("alice", ALICE, additional_dirs=str(own))),
        file_access__additional_dirs=as_list(directory))
    assert gateway.chat([user(named(directory / "a.png"))])[0] == 200
    refused(gateway, own / "a.png", "outside")
    assert gateway.chat([user(named(own / "a.png"))], key=ALICE)[0] == 200
    refused(gateway, directory / "a.png", "outside", key=ALICE)


def test_no_proxy_of_the_environment_is_asked(start_fake, host, directory):
    canary = Canary()
    proxy = f"http://127.0.0.1:{canary.port}"
    gateway = start_fake(environment={name: proxy for name in (
        "http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")},
        images__private_hosts=as_list(f"127.0.0.1:{host.port}"))
    assert gateway.chat([user(named(f"http://127.0.0.1:{host.port}/a.png"))])[0] == 200
    assert canary.visits() == 0


