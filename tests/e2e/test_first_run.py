"""What a person sees who starts the gateway for the first time and something is not as it should
be: one paragraph each that says what happened and what to do, and no fact twice."""

import http.client
import json
import os
import pty
import re
import shutil
import signal
import socket
import subprocess
import threading

import pytest

import proc_tree
from programs import ROOT

RUN = ROOT / "scripts/run.sh"


class Terminal:
    """A program as a person starts it: plain text, what it says kept apart by stream."""

    def __init__(self, command, directory, environment, stdout=subprocess.PIPE):
        (directory / "home").mkdir(exist_ok=True)
        self.process = subprocess.Popen(
            [str(part) for part in command], cwd=directory, stdin=subprocess.DEVNULL,
            stdout=stdout, stderr=subprocess.PIPE, text=True,
            env={"PATH": "/usr/bin:/bin", "HOME": str(directory / "home"), **environment})
        self.err = []
        self._reader = threading.Thread(target=self._read_err, daemon=True)
        self._reader.start()
        self.out = ""

    def _read_err(self):
        for line in self.process.stderr:
            self.err.append(line)

    def wait_started(self):
        """Reads the start-up text to its last line; the port."""
        for line in self.process.stdout:
            self.out += line
            if "-d '{" in line:
                self.port = int(re.search(r"listens on +http://127\.0\.0\.1:(\d+)", self.out)[1])
                return self
        raise AssertionError(f"it did not start: {self.out}{self.end()}")

    def end(self):
        """Ends it if it lives. Exit code; everything is in out and err then."""
        if self.process.poll() is None and self.out:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(20)
        self._reader.join(5)
        self.err = "".join(self.err)
        if self.process.stdout:
            self.out += self.process.stdout.read()
        return code

    def request(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            headers = {"Content-Type": "application/json", "Accept": "application/json"}
            connection.request(method, path, json.dumps(body) if body else None, headers)
            answer = connection.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, \
                json.loads(answer.read())
        finally:
            connection.close()

    def chat(self, text):
        return self.request("POST", "/v1/chat/completions",
                            {"messages": [{"role": "user", "content": text}]})


@pytest.fixture
def run(binary, tmp_path):
    """run(*arguments, program=None, **environment) -> Terminal"""
    started = []

    def run_in_terminal(*arguments, program=None, stdout=subprocess.PIPE, **environment):
        started.append(Terminal([program or binary, *arguments], tmp_path, environment, stdout))
        return started[-1]

    yield run_in_terminal
    for each in started:
        if each.process.poll() is None:
            each.process.kill()
            each.process.wait()


def refusal(terminal):
    """(exit code, the paragraph) of a start that fails."""
    code = terminal.end()
    text = terminal.err.strip()
    assert text and "\n" not in text, f"one paragraph, not: {text}"
    assert text.startswith("claude-code-api: ") and not terminal.out
    return code, text


def unusable_cli(terminal):
    """What is said, once, of a CLI that will not do; the gateway runs on without it."""
    terminal.wait_started()
    paragraph = re.search(r"Claude CLI +NOT USABLE\. (.*)", terminal.out)[1]
    status, _, health = terminal.request("GET", "/health")
    assert (status, health["status"], health["reason"]) == (200, "degraded", paragraph)
    status, headers, body = terminal.chat("x")
    assert (status, body["error"]["code"]) == (503, "cli_unavailable")
    assert body["error"]["message"] == paragraph and "x-ccapi-demo" not in headers
    assert terminal.end() == 0
    assert paragraph[:40] not in terminal.err, "told twice"
    assert "--demo" in terminal.out
    return paragraph


def test_no_cli(run):
    said = unusable_cli(run("--port", "0"))
    assert "was not found" in said and "npm install -g @anthropic-ai/claude-code" in said
    assert "claude.command" in said and "start the gateway again" in said


def test_wrong_path_of_the_cli(run):
    said = unusable_cli(run("--port", "0", "--claude", "/nonexistent/claude"))
    assert "/nonexistent/claude" in said and "claude.command" in said


def test_cli_too_old(run, fake_claude):
    said = unusable_cli(run("--port", "0", "--claude", fake_claude, ANTHROPIC_API_KEY="k",
                            ANTHROPIC_FAKE_SCRIPT="[[version:2.0.14]]"))
    assert "2.0.14" in said and "2.1.197" in said and "npm install" in said


def test_cli_that_does_not_run(run):
    said = unusable_cli(run("--port", "0", "--claude", "/bin/false"))
    assert "does not run" in said and "claude.command" in said


def test_program_that_is_no_cli(run):
    said = unusable_cli(run("--port", "0", "--claude", "/bin/echo"))
    assert "is not the Claude Code CLI" in said and "claude.command" in said


def test_cli_not_logged_in(run, fake_claude):
    terminal = run("--port", "0", "--claude", fake_claude,
                   ANTHROPIC_FAKE_SCRIPT="[[err:0]]").wait_started()
    assert "NOT USABLE" not in terminal.out
    status, _, body = terminal.chat("x")
    assert (status, body["error"]["code"]) == (401, "upstream_auth")
    assert "not logged in" in body["error"]["message"] and "log in" in body["error"]["message"]

    def degraded():  # word of it goes round between threads
        health = terminal.request("GET", "/health")[2]
        return health["status"] == "degraded" and health
    assert "log in" in proc_tree.wait_until(degraded, 5, "the health to tell of it")["reason"]
    terminal.chat("y")
    assert terminal.end() == 0
    assert terminal.err.count("Run `claude` once") == 1


def test_port_taken(run, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        code, text = refusal(run("--port", port))
    assert code == 1
    assert f"127.0.0.1:{port}" in text and "another program" in text
    assert "--port" in text and f"sport = :{port}" in text


def test_unsafe_address(run):
    code, text = refusal(run("--host", "0.0.0.0", "--port", "0"))
    assert code == 78
    assert "0.0.0.0" in text and "127.0.0.1" in text and "allow_insecure_no_auth" in text


def test_mistake_in_the_configuration(run, tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text("[server]\nprot = 8081\n")
    code, text = refusal(run("--config", file))
    assert code == 78
    assert f"{file}:2" in text and "prot" in text and "port" in text


def test_mistyped_flag(run):
    code, text = refusal(run("--prot", "8081"))
    assert code == 78 and "--prot" in text and "--help" in text


def test_shim_missing(run, binary, tmp_path):
    alone = tmp_path / "bin/claude-code-api"
    alone.parent.mkdir()
    shutil.copy(binary, alone)
    code, text = refusal(run("--port", "0", program=alone))
    assert code == 1
    assert "claude-code-api-shim" in text and "Install claude-code-api again" in text


def test_json_log_is_nothing_but_json(run):
    terminal = run("--port", "0", CLAUDE_CODE__LOG__FORMAT="json")
    proc_tree.wait_until(lambda: any("gateway listens" in line for line in terminal.err), 20,
                         "the gateway to start")
    terminal.process.send_signal(signal.SIGTERM)
    assert terminal.end() == 0 and terminal.out == ""
    lines = [json.loads(line) for line in terminal.err.splitlines()]
    assert [line["level"] for line in lines if "was not found" in line["msg"]] == ["error"]


def test_refused_start_with_a_json_log_is_a_json_line(run):
    terminal = run("--host", "0.0.0.0", CLAUDE_CODE__LOG__FORMAT="json")
    assert terminal.end() == 78
    (line,) = terminal.err.splitlines()
    assert "0.0.0.0" in json.loads(line)["msg"]


def test_person_at_a_terminal_gets_text_whatever_the_log_is(run):
    main, side = pty.openpty()
    terminal = run("--port", "0", "--demo", stdout=side, CLAUDE_CODE__LOG__FORMAT="json")
    os.close(side)
    said = b""
    while b"try it" not in said:
        said += os.read(main, 4096)
    terminal.process.send_signal(signal.SIGTERM)
    terminal.process.wait(10)
    os.close(main)
    assert b"listens on" in said and b"DEMO" in said


def test_start_text_says_demo(run):
    terminal = run("--port", "0", "--demo").wait_started()
    assert terminal.end() == 0
    assert terminal.out.splitlines()[0].endswith("(DEMO)")
    assert "no Claude is asked" in terminal.out and "without --demo" in terminal.out
    assert "no Claude is asked" not in terminal.err, "told twice"


def test_binary_without_a_cli_never_falls_back_to_the_demo(run):
    terminal = run("--port", "0").wait_started()
    assert "DEMO" not in terminal.out
    assert terminal.chat("x")[0] == 503


def test_run_script_without_a_cli_says_so_and_starts_the_demo(run, binary):
    terminal = run("--port", "0", program=RUN, CCAPI_BINARY=str(binary)).wait_started()
    status, headers, body = terminal.chat("Hello!")
    assert status == 200 and headers["x-ccapi-demo"] == "1"
    assert body["choices"][0]["message"]["content"].startswith("[demo] ")
    assert terminal.end() == 0
    said = terminal.err.split("\n\n")[0]
    assert 'no "claude" in PATH' in said and "demo" in said
    assert "npm install -g\n@anthropic-ai/claude-code" in said and "log in" in said


def test_run_script_with_a_cli_starts_no_demo(run, binary, fake_claude, tmp_path):
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "claude").symlink_to(fake_claude)
    terminal = run("--port", "0", program=RUN, CCAPI_BINARY=str(binary), ANTHROPIC_API_KEY="k",
                   PATH=f"{programs}:/usr/bin:/bin").wait_started()
    status, headers, _ = terminal.chat("Hello!")
    assert status == 200 and "x-ccapi-demo" not in headers
    assert terminal.end() == 0 and "DEMO" not in terminal.out


def test_run_script_does_not_replace_a_cli_that_was_named(run, binary):
    terminal = run("--port", "0", "--claude", "/nonexistent/claude", program=RUN,
                   CCAPI_BINARY=str(binary))
    assert "/nonexistent/claude" in unusable_cli(terminal)
