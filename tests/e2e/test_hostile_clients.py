"""Clients that are slow on purpose, and many at once: others do not notice, memory stays bounded."""

import json
import os
import signal
import socket
import time

from proc_tree import wait_until
from sse import ChatStream
from storm import bounds_memory, measured, resident_kib, slowest


def test_waiting_streams_are_served_in_order_and_not_mixed_up(start_fake, ledger):
    gateway = start_fake(claude__max_concurrent_sessions=8, limits__queue_max=64)
    running = [ChatStream(gateway, f"[[mark:s{n}]][[text:40]][[delay:20]]", timeout=60,
                          conversation_id=f"c{n}") for n in range(8)]
    for stream in running:
        stream.open().read_contents(1)
    for pid in gateway.cli_pids():  # however long the others take to come, these are still at it
        os.kill(pid, signal.SIGSTOP)
    waiting = []
    for n in range(8, 63):
        waiting.append(ChatStream(gateway, f"[[mark:s{n}]][[text:5]]", timeout=60,
                                  conversation_id=f"c{n}"))
        wait_until(lambda: gateway.stats()["queue"]["length"] == len(waiting), 5, "it to wait")
    for pid in gateway.cli_pids():
        os.kill(pid, signal.SIGCONT)
    memory = resident_kib(gateway.pid)
    # One that takes a byte a second of an answer that never ends.
    slow = socket.socket()
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.connect((gateway.host, gateway.port))
    body = b'{"stream":true,"messages":[{"role":"user","content":"[[big:200000000]][[size:4096]]"}]}'
    slow.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: %b:%d\r\n"
                 b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
                 % (gateway.host.encode(), gateway.port, len(body), body))
    for n, stream in enumerate(running):
        stream.read_all()
        assert stream.text() == "".join(f"s{n}-{i} " for i in range(40))
    for n, stream in enumerate(waiting, 8):
        stream.open().read_all()
        assert stream.text() == "".join(f"s{n}-{i} " for i in range(5)), stream.errors()
    order = [int(text[len("[[mark:s"):text.index("]]")]) for text in ledger.prompts()
             if "mark" in text]
    # First come, first served; those who start together may overtake each other.
    assert all(abs(n - place) < 8 for place, n in enumerate(order)), order
    wait_until(lambda: gateway.stats()["processes"]["busy"] == 1, 10, "the slow one to run")
    began = time.monotonic()
    while time.monotonic() - began < 3:
        slow.recv(1)
        time.sleep(1)
    grown = resident_kib(gateway.pid) - memory
    print(f"RSS growth beside a reader of 1 B/s: {grown} KiB")
    assert grown < 16 * 1024 or not bounds_memory(gateway.pid)
    slow.close()


def test_slow_headers_do_not_slow_down_others(start_fake, record_property):
    gateway = start_fake(limits__header_timeout_seconds=60, process_pool__turns_max=0)
    slowest(gateway)

    def beside_slow_headers():
        before = slowest(gateway)
        memory = resident_kib(gateway.pid)
        slow = []
        for _ in range(1000):
            connection = socket.create_connection((gateway.host, gateway.port))
            connection.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: loc")
            slow.append(connection)
        for connection in slow:
            connection.sendall(b"a")
        figures = {"p99 before ms": before, "p99 during ms": slowest(gateway),
                   "RSS growth KiB": resident_kib(gateway.pid) - memory}
        for connection in slow:
            connection.close()
        assert figures["RSS growth KiB"] < 64 * 1024 or not bounds_memory(gateway.pid), figures
        return figures

    # Twice, and what a busy machine may add to the slowest of 200, in a sanitized build more.
    added = 15 if bounds_memory(gateway.pid) else 50
    figures = measured(beside_slow_headers,
                       lambda f: f["p99 during ms"] < 2 * f["p99 before ms"] + added)
    record_property("figures", figures)


def test_slow_header_is_ended_with_408(start_fake):
    gateway = start_fake(limits__header_timeout_seconds=0.5)
    slow = socket.create_connection((gateway.host, gateway.port), timeout=10)
    slow.sendall(b"GET /health HTTP/1.1\r\nHos")
    assert b" 408 " in slow.recv(4096)
    slow.close()


def test_reader_that_takes_nothing_is_given_up(start_fake, ledger):
    gateway = start_fake(limits__write_stall_timeout_seconds=1)
    stream = ChatStream(gateway, "[[big:200000000]][[size:4096]]").open()
    stream.read_contents(1)
    wait_until(lambda: gateway.stats()["turns"]["active"] == 0, 15, "the turn to be given up")
    assert gateway.answer("x") == "You said: x"
    stream.close()


def test_answer_finds_its_client_however_much_was_sent_behind_the_request(start_fake):
    """Nothing is read any more then, and no deadline of the request is left."""
    gateway = start_fake(limits__header_timeout_seconds=0.2, limits__body_idle_timeout_seconds=0.2)
    body = json.dumps({"messages": [{"role": "user", "content": "[[first:1500]][[say:late]]"}]})
    request = (f"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost:{gateway.port}\r\n"
               f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n{body}")
    with socket.create_connection((gateway.host, gateway.port), timeout=20) as client:
        client.sendall(request.encode() + b"x" * (64 << 10))
        answer = client.recv(65536)
    assert answer.startswith(b"HTTP/1.1 200 ") and b"late" in answer
    assert gateway.answer("x") == "You said: x"
