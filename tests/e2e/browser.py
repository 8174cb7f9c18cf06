"""A headless Chromium, driven over its debugging pipe: pages, made-up hosts, made-up documents."""

import base64
import json
import os
import shutil
import subprocess
import threading

import pytest

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--disable-dev-shm-usage", "--no-proxy-server", "--remote-debugging-pipe",
         # Chromium's own guard of loopback; the gateway must hold without it.
         "--disable-features=LocalNetworkAccessChecks,HttpsUpgrades"]


def chromium():
    """Where it must be there (CI), its absence is a failure, not a skip."""
    if found := shutil.which("chromium"):
        return found
    if os.environ.get("CI") or os.environ.get("CCAPI_REQUIRE_CLI"):
        pytest.fail("chromium is not installed: run scripts/install_dependencies.sh test")
    pytest.skip("chromium is not installed")


class Browser:
    """`hosts` maps names to addresses: what an attacker's name server would say."""

    def __init__(self, directory, hosts):
        rules = ",".join(f"MAP {name} {address}" for name, address in hosts.items())
        to_read, to_write = os.pipe()
        from_read, from_write = os.pipe()
        # The browser reads commands from descriptor 3 and answers on 4.
        self.log = open(directory / "chromium.log", "wb")
        self.process = subprocess.Popen(
            ["/bin/bash", "-c", f"exec \"$@\" 3<&{to_read} 4>&{from_write}", "bash", chromium(), *FLAGS,
             f"--user-data-dir={directory / 'profile'}", f"--host-resolver-rules={rules}"],
            pass_fds=[to_read, from_write], stdin=subprocess.DEVNULL, stdout=self.log,
            stderr=self.log, start_new_session=True,
            env={"PATH": "/usr/bin:/bin", "HOME": str(directory)})
        os.close(to_read)
        os.close(from_write)
        self.commands = os.fdopen(to_write, "wb", buffering=0)
        self.answers = os.fdopen(from_read, "rb")
        self.documents = {}
        self.last_id = 0
        self.waiting = {}
        self.lock = threading.Lock()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _send(self, method, params, session, done=None):
        with self.lock:
            self.last_id += 1
            if done:
                self.waiting[self.last_id] = done
            command = {"id": self.last_id, "method": method, "params": params}
            if session:
                command["sessionId"] = session
            self.commands.write(json.dumps(command).encode() + b"\0")

    def _read(self):
        rest = b""
        while piece := self.answers.read1(1 << 16):
            *whole, rest = (rest + piece).split(b"\0")
            for text in whole:
                self._take(json.loads(text))

    def _take(self, message):
        if done := self.waiting.pop(message.get("id"), None):
            done(message)
        elif message.get("method") == "Fetch.requestPaused":
            self._answer_request(message["params"], message["sessionId"])

    def _answer_request(self, paused, session):
        document = self.documents.get(paused["request"]["url"])
        if document is None:
            return self._send("Fetch.continueRequest", {"requestId": paused["requestId"]}, session)
        self._send("Fetch.fulfillRequest", {
            "requestId": paused["requestId"], "responseCode": 200,
            "responseHeaders": [{"name": "Content-Type", "value": "text/html; charset=utf-8"}],
            "body": base64.b64encode(document.encode()).decode()}, session)

    def call(self, method, session=None, **params):
        answered, box = threading.Event(), []
        self._send(method, params, session, lambda message: (box.append(message), answered.set()))
        assert answered.wait(20), f"the browser does not answer {method}"
        assert "error" not in box[0], box[0]
        return box[0]["result"]

    def open(self, url, document=None):
        """Loads a page. With `document`, the page is that text instead of what the server of the
        URL says; everything that the page then asks for goes to that server."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        if document is not None:
            self.documents[url] = document
            self.call("Fetch.enable", session, patterns=[{"urlPattern": url}])
        self.call("Page.navigate", session, url=url)

    def close(self):
        try:
            self._send("Browser.close", {}, None)
            self.process.wait(5)
        except (OSError, subprocess.TimeoutExpired):
            pass
        finally:
            try:
                os.killpg(self.process.pid, 9)  # what it may have left; its own session only
            except ProcessLookupError:
                pass
            self.process.wait()
            self.reader.join(5)
            self.commands.close()
            self.answers.close()
            self.log.close()
