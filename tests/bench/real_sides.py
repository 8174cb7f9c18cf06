"""Those who are compared in real_cli.py: a bare driver of the CLI's pipes, the gateway and a peer,
and the stand-in that all their CLIs talk to.
"""

import atexit
import json
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))
from cli_driver import CHAT_ARGUMENTS, QUIET  # noqa: E402

PEER, PEER_VERSION = "claude-max-api-proxy", "1.0.0"
SYSTEM = "You are a benchmark."
PATIENCE = 30.0
# What the gateway gives a CLI beside its own environment (src/claude/launch.cpp).
CLI_ENVIRONMENT = {name: value for name, value in QUIET.items() if name != "DISABLE_TELEMETRY"} | {
    "TERM": "dumb", "CLAUDE_AGENT_SDK_MCP_NO_PREFIX": "1"}


def stop(process):
    """Ends a process, if it has not ended yet."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait_for(file, pattern, process):
    """The match of a line that a server prints when it is there."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        if found := re.search(pattern, file.read_text(errors="replace")):
            return found
        time.sleep(0.02)
    sys.exit(f"did not start: {process.args[0]}\n{file.read_text(errors='replace')[-2000:]}")


def questions():
    """Different questions, and the answers that the stand-in gives to them."""
    number = 0
    while True:
        number += 1
        yield f"[[say:answer {number}]]question {number}", f"answer {number}"


class Standin:
    """The stand-in for the Messages API, in a process of its own; it answers at once."""

    def __init__(self, directory):
        out = directory / "standin"
        with out.open("wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, str(ROOT / "tests/support/messages_api.py"), "--port", "0",
                 "--lenient"],  # rules would take time of their own
                stdout=file)
        atexit.register(stop, self.process)
        self.environment = dict(pair.split("=", 1) for pair in wait_for(
            out, r"(ANTHROPIC_BASE_URL=\S+ ANTHROPIC_API_KEY=\S+)", self.process)[1].split())


def api_tools(names):
    """A list of tools as the API takes it."""
    return [{"name": name, "description": f"The tool {name}.", "input_schema": {
        "type": "object", "properties": {"q": {"type": "string"}}}} for name in names]


def client_tools(names):
    """The same list as a client of OpenAI's API gives it."""
    return [{"type": "function", "function": {
        "name": tool["name"], "description": tool["description"],
        "parameters": tool["input_schema"]}} for tool in api_tools(names)]


class Driver:
    """One CLI, and the least that has to be done to get an answer through its pipes."""

    def __init__(self, cli, directory, api):
        home = pathlib.Path(tempfile.mkdtemp(dir=directory))
        self.process = subprocess.Popen(
            [str(cli), *CHAT_ARGUMENTS, "--model=sonnet"], cwd=home, bufsize=0,
            env={"PATH": "/usr/bin:/bin", "HOME": str(home), **CLI_ENVIRONMENT, **api.environment},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.input, self.output = self.process.stdin.fileno(), self.process.stdout.fileno()
        self.poll = select.poll()
        self.poll.register(self.output, select.POLLIN | select.POLLHUP)
        self.pending = b""
        self.last = None  # uuid of the last user line
        self.offered, self.offers = (), 0
        self.ahead = b""  # lines that go with the next turn

    @staticmethod
    def control(name, subtype, **fields):
        return json.dumps({"type": "control_request", "request_id": name,
                           "request": {"subtype": subtype, **fields}}).encode() + b"\n"

    def user(self, text):
        self.last = str(uuid.uuid4())
        return json.dumps({"type": "user", "uuid": self.last, "message": {
            "role": "user", "content": [{"type": "text", "text": text},
                                        {"type": "text", "text": ""}]}}).encode() + b"\n"

    def line_with(self, *words):
        """The next line that holds all the words, and when it was there."""
        while True:
            line, newline, rest = self.pending.partition(b"\n")
            if newline:
                self.pending = rest
                if b'"mcp_message"' in line:
                    self.serve(json.loads(line))
                    continue
                if all(word in line for word in words):
                    return line, time.monotonic()
                continue
            if not self.poll.poll(PATIENCE * 1000):
                raise TimeoutError(f"the CLI is silent; its last words: {self.pending[-200:]!r}")
            read = os.read(self.output, 1 << 16)
            if not read:
                raise EOFError("the CLI has ended")
            self.pending += read

    def boot(self):
        os.write(self.input, self.control("boot", "get_binary_version"))
        self.line_with(b'"control_response"', b'"boot"')

    def offer(self, names):
        """With the next turn these are the tools, and no others: by a server of another name, which
        the CLI looks at anew, and by the request's own body."""
        self.offered, self.offers = names, self.offers + 1
        server = f"client{self.offers}"
        body = json.dumps({"tools": api_tools(names)})
        self.ahead = (
            self.control(server, "mcp_set_servers", servers={server: {"type": "sdk", "name": server}})
            + self.control("body", "apply_flag_settings",
                           settings={"env": {"CLAUDE_CODE_EXTRA_BODY": body}}))

    def serve(self, asked):
        """The CLI looks at the server of the tools."""
        message = asked["request"]["message"]
        result = {"initialize": {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}},
                                 "serverInfo": {"name": "bench", "version": "1"}},
                  "tools/list": {"tools": [{"name": name, "inputSchema": {"type": "object"}}
                                           for name in self.offered]}}.get(message["method"], {})
        answer = {"jsonrpc": "2.0", "id": message.get("id", 0), "result": result}
        os.write(self.input, json.dumps({"type": "control_response", "response": {
            "subtype": "success", "request_id": asked["request_id"],
            "response": {"mcp_response": answer}}}).encode() + b"\n")

    def turn(self, question, name, temperature=None):
        """Seconds to the first text. The system prompt goes with the first question; before an
        edited one the question that it stands for is taken back."""
        text, answer = question
        lines = b""
        if name == "first":
            lines = self.control("init", "initialize", systemPrompt=[SYSTEM])
            if temperature is not None:
                body = json.dumps({"temperature": temperature})
                lines += self.control("tune", "apply_flag_settings",
                                      settings={"env": {"CLAUDE_CODE_EXTRA_BODY": body}})
        elif name == "edited":
            lines = self.control("rewind", "rewind_conversation", target_message_uuid=self.last)
        lines += self.ahead + self.user(text)
        self.ahead = b""
        begun = time.monotonic()
        os.write(self.input, lines)
        _, there = self.line_with(b'"content_block_delta"')
        result, _ = self.line_with(b'"type":"result"')
        if json.loads(result)["result"] != answer:
            sys.exit(f"the driver got a wrong answer: {result!r}")
        return there - begun

    def close(self):
        self.process.stdin.close()
        stop(self.process)
        self.process.stdout.close()


class Client:
    """A keep-alive connection that asks for streams and takes the time of their first text."""

    def __init__(self, port):
        self.host = f"127.0.0.1:{port}"
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def exchange(self, method, path, body=b"", first_text=None):
        """(status, headers, body, when the first text was there)"""
        head = (f"{method} {path} HTTP/1.1\r\nHost: {self.host}\r\n"
                + (f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else "")
                + "\r\n")
        self.socket.sendall(head.encode() + body)
        got, there, headers, needed = b"", None, None, None
        while True:
            read = self.socket.recv(1 << 16)
            if not read:
                raise EOFError(f"the server hung up: {got[-300:]!r}")
            got += read
            if there is None and first_text and first_text.search(got):
                there = time.monotonic()
            if headers is None and b"\r\n\r\n" in got:
                top, _, _ = got.partition(b"\r\n\r\n")
                status, *fields = top.decode("latin-1").split("\r\n")
                headers = {name.lower(): value.strip() for name, _, value in
                           (field.partition(":") for field in fields)}
                if "chunked" not in headers.get("transfer-encoding", ""):
                    needed = len(top) + 4 + int(headers.get("content-length", 0))
            if headers is not None and (got.endswith(b"\r\n0\r\n\r\n") if needed is None
                                        else len(got) >= needed):
                return int(status.split()[1]), headers, got[len(top) + 4:], there

    FIRST_TEXT = re.compile(rb'"content":"[^"]')
    TEXTS = re.compile(rb'"content":("(?:[^"\\]|\\.)*")')

    def turn(self, messages, answer, fields):
        """(seconds to the first text, headers)"""
        body = json.dumps({"model": "sonnet", "stream": True, "messages": messages,
                           **fields}).encode()
        begun = time.monotonic()
        status, headers, answered, there = self.exchange("POST", "/v1/chat/completions", body,
                                                         self.FIRST_TEXT)
        said = "".join(json.loads(text) for text in self.TEXTS.findall(answered))
        if status != 200 or said != answer:
            sys.exit(f"wrong answer, {status}: {answered[-1000:]!r}")
        return there - begun, headers


class Server:
    """A gateway or the peer."""

    def __init__(self, name, command, environment, announced, directory):
        self.name = name
        home = pathlib.Path(tempfile.mkdtemp(dir=directory))
        out = home / "out"
        with out.open("wb") as file:
            self.process = subprocess.Popen(
                [str(word) for word in command], cwd=home, stdin=subprocess.DEVNULL, stdout=file,
                stderr=file, env={"PATH": "/usr/bin:/bin", "HOME": str(home), **environment})
        atexit.register(stop, self.process)
        self.port = int(wait_for(out, announced, self.process)[1])
        self.matches, self.parts = {}, {}

    def dialogue(self, asked, turns, **fields):
        """Seconds to the first text of each turn of a new conversation; each but the first tells
        the history again, an edited one without the question before it and its answer, a retooled
        one with another list of tools."""
        messages, times, conversations = [{"role": "system", "content": SYSTEM}], [], set()
        client = Client(self.port)
        for name in turns:
            text, answer = next(asked)
            if name == "edited":
                del messages[-2:]
            if name == "retooled":
                fields = {**fields, "tools": client_tools(("look", "touch"))}
            messages.append({"role": "user", "content": text})
            seconds, headers = client.turn(messages, answer, fields)
            messages.append({"role": "assistant", "content": answer})
            times.append(seconds)
            conversations.add(headers.get("x-ccapi-conversation-id"))
            self.note("tuned" if "temperature" in fields else name, headers)
        for conversation in filter(None, conversations):  # their processes are only in the way
            client.exchange("DELETE", f"/v1/conversations/{conversation}")
        client.socket.close()
        return times

    def stats(self):
        client = Client(self.port)
        found = json.loads(client.exchange("GET", "/stats")[2])
        client.socket.close()
        return found

    def note(self, turn, headers):
        match = headers.get("x-ccapi-match", "`x-ccapi-match` missing")
        timing = headers.get("server-timing", "")
        if how := re.search(r'desc="([^"]*)"', timing):
            match += f", {how[1]}"
        seen = self.matches.setdefault(turn, {})
        seen[match] = seen.get(match, 0) + 1
        for part, spent in re.findall(r"(\w+);dur=([\d.]+)", timing):
            self.parts.setdefault(turn, {}).setdefault(part, []).append(float(spent))

    def wait_spares(self, ready, primed):
        """Until so many spares wait, so many of them primed."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            spares = self.stats()["spares"]
            if (spares["ready"], spares["primed"], spares["booting"]) == (ready, primed, 0):
                return
            time.sleep(0.02)
        sys.exit(f"no {ready} spares, {primed} of them primed, but {spares}")


def start_gateway(name, binary, cli, directory, api, spares):
    return Server(name, [binary], {
        **api.environment, "CLAUDE_CODE__CLAUDE__COMMAND": str(cli), "CLAUDE_CODE__SERVER__PORT": "0",
        "CLAUDE_CODE__SERVER__IO_THREADS": "1",
        "CLAUDE_CODE__PROCESS_POOL__SIZE": str(spares), "CLAUDE_CODE__PROCESS_POOL__MIN_IDLE":
        str(spares), "CLAUDE_CODE__PROCESS_POOL__MAX_IDLE": str(spares)},
        r"127\.0\.0\.1:(\d+)", directory)


def start_peer(cli, directory, api):
    folder = ROOT / "build/bench-peers"
    program = folder / f"node_modules/{PEER}/dist/server/standalone.js"
    if not program.exists():
        subprocess.run(["npm", "install", "--prefix", str(folder), "--save-exact", "--no-audit",
                        "--no-fund", "--ignore-scripts", f"{PEER}@{PEER_VERSION}"], check=True,
                       stdout=sys.stderr)
    path = pathlib.Path(tempfile.mkdtemp(dir=directory))
    (path / "claude").symlink_to(cli)
    with socket.socket() as free:  # it takes no 0
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return Server("peer", [shutil.which("node"), program, port],
                  {**api.environment, **CLI_ENVIRONMENT, "PATH": f"{path}:/usr/bin:/bin"},
                  r"running at http://127\.0\.0\.1:(\d+)", directory)
