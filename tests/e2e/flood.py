"""Clients that mean no good, in a process of their own so that they don't slow the test down:
python3 flood.py ADDRESS PORT KIND CONNECTIONS. A line for each connection that has begun; runs until
its standard input ends. Its last line tells how many requests were answered with which status, as
JSON."""

import collections
import gzip
import itertools
import json
import socket
import sys
import threading
import zlib

MIB = 1 << 20
HEAD = ("POST /v1/chat/completions HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        "{extra}Content-Length: {length}\r\n\r\n")


def zeros(size, wbits):
    packer = zlib.compressobj(9, zlib.DEFLATED, wbits)
    return b"".join(packer.compress(bytes(MIB)) for _ in range(size // MIB)) + packer.flush()


def bombs():
    """(encoding, body): small ones that grow a thousand times, and one that is let in whole."""
    return [("gzip", zeros(32 * MIB, 31)), ("deflate", zeros(32 * MIB, 15)),
            ("gzip", gzip.compress(b'{"messages": [' + b" " * (MIB - 100))),
            ("gzip, gzip, gzip", gzip.compress(gzip.compress(zeros(32 * MIB, 31))))]


class Flood:
    def __init__(self, host, port, connections):
        self.address, self.name = (host, port), f"{host}:{port}"
        self.connections = connections
        self.statuses = collections.Counter()
        self.ended = threading.Event()

    def head(self, length, extra=""):
        return HEAD.format(host=self.name, length=length, extra=extra).encode()

    def ask(self, request):
        """One request on a connection of its own; gives its status, 0 where there is none."""
        try:
            with socket.create_connection(self.address, 30) as made:
                made.sendall(request)
                return int(made.recv(4096).split()[1])
        except (OSError, IndexError, ValueError):
            return 0

    def throw(self, number):
        """One of the requests after the other."""
        for turn in itertools.count(number):
            self.statuses[self.ask(self.requests[turn % len(self.requests)])] += 1
            if turn == number:
                print("begun", flush=True)
            if self.ended.is_set():
                return

    def hold_bodies(self, _):
        """31 MB, but for the last byte."""
        piece, length = b" " * MIB, 31 * MIB
        with socket.create_connection(self.address, 30) as made:
            try:
                made.sendall(self.head(length))
                for _ in range(length // MIB - 1):
                    made.sendall(piece)
                made.sendall(piece[1:])
                made.settimeout(0.5)
                self.statuses[made.recv(4096)[9:12].decode() or "closed"] += 1
            except TimeoutError:
                self.statuses["unfinished"] += 1
            except OSError:
                self.statuses["failed"] += 1
            print("sent", flush=True)
            self.ended.wait()

    def run(self, kind):
        work = self.hold_bodies if kind == "bodies" else self.throw
        if kind == "bombs":
            self.requests = [self.head(len(body), f"Content-Encoding: {coding}\r\n") + body
                             for coding, body in bombs()]
        else:  # as many that cost nothing
            self.requests = [self.head(2) + b"[]"]
        threads = [threading.Thread(target=work, args=(number,), daemon=True)
                   for number in range(self.connections)]
        for each in threads:
            each.start()
        sys.stdin.read()
        self.ended.set()
        for each in threads:
            each.join(40)


if __name__ == "__main__":
    flood = Flood(sys.argv[1], int(sys.argv[2]), int(sys.argv[4]))
    flood.run(sys.argv[3])
    print(json.dumps(flood.statuses))
