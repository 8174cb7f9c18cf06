"""Limits of requests and answers, each made small by its key."""

import gzip
import socket

import pytest

import pictures
from proc_tree import wait_until
from sse import ChatStream


# -- connections and heads

def raw(gateway, text, until=None):
    """Sends it on a connection of its own; what comes back until that is closed, or `until`."""
    with socket.create_connection((gateway.host, gateway.port), 10) as made:
        made.sendall(text)
        return heard(made, until)


def heard(made, until=None):
    said = b""
    try:
        while (part := made.recv(65536)):
            said += part
            if until and until in said:
                break
    except ConnectionResetError:
        pass
    return said


def get(gateway, more=b"", path=b"/health"):
    return b"GET " + path + b" HTTP/1.1\r\nHost: localhost:%d\r\n%s\r\n" % (gateway.port, more)


def test_limits_of_a_head(start_fake):
    gateway = start_fake(limits__requests_per_connection_max=3, limits__request_line_bytes_max=256,
                         limits__header_bytes_max=1024, limits__header_fields_max=8,
                         limits__keep_alive_timeout_seconds=0.2)
    usual = start_fake()
    close = b"Connection: close\r\n"
    for asked, status in ((get(gateway, close, b"/health?" + b"x" * 300), b"414"),
                          (get(gateway, close + b"X-Long: " + b"x" * 1100 + b"\r\n"), b"431"),
                          (get(gateway, close + b"X: x\r\n" * 9), b"431")):
        assert raw(gateway, asked).split()[1] == status
        own = asked.replace(b":%d\r" % gateway.port, b":%d\r" % usual.port)
        assert raw(usual, own).split()[1] == b"200"
    assert raw(gateway, get(gateway) * 3).count(b"200 OK") == 3  # closed after the third
    assert raw(gateway, get(gateway) * 2).count(b"200 OK") == 2  # closed as it idles


def test_connection_too_many(start_fake):
    gateway = start_fake(limits__connections_max=2)
    first, second = (socket.create_connection((gateway.host, gateway.port), 10) for _ in range(2))
    for made in (first, second):
        made.sendall(get(gateway))
        assert b"200 OK" in heard(made, b"OK")
    assert b" 503 " in raw(gateway, get(gateway))
    first.close()
    wait_until(lambda: b"200 OK" in raw(gateway, get(gateway), b"\n\r\n"), 5, "a free place")
    second.close()


# -- bodies

def post(gateway, length):
    return (b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost:%d\r\nContent-Type: "
            b"application/json\r\nContent-Length: %d\r\n\r\n" % (gateway.port, length))


def test_slow_bodies(start_fake):
    # A second's worth of each byte: the pause alone decides.
    patient = start_fake(limits__body_idle_timeout_seconds=0.8,
                         limits__body_bytes_per_second_min=1)
    strict = start_fake(limits__body_idle_timeout_seconds=0.8,
                        limits__body_bytes_per_second_min=1_000_000)
    assert b" 408 " in raw(patient, post(patient, 100) + b'{"messages"')

    def trickle(gateway, pieces):
        """Ten bytes each tenth of a second; the answer if one comes meanwhile."""
        with socket.create_connection((gateway.host, gateway.port), 10) as made:
            made.sendall(post(gateway, 10_000))
            made.settimeout(0.1)
            for _ in range(pieces):
                try:
                    made.sendall(b"x" * 10)
                    return made.recv(4096)
                except TimeoutError:
                    pass
        return b""
    assert b" 408 " in trickle(strict, 20)
    assert trickle(patient, 12) == b""


def test_large_bodies_together(start_fake):
    gateway = start_fake(limits__bodies_bytes_max=4 << 20)
    length = 3 << 20
    asking = post(gateway, length)[:-2] + b"Expect: 100-continue\r\n\r\n"
    with socket.create_connection((gateway.host, gateway.port), 10) as unfinished:
        unfinished.sendall(post(gateway, length) + b" " * (length - 1))
        wait_until(lambda: b" 503 " in raw(gateway, asking, b"\r\n\r\n"), 5, "a refusal")
        assert gateway.answer("x") == "You said: x"  # small ones go on
    wait_until(lambda: b" 100 " in raw(gateway, asking, b"\r\n\r\n"), 5, "room again")


def test_growth_of_an_encoded_body(start_fake):
    body = gzip.compress(b'{"messages": [' + b" " * (2 << 20) + b"]}")
    answers = [start_fake(**given).request("POST", "/v1/chat/completions", body,
                                           {"Content-Encoding": "gzip",
                                            "Content-Type": "application/json"})
               for given in ({}, {"limits__body_expansion_max": 2000})]
    assert [status for status, _, _ in answers] == [413, 400]
    assert b"limits.body_expansion_max" in answers[0][2]


def test_limits_of_a_bodys_json(start_fake):
    gateway, usual = (start_fake(**given) for given in (
        {"limits__json_depth_max": 8, "limits__json_values_max": 100, "limits__messages_max": 3},
        {}))
    deep = {"metadata": {}}
    for _ in range(8):
        deep = {"metadata": deep}
    messages = [{"role": role, "content": "x"} for role in ("user", "assistant") * 2][:-1]
    for fields in ({"x_deep": deep}, {"x_many": list(range(100))}):
        assert usual.chat("x", **fields)[0] == 200
        status, _, body = gateway.chat("x", **fields)
        assert status == 400, body
    more = [*messages, {"role": "assistant", "content": "x"}, {"role": "user", "content": "x"}]
    assert gateway.chat(messages)[0] == 200
    assert usual.chat(more)[0] == 200
    status, _, body = gateway.chat(more)
    assert status == 400 and "at most 3" in body["error"]["message"]


PIXEL = pictures.url(pictures.PNG)


def wide(more):
    """The same, 2000 pixels wide as its head has it, with so much behind it."""
    return ("data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAB9AAAAABCAYAAAAfFcSJ"
            + "AAAA" * more)


def test_limits_of_tools_and_pictures(start_fake):
    gateway = start_fake(limits__tools_max=2, limits__tools_bytes_max=1024,
                         limits__image_bytes_max=1024, limits__image_pixels_max=1000,
                         limits__images_max=2, limits__document_bytes_max=1024)

    def refusal(messages="x", **fields):
        status, _, body = gateway.chat(messages, **fields)
        assert status == 400, body
        return body["error"]["message"]

    tools = [{"name": name} for name in "abc"]
    assert "limits.tools_max" in refusal(tools=tools)
    assert "limits.tools_bytes_max" in refusal(tools=[{"name": "a", "description": "x" * 1024}])
    assert gateway.chat("x", tools=tools[:2], tool_choice="none")[0] == 200

    def shown(url):
        return [{"role": "user", "content": "look"},
                {"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "a"}}]},
                {"role": "tool", "content": [{"type": "image_url", "image_url": {"url": url}}]}]

    assert "limits.image_bytes_max" in refusal(shown(wide(300)))
    assert "limits.image_pixels_max" in refusal(shown(wide(100)))
    assert "valid base64" in refusal(shown(PIXEL[:-1]))

    paper = pictures.file(b"x" * 800, "text/plain")
    assert "limits.document_bytes_max" in refusal([{"role": "user", "content": [paper]}])

    dots = [pictures.shown(pictures.PNG)] * 3
    assert "limits.images_max" in refusal([{"role": "user", "content": dots}])
    assert gateway.chat([{"role": "user", "content": dots[:2]}], conversation_id="a")[0] == 200
    assert "limits.images_max" in refusal([{"role": "user", "content": dots[:1]}],
                                          conversation_id="a")


# -- answers

def test_limits_of_an_answer(start_fake):
    gateway = start_fake(limits__answer_bytes_max=1024, limits__stream_header_delay_seconds=0.05,
                         limits__stream_ping_interval_seconds=0.1)
    assert len(gateway.answer("[[big:1000]]")) == 1000
    status, _, body = gateway.chat("[[big:2000]]")
    assert status == 502 and "limits.answer_bytes_max" in body["error"]["message"], body
    stream = ChatStream(gateway, "[[first:1000]][[say:late]]", conversation_id="c").open()
    assert stream.status == 200
    assert gateway.stats()["turns"]["active"] == 1  # the head came before the answer
    assert stream.read_all().text() == "late" and stream.comments >= 3
    failing = ChatStream(start_fake(limits__stream_header_delay_seconds=30),
                         "[[first:2500]][[err:500]]").open()
    assert failing.status == 502
    failing.close()


def test_how_far_the_cli_may_be_ahead_of_its_client(start_fake, ledger):
    text = "[[big:12000000]][[size:4096]]"
    roomy = start_fake(limits__stream_buffer_bytes=64 << 20)
    stream = ChatStream(roomy, text, timeout=60).open()
    ledger.wait("result", 1, timeout=20)  # all said, though nobody reads
    stream.hang_up()
    narrow = start_fake(limits__stream_buffer_bytes=4096)
    stream = ChatStream(narrow, text, timeout=60).open()
    stream.read_contents(1)
    with pytest.raises(AssertionError):
        ledger.wait("result", 2, timeout=1.5)
    assert len(stream.read_all().text()) == 12_000_000
    ledger.wait("result", 2)
