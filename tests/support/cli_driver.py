"""Drives one `claude` process (real or fake) over its stream-json pipes: what the gateway does, in
the simplest form. The rig's own tests use it to prove that the fake behaves like the real one.
"""

import json
import os
import queue
import subprocess
import threading
import time
import uuid

CHAT_ARGUMENTS = ["-p", "--input-format=stream-json", "--output-format=stream-json", "--verbose",
                  "--include-partial-messages", "--tools=", "--setting-sources=",
                  "--strict-mcp-config", "--no-session-persistence", "--system-prompt=", "--bare"]
QUIET = {"DISABLE_AUTOUPDATER": "1", "DISABLE_TELEMETRY": "1",
         "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "CLAUDE_CODE_DISABLE_ATTACHMENTS": "1",
         "CLAUDE_CODE_MAX_RETRIES": "2", "CLAUDE_CODE_DISABLE_NONSTREAMING_FALLBACK": "1",
         "CLAUDE_CODE_DISABLE_REFUSAL_RETRY": "1"}


class CliDriver:
    """Starts the program at once. Every wait has a limit."""

    def __init__(self, program, home, environment, model="sonnet", arguments=()):
        env = {"PATH": "/usr/bin:/bin", "HOME": str(home), **QUIET, **environment}
        self.process = subprocess.Popen(
            [str(program), *CHAT_ARGUMENTS, f"--model={model}", *arguments], env=env,
            cwd=str(home), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.lines = queue.Queue()
        self.seen = []
        self.stderr = bytearray()
        self.serial = 0
        self.threads = [threading.Thread(target=self._read_stdout, daemon=True),
                        threading.Thread(target=self._read_stderr, daemon=True)]
        for thread in self.threads:
            thread.start()

    def _read_stdout(self):
        for raw in self.process.stdout:
            self.lines.put(raw)
        self.lines.put(None)

    def _read_stderr(self):
        while chunk := os.read(self.process.stderr.fileno(), 65536):
            if len(self.stderr) < 1 << 20:
                self.stderr += chunk

    def send(self, value):
        line = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()

    def next(self, timeout=20.0):
        """The next line as JSON (or raw bytes where it is none); None at the end of the output."""
        raw = self.lines.get(timeout=timeout)
        if raw is None:
            return None
        try:
            value = json.loads(raw)
        except ValueError:
            value = raw
        self.seen.append((time.monotonic(), value))
        return value

    def until(self, condition, timeout=20.0):
        """Lines up to and including the first that fulfils condition."""
        deadline, found = time.monotonic() + timeout, []
        while True:
            line = self.next(max(0.01, deadline - time.monotonic()))
            if line is None:
                raise EOFError(f"ended: {found[-2:]} {bytes(self.stderr)!r}")
            found.append(line)
            if isinstance(line, dict) and condition(line):
                return found

    def control(self, subtype, timeout=20.0, **fields):
        """Sends a control request and gives its response object."""
        request_id = self.control_later(subtype, **fields)
        return self.until(lambda m: m.get("type") == "control_response"
                          and m["response"]["request_id"] == request_id, timeout)[-1]["response"]

    def control_later(self, subtype, **fields):
        self.serial += 1
        request_id = f"driver_{self.serial}"
        self.send({"type": "control_request", "request_id": request_id,
                   "request": {"subtype": subtype, **fields}})
        return request_id

    def user(self, text, **fields):
        """Sends a user line, exact whatever the text holds; gives its uuid."""
        line_id = str(uuid.uuid4())
        self.send({"type": "user", "uuid": line_id, **fields, "message": {
            "role": "user",
            "content": [{"type": "text", "text": text}, {"type": "text", "text": ""}]}})
        return line_id

    def turn(self, text, timeout=20.0):
        """One turn; its lines, the result last."""
        self.user(text)
        return self.until(is_result, timeout)

    def seed(self, dialogue):
        """Puts [(role, text)] into the history."""
        for role, text in dialogue:
            if role == "user":
                self.user(text, shouldQuery=False)
                self.until(is_result)
            else:
                self.send({"type": "assistant", "uuid": str(uuid.uuid4()), "session_id": "",
                           "parent_tool_use_id": None, "message": {
                               "id": f"msg_{uuid.uuid4().hex}", "type": "message",
                               "role": "assistant", "model": "x",
                               "content": [{"type": "text", "text": text}]}})

    def close(self, timeout=10.0):
        """Ends stdin and gives the exit code; kills what does not end in time."""
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            for thread in self.threads:
                thread.join(5)
            self.process.stdout.close()
            self.process.stderr.close()


def is_result(line):
    return line.get("type") == "result"


def deltas(lines, kind="text"):
    """The texts of all text (or thinking) deltas."""
    found = []
    for line in lines:
        if isinstance(line, dict) and line.get("type") == "stream_event":
            event = line["event"]
            if event["type"] == "content_block_delta" and event["delta"]["type"] == kind + "_delta":
                found.append(event["delta"][kind])
    return found


def shape(lines):
    """The order of line types, runs of deltas drawn together: to compare fake and real."""
    names = []
    for line in lines:
        if not isinstance(line, dict):
            names.append("garbage")
            continue
        name = line["type"]
        if name == "stream_event":
            name = line["event"]["type"]
        elif name == "system":
            name = "system/" + line["subtype"]
        if name in ("system/thinking_tokens", "system/ui_invalidate", "command_lifecycle"):
            continue
        if not (names and names[-1] == name == "content_block_delta"):
            names.append(name)
    return names


def version_of(driver):
    return driver.control("get_binary_version")["response"]["version"]
