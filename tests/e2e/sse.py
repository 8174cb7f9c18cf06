"""A raw reader of streamed chats: every line with the time it arrived, and the power to hang up."""

import http.client
import json
import socket
import struct
import time


class ChatStream:
    """One streaming POST /v1/chat/completions over a socket of its own."""

    def __init__(self, gateway, text, timeout=30, include_usage=True, key=...,
                 headers=None, **fields):
        messages = [{"role": "user", "content": text}] if isinstance(text, str) else text
        body = {"messages": messages, "stream": True, **fields}
        if include_usage:
            body["stream_options"] = {"include_usage": True}
        self.connection = gateway.connection(timeout)
        shown = gateway.authorization() if key is ... else {"Authorization": f"Bearer {key}"}
        self.connection.request("POST", "/v1/chat/completions", json.dumps(body).encode(),
                                {"Content-Type": "application/json", **shown, **(headers or {})})
        gateway.clients.append(self)
        self.socket = self.connection.sock
        self.answer = None
        self.frames = []
        self.comments = 0
        self.unread = b""
        self.cut = False  # the body came to an end without its last chunk

    def open(self):
        """Waits for the head of the answer."""
        self.answer = self.connection.getresponse()
        self.status = self.answer.status
        self.headers = {name.lower(): value for name, value in self.answer.getheaders()}
        return self

    def next(self):
        """The next data frame as (time, payload text); None at the end of the body."""
        while line := self.read_line():
            if line.startswith(b"data: "):
                self.frames.append((time.monotonic(), line[6:].decode().rstrip("\n")))
                return self.frames[-1]
            if line.startswith(b":"):
                self.comments += 1
        return None

    def read_line(self):
        """Empty at the end. Not by readline, which keeps a missing end to itself."""
        while b"\n" not in self.unread:
            try:
                piece = self.answer.read1(65536)
            except http.client.IncompleteRead:
                self.cut = True
                piece = b""
            if not piece:
                return b""
            self.unread += piece
        line, _, self.unread = self.unread.partition(b"\n")
        return line + b"\n"

    def read_all(self):
        """Reads to the end and closes."""
        while self.next():
            pass
        self.close()
        return self

    def close(self):
        if self.answer is not None:
            self.answer.close()
        self.connection.close()

    def read_contents(self, count):
        """Reads until `count` content deltas have come."""
        while len(self.contents()) < count and self.next():
            pass
        return self

    def chunks(self):
        """[(time, parsed chunk)] without the [DONE]."""
        return [(t, json.loads(text)) for t, text in self.frames if text != "[DONE]"]

    def contents(self):
        """[(time, text)] of non-empty content deltas."""
        return [(t, chunk["choices"][0]["delta"]["content"]) for t, chunk in self.chunks()
                if chunk.get("choices") and chunk["choices"][0]["delta"].get("content")]

    def text(self):
        return "".join(text for _, text in self.contents())

    def finish_reasons(self):
        return [chunk["choices"][0]["finish_reason"] for _, chunk in self.chunks()
                if chunk.get("choices") and chunk["choices"][0].get("finish_reason")]

    def errors(self):
        return [chunk["error"] for _, chunk in self.chunks() if "error" in chunk]

    def done(self):
        """The answer is whole."""
        return not self.cut and bool(self.frames) and self.frames[-1][1] == "[DONE]"

    def failed(self):
        """The stream ends with its only error, and with nothing that could be taken for the end of
        an answer."""
        return (self.cut and len(self.errors()) == 1 and "error" in json.loads(self.frames[-1][1])
                and not self.finish_reasons())

    def hang_up(self, reset=False):
        """Closes the socket in the middle: FIN, or RST."""
        if reset:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            self.socket.shutdown(socket.SHUT_RDWR)
        self.close()
        return time.monotonic()
