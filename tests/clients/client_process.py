"""One client of the matrix as a child process: takes orders, reports what its user would see."""

import json
import queue
import subprocess
import threading
import time

import roster

START_SECONDS = 60  # the first import of the larger libraries
ORDER_SECONDS = 90  # beyond any client's own patience


class ClientProcess:
    """Starts a client's script. Reports are read by a thread, so that no wait is unbounded."""

    def __init__(self, client, gateway_url, directory):
        self.client = client
        self.stderr_path = directory / "client.stderr"
        home = directory / "client-home"
        home.mkdir()
        with open(self.stderr_path, "wb") as stderr:
            self.process = subprocess.Popen(
                roster.command(client), cwd=directory,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr,
                env={"PATH": "/usr/bin:/bin", "HOME": str(home), "PYTHONUNBUFFERED": "1",
                     "PYTHONPATH": str(roster.HERE / "python"), "LANG": "C.UTF-8",
                     "GATEWAY": gateway_url + "/v1", "PACKAGE": client.package,
                     **client.variables})
        self.reports = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self.version = self._next(START_SECONDS, "ready").get("version")

    def _read(self):
        for line in self.process.stdout:
            self.reports.put(json.loads(line))
        self.reports.put({"report": "gone"})

    def _next(self, seconds, *kinds):
        try:
            report = self.reports.get(timeout=seconds)
        except queue.Empty:
            raise AssertionError(f"{self.client.title} is silent; {self.said()}") from None
        assert report["report"] in kinds, f"{report}; {self.said()}"
        return report

    def said(self):
        """The end of the client's stderr, for a failing test's report."""
        return self.stderr_path.read_text(errors="replace")[-4000:]

    def order(self, do, messages, **options):
        """Sends an order; its reports are then had by read_until_text() and result()."""
        if isinstance(messages, str):
            messages = [{"role": "user", "content": messages}]
        given = {"do": do, "messages": messages, "model": "sonnet", "timeout": 60,
                 "stop_after": None, "usage": True, **options}
        self.deltas = []
        self.process.stdin.write(json.dumps(given).encode() + b"\n")
        self.process.stdin.flush()

    def read_until_text(self, text, seconds=15):
        """Waits until the client has given its user exactly `text` of a stream, and not the end."""
        deadline = time.monotonic() + seconds
        while (so_far := "".join(self.deltas)) != text:
            assert text.startswith(so_far), f"{so_far!r} is not the beginning of {text!r}"
            report = self._next(max(deadline - time.monotonic(), 0.01), "delta")
            self.deltas.append(report["text"])

    def result(self):
        """The final report of the order, `deltas` holding what came before it."""
        while True:
            report = self._next(ORDER_SECONDS, "delta", "end", "error")
            if report["report"] != "delta":
                return report
            self.deltas.append(report["text"])

    def ask(self, do, messages, **options):
        """An order that must succeed: its final report."""
        self.order(do, messages, **options)
        return self.success()

    def success(self):
        report = self.result()
        assert report["report"] == "end", f"{report}; {self.said()}"
        return report

    def fail(self, do, messages, **options):
        """An order that must fail: the error."""
        self.order(do, messages, **options)
        report = self.result()
        assert report["report"] == "error", report
        return report

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        finally:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
