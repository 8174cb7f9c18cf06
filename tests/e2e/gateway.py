"""Runs the gateway binary for a test and checks, when it ends, that it left nothing behind."""

import http.client
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import threading
import time
import uuid

import openai
import proc_tree

MARK = "ANTHROPIC_RIG_MARK"
SANITIZER = re.compile(rb"ERROR: (Address|Leak)Sanitizer|WARNING: ThreadSanitizer|runtime error:")
# What one live process may cost the gateway: stdin, stdout, stderr, life pipe; and its pidfd.
PIPES_PER_PROCESS = 4
# The loop of the thread that starts processes is made with the first of them, once.
LAUNCHER_LOOP = 3


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Gateway:
    """One gateway on a free port, in a directory of its own."""

    def __init__(self, binary, directory, command, environment, settings, arguments=(), key=None):
        """A variable or setting that is None is not set. `key`: the API key that requests show; it
        must be an admin's, for the checks at the end."""
        self.directory = directory
        self.key = key
        self.home = directory / "home"
        self.home.mkdir()
        self.mark = uuid.uuid4().hex
        self.environment = {
            "PATH": "/usr/bin:/bin", "HOME": str(self.home), MARK: self.mark,
            "DISABLE_TELEMETRY": "1",
            "CLAUDE_CODE__SERVER__PORT": "0", "CLAUDE_CODE__LOG__FORMAT": "json",
            "CLAUDE_CODE__LOG__LEVEL": "debug", "CLAUDE_CODE__CLAUDE__COMMAND": str(command),
            "CLAUDE_CODE__SERVER__IO_THREADS": "2",  # not the default: what crosses threads is tested
            # Tests count processes; those that are about spares ask for some.
            "CLAUDE_CODE__PROCESS_POOL__SIZE": "0",
            **environment,
            **{"CLAUDE_CODE__" + key.upper().replace(".", "__"): str(value)
               for key, value in settings.items() if value is not None},
        }
        for key, value in settings.items():
            if value is None:
                self.environment.pop("CLAUDE_CODE__" + key.upper().replace(".", "__"), None)
        self.clients = []  # whatever must be closed before descriptors are counted
        self.log_lines = []
        self.log_raw = bytearray()
        self._log_changed = threading.Condition()
        self.process = subprocess.Popen(
            [str(binary), *arguments], cwd=directory, env=self.environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self._reader = threading.Thread(target=self._read_log, daemon=True)
        self._reader.start()
        self.stopped = False
        try:
            listens = self.wait_log(lambda line: line.get("msg") == "gateway listens", 30)
        except AssertionError:
            self.kill()
            raise
        self.tls = None  # with TLS: whom to trust, see trust()
        self.unix_socket = None
        self.host, self.port = "localhost", None
        address = listens["address"]
        if address.startswith("unix:"):
            self.unix_socket = address.removeprefix("unix:")
        else:
            self.host, _, port = address.removeprefix("https://").rpartition(":")
            self.port = int(port)

    @property
    def pid(self):
        return self.process.pid

    @property
    def url(self):
        if self.unix_socket:
            return "http://localhost"
        return f"{'https' if self.tls else 'http'}://{self.host}:{self.port}"

    def trust(self, certificate):
        """The gateway speaks TLS; its certificate must be signed with this one."""
        self.tls = ssl.create_default_context(cafile=certificate)

    # -- log
    def _read_log(self):
        for raw in self.process.stderr:
            try:
                line = json.loads(raw)
            except ValueError:
                line = {"msg": raw.decode(errors="replace").rstrip(), "raw": True}
            with self._log_changed:
                self.log_raw += raw
                self.log_lines.append(line)
                self._log_changed.notify_all()
        with self._log_changed:
            self.log_lines.append({"msg": "end of log"})
            self._log_changed.notify_all()

    def log_text(self):
        """The end of the log, for a failing test's report."""
        return self.log_raw[-16000:].decode(errors="replace")

    def wait_log(self, condition, seconds):
        deadline = time.monotonic() + seconds
        with self._log_changed:
            while True:
                for line in self.log_lines:
                    if condition(line):
                        return line
                left = deadline - time.monotonic()
                ended = self.log_lines and self.log_lines[-1]["msg"] == "end of log"
                if left <= 0 or ended:
                    raise AssertionError(f"log line did not come; log:\n{self.log_text()}")
                self._log_changed.wait(left)

    def wait_next_log(self, condition, action, seconds=10):
        """The first such line that comes after action()."""
        with self._log_changed:
            seen = len(self.log_lines)
        action()
        found = []

        def is_new(_):
            found[:] = [line for line in self.log_lines[seen:] if condition(line)]
            return bool(found)
        self.wait_log(is_new, seconds)
        return found[0]

    # -- clients
    def authorization(self):
        """The header that shows the key."""
        return {"Authorization": f"Bearer {self.key}"} if self.key else {}

    def client(self, **options):
        """The official client, without its own retries unless asked for."""
        made = openai.OpenAI(**{"base_url": self.url + "/v1", "api_key": self.key or "unused",
                                "max_retries": 0, "timeout": 60, **options})
        self.clients.append(made)
        return made

    def connection(self, timeout=30):
        """A connection of the standard library, over whatever the gateway listens on."""
        if self.unix_socket:
            return UnixConnection(self.unix_socket, timeout)
        if self.tls:
            return http.client.HTTPSConnection(self.host, self.port, timeout=timeout,
                                               context=self.tls)
        return http.client.HTTPConnection(self.host, self.port, timeout=timeout)

    def request(self, method, path, body=None, headers=None, timeout=30, key=...):
        """(status, headers, body bytes); `body` may be bytes or a JSON value. `key` instead of the
        gateway's own; None: without."""
        connection = self.connection(timeout)
        try:
            if body is not None and not isinstance(body, bytes):
                body = json.dumps(body).encode()
            given = {"Content-Type": "application/json"} if body is not None else {}
            if key is ...:
                given.update(self.authorization())
            elif key is not None:
                given["Authorization"] = f"Bearer {key}"
            connection.request(method, path, body, {**given, **(headers or {})})
            answer = connection.getresponse()
            names = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, names, answer.read()
        finally:
            connection.close()

    def chat(self, text, timeout=30, key=..., **fields):
        """A chat without the client library: (status, headers, parsed body)."""
        messages = [{"role": "user", "content": text}] if isinstance(text, str) else text
        status, headers, body = self.request("POST", "/v1/chat/completions",
                                             {"messages": messages, **fields}, timeout=timeout,
                                             key=key)
        return status, headers, json.loads(body)

    def answer(self, text, **fields):
        """The text of a chat that must succeed."""
        status, _, body = self.chat(text, **fields)
        assert status == 200, body
        return body["choices"][0]["message"]["content"]

    def health(self):
        status, _, body = self.request("GET", "/health", headers={"Accept": "application/json"})
        return status, json.loads(body)

    def stats(self):
        return json.loads(self.request("GET", "/stats")[2])

    # -- processes
    def shims(self):
        return [p for p in proc_tree.descendants(self.pid)
                if (found := proc_tree.stat(p)) and found[1] == self.pid]

    def cli_pids(self):
        """The CLI processes: children of the shims."""
        shims = set(self.shims())
        return sorted(p for p in proc_tree.descendants(self.pid)
                      if (found := proc_tree.stat(p)) and found[1] in shims and found[0] != "Z")

    def descriptors(self):
        return proc_tree.descriptors(self.pid)

    def wait_cli_count(self, count, seconds=5):
        proc_tree.wait_until(lambda: len(self.cli_pids()) == count, seconds,
                             f"{count} CLI processes (now {len(self.cli_pids())})")

    # -- the end
    def settle(self):
        """At rest: no zombie, no client socket left, pipes and pidfds only for live processes."""
        def at_rest():
            now, live = self.descriptors(), len(self.shims())
            return (now["socket"] == self.baseline["socket"]
                    and now["pipe"] <= self.baseline["pipe"] + PIPES_PER_PROCESS * live
                    and now["pidfd"] <= self.baseline["pidfd"] + live
                    and now["other"] <= self.baseline["other"] + LAUNCHER_LOOP
                    and not proc_tree.zombies(self.pid))
        try:
            proc_tree.wait_until(at_rest, 5, "descriptors back to baseline")
        except AssertionError:
            raise AssertionError(f"descriptors: {self.baseline} at start, {self.descriptors()} now,"
                                 f" {len(self.shims())} processes live, zombies:"
                                 f" {proc_tree.zombies(self.pid)}") from None

    def take_baseline(self):
        """Counts descriptors at rest, after the start-up's own children have gone. Where there are
        spares, without what each of them costs: then it is at most too generous."""
        if self.environment["CLAUDE_CODE__PROCESS_POOL__SIZE"] == "0":
            proc_tree.wait_until(lambda: not self.shims(), 10, "start-up checks to end")
        live = len(self.shims())
        self.baseline = self.descriptors()
        # One that is just being started does not have all of it yet.
        self.baseline["pipe"] = max(self.baseline["pipe"] - PIPES_PER_PROCESS * live, 0)
        self.baseline["pidfd"] = max(self.baseline["pidfd"] - live, 0)
        self.baseline_threads = self.threads()

    def threads(self):
        return len(os.listdir(f"/proc/{self.pid}/task"))

    def check_counters(self):
        """Every turn that was submitted has ended in one way, or is still running."""
        turns = self.stats()["turns"]
        ended = turns["finished"] + turns["failed"] + turns["cancelled"]
        assert turns["submitted"] == ended + turns["active"], turns
        assert turns["active"] == 0, turns

    def stop(self, seconds=8):
        """SIGTERM; the exit code. Raises if it does not end in time."""
        self.tree = proc_tree.descendants(self.pid)
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        finally:
            self.stopped = True
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()

    def kill(self):
        self.tree = proc_tree.descendants(self.pid)
        self.process.kill()
        self.process.wait()
        self.stopped = True

    def survivors(self):
        """Processes of this gateway's tree that still live, also those that have moved away."""
        found = set(proc_tree.marked(MARK, self.mark))
        return sorted(found - {os.getpid()})

    def finish(self, expect_clean_exit=True):
        """Called after every test: the invariants that hold whatever the test did."""
        code = 0
        for client in self.clients:
            client.close()
        try:
            if not self.stopped:
                assert self.process.poll() is None, f"the gateway died:\n{self.log_text()}"
                self.settle()
                proc_tree.wait_until(lambda: self.stats()["turns"]["active"] == 0, 5,
                                     "the last turn to be over")
                self.check_counters()
                assert self.threads() <= self.baseline_threads, "a thread more than at the start"
                code = self.stop()
        finally:
            if not self.stopped:
                self.kill()
            self._reader.join(5)
            self.process.stderr.close()
        proc_tree.wait_until(lambda: not self.survivors(), 3,
                             f"the whole tree to be gone, left: {self.survivors()}")
        left = [p for p in self.tree if (found := proc_tree.stat(p)) and found[1] == self.pid]
        assert not left, f"children left: {left}"
        assert not SANITIZER.search(self.log_raw), self.log_text()
        if expect_clean_exit:
            assert code == 0, f"exit code {code}; log:\n{self.log_text()}"
