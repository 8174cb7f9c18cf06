"""A web server with pictures, and a port that nobody may come to."""

import base64
import http.server
import socket
import ssl
import threading


class PictureHost:
    """GET /NAME answers with what `pages` has: bytes, a status, or (status, headers, bytes). Any
    request is kept in `seen`: (path, headers)."""

    def __init__(self, pages, tls=None, address="127.0.0.1"):
        self.pages, self.seen = pages, []
        self.held = threading.Event()
        host = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                host.seen.append((self.path, dict(self.headers)))
                host.answer(self)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer((address, 0), Handler)
        self.server.daemon_threads = True
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, to):
        page = self.pages.get(to.path.split("?")[0], 404)
        if callable(page):
            return page(to)
        status, headers, body = page if isinstance(page, tuple) else \
            (page, {}, b"") if isinstance(page, int) else (200, {}, page)
        to.send_response(status)
        for name, value in {"Content-Length": len(body), **headers}.items():
            to.send_header(name, str(value))
        to.end_headers()
        to.wfile.write(body)

    def stop(self):
        self.held.set()
        self.server.shutdown()
        self.server.server_close()


class Canary:
    """Listens and answers nobody; counts who comes."""

    def __init__(self, address="127.0.0.1"):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.socket = socket.socket(family)
        self.socket.bind((address, 0))
        self.socket.listen()
        self.socket.setblocking(False)
        self.port = self.socket.getsockname()[1]

    def visits(self):
        count = 0
        try:
            while True:
                self.socket.accept()[0].close()
                count += 1
        except BlockingIOError:
            return count


def raw(data):
    return base64.b64decode(data)
