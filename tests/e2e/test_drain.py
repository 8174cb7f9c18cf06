"""SIGTERM: what runs may finish, what is new is refused, nobody is cut off without a word."""

import http.client
import json
import signal
import socket
import threading
import time

import pytest

from proc_tree import wait_until
from sse import ChatStream


def terminate(gateway, number=signal.SIGTERM):
    gateway.process.send_signal(number)
    gateway.wait_log(lambda line: line.get("msg") == "gateway drains", 5)


def wait_exit(gateway, seconds):
    code = gateway.process.wait(seconds)
    gateway.tree, gateway.stopped = [], True
    return code


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_idle_gateway_ends_at_once(start_fake, number, record_property):
    gateway = start_fake()
    for n in range(3):
        gateway.answer("x", conversation_id=f"c{n}")
    began = time.monotonic()
    gateway.process.send_signal(number)
    assert wait_exit(gateway, 5) == 0
    took = time.monotonic() - began
    record_property("figures", {"idle exit ms": round(took * 1000)})
    print(f"idle exit {took * 1000:.0f} ms")
    assert took < 1.5


def test_every_stream_finishes_or_is_told(start_fake, record_property):
    deadline = 3
    gateway = start_fake(claude__max_concurrent_sessions=50, limits__drain_timeout_seconds=deadline)
    # Some end long before the deadline, some never would.
    delays = [20 if n % 2 else 2000 for n in range(50)]
    streams = [ChatStream(gateway, f"[[text:20]][[delay:{delay}]]", conversation_id=f"c{n}")
               for n, delay in enumerate(delays)]
    for stream in streams:
        stream.open().read_contents(1)
    readers = [threading.Thread(target=stream.read_all) for stream in streams]
    began = time.monotonic()
    gateway.process.terminate()
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert wait_exit(gateway, deadline + 6) == 0
    took = time.monotonic() - began
    print(f"drain of 50 streams {took:.2f} s, deadline {deadline} s")
    record_property("figures", {"drain s": round(took, 2)})
    for stream, delay in zip(streams, delays):
        if stream.done():
            assert stream.text() == "".join(f"w{i} " for i in range(20)) and not stream.errors()
        else:
            assert stream.failed() and delay == 2000
    assert sum(1 for stream in streams if stream.done()) == 25
    assert took < deadline + 5


def test_new_work_is_refused_and_the_connection_closed(fake_gateway):
    body = json.dumps({"messages": [{"role": "user", "content": "x"}]})
    held = socket.create_connection((fake_gateway.host, fake_gateway.port), timeout=10)
    held.sendall(b"POST /v1/chat/completions HTTP/1.1\r\n")
    running = ChatStream(fake_gateway, "[[text:30]][[delay:50]]").open()
    running.read_contents(1)
    terminate(fake_gateway)
    held.sendall(f"Host: {fake_gateway.host}:{fake_gateway.port}\r\n"
                 f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
                 f"{body}".encode())
    answer = http.client.HTTPResponse(held)
    answer.begin()
    assert answer.status == 503 and answer.getheader("connection") == "close"
    assert json.loads(answer.read())["error"]["code"] == "draining"
    held.close()
    with pytest.raises(OSError):
        fake_gateway.request("GET", "/health", timeout=2)
    running.read_all()
    assert running.finish_reasons() == ["stop"]
    assert wait_exit(fake_gateway, 8) == 0


def test_turn_that_waits_for_a_process_is_told(start_fake):
    gateway = start_fake(claude__max_concurrent_sessions=1, limits__drain_timeout_seconds=0.5)
    first = ChatStream(gateway, "[[text:1000]][[delay:50]]", conversation_id="a").open()
    first.read_contents(1)
    second = ChatStream(gateway, "never", conversation_id="b")
    wait_until(lambda: gateway.stats()["queue"]["length"] == 1, 5, "the second one to wait")
    gateway.process.terminate()
    second.open()
    if second.status == 200:
        assert [error["code"] for error in second.read_all().errors()] == ["draining"]
    else:
        assert second.status == 503
    first.read_all()
    assert first.failed()
    assert wait_exit(gateway, 8) == 0


def test_second_signal_ends_it_at_once(start_fake):
    gateway = start_fake(limits__drain_timeout_seconds=60)
    stream = ChatStream(gateway, "[[text:1000]][[delay:50]]").open()
    stream.read_contents(1)
    terminate(gateway)
    began = time.monotonic()
    gateway.process.terminate()
    stream.read_all()
    assert stream.failed()
    assert wait_exit(gateway, 10) == 0
    assert time.monotonic() - began < 8
