"""API keys, credentials and prompts stay where they belong: not in the log, not in files, not in
the command line or environment of any process, not in what others are told."""

import http.client
import json
import os
import re
import subprocess
import uuid
from base64 import b64encode
from pathlib import Path

import proc_tree
from sse import ChatStream
from test_auth import sha256

CLI_CREDENTIAL = "sk-ant-api03-" + uuid.uuid4().hex


class Canaries:
    """Texts that occur nowhere else, by what they stand for."""

    def __init__(self):
        self.made = {}

    def __call__(self, name):
        return self.made.setdefault(name, f"canary-{uuid.uuid4().hex}-{uuid.uuid4().hex}")

    def found_in(self, data, but=()):
        """Names of the canaries in these bytes, also where they are cut or coded in simple ways."""
        return {name for name, text in self.made.items() if name not in but and any(
            form in data for form in (text[7:39].encode(), text[-32:].encode(),
                                      text.encode().hex().encode(), b64encode(text.encode())))}


class Watch:
    """Everything that processes of the gateway's tree show to others, gathered as they live."""

    def __init__(self, gateway):
        self.gateway = gateway
        self.children, self.own = b"", b""
        self.seen = set()

    def look(self):
        for pid in proc_tree.descendants(self.gateway.pid):
            for name in ("cmdline", "environ"):
                try:
                    self.children += Path(f"/proc/{pid}/{name}").read_bytes() + b"\0"
                    self.seen.add(pid)
                except OSError:
                    pass
        self.own += Path(f"/proc/{self.gateway.pid}/cmdline").read_bytes()


def written_files(*roots):
    """(path, content) of all files below."""
    for root in roots:
        for path in sorted(root.rglob("*")):
            yield str(path).encode(), path.read_bytes() if path.is_file() else b""


def talkative_cli(tmp_path, fake_claude):
    """A CLI that writes its credential to standard error."""
    command = tmp_path / "claude"
    command.write_text(f'#!/bin/sh\n[ "$1" = --version ] && exec {fake_claude} "$@"\n'
                       'echo "request failed: x-api-key: $ANTHROPIC_API_KEY" >&2\n'
                       'echo "Authorization: Bearer $ANTHROPIC_API_KEY" >&2\n'
                       'echo "used: $ANTHROPIC_API_KEY" >&2\n'
                       f'exec {fake_claude} "$@"\n')
    command.chmod(0o755)
    return command


def test_secrets_and_prompts_leak_nowhere(start, fake_claude, tmp_path):
    canary = Canaries()
    key_file = tmp_path / "key-file"
    key_file.write_text(canary("key in a file") + "\n")
    private_tmp = tmp_path / "tmp"
    private_tmp.mkdir()
    canary.made["credential of the CLI"] = CLI_CREDENTIAL
    gateway = start(
        talkative_cli(tmp_path, fake_claude),
        {"ANTHROPIC_API_KEY": CLI_CREDENTIAL, "TMPDIR": str(private_tmp),
         "MY_GATEWAY_KEY": canary("key in a variable"),
         "SOME_SECRET": canary("a variable of somebody else")},
        key=canary("key in a file"), log__level="trace", retry__attempts=0,
        auth__api_keys=json.dumps([canary("key in the list"),
                                   "sha256:" + sha256(canary("key as a hash"))]),
        auth__keys=json.dumps([
            {"name": "root", "file": str(key_file), "admin": True},
            {"name": "mine", "env": "MY_GATEWAY_KEY"}]))
    watch = Watch(gateway)
    others = []  # what those heard who said no canary
    keys = [canary.made[name] for name in canary.made if name.startswith("key")]
    assert len(keys) == 4

    def asks_others():
        for key in keys:
            shown = {"Authorization": f"Bearer {key}"}
            for path in ("/v1/models", "/v1/conversations", "/", "/v1/nowhere", "/openapi.json"):
                status, headers, body = gateway.request("GET", path, headers=shown, key=None)
                others.append(body + json.dumps(headers).encode())
        for path in ("/stats", "/metrics", "/health?verbose"):
            others.append(gateway.request("GET", path)[2])
        others.append(gateway.chat("hello", conversation_id="of another")[2].__repr__().encode())

    # -- success, with everything that a client may say in it
    for n, key in enumerate(keys):
        secret = canary(f"prompt {n}")
        messages = [{"role": "system", "content": canary(f"system prompt {n}")},
                    {"role": "user", "content": canary(f"history {n}")},
                    {"role": "assistant", "content": canary(f"answer before {n}")},
                    {"role": "user", "content": secret}]
        status, _, body = gateway.chat(messages, key=key, conversation_id="c",
                                       user=canary(f"user {n}"), metadata={"m": canary("metadata")})
        assert status == 200 and secret in json.dumps(body)
        watch.look()
    stream = ChatStream(gateway, f"[[mark:{canary('streamed')}]][[text:50]][[delay:5]]",
                        key=keys[0]).open()
    stream.read_contents(1)
    watch.look()
    stream.read_all()
    gateway.request("POST", "/v1/conversations", {"metadata": {"m": canary("stored metadata")}},
                    key=keys[1])
    asks_others()

    # -- 401: keys that are none, shown in every place
    for shown in ({"Authorization": f"Bearer {canary('wrong key')}"},
                  {"x-api-key": canary("wrong x-api-key")}, {"api-key": canary("wrong api-key")},
                  {"Authorization": f"Basic {canary('basic credentials')}"},
                  {"Cookie": f"session={canary('cookie')}"},
                  {"Proxy-Authorization": canary("proxy credentials")}):
        status, _, body = gateway.request("POST", "/v1/chat/completions",
                                          {"messages": canary("refused prompt")}, shown, key=None)
        assert status == 401
        others.append(body)
    path = f"/v1/models?api_key={canary('key in the query')}&key={keys[0]}"
    others.append(gateway.request("GET", path, key=None)[2])

    # -- 400 and its like: what is wrong is not written down either
    for body in (b'{"messages": "' + canary("bad JSON").encode(),
                 {"messages": [{"role": canary("bad role"), "content": "x"}]},
                 {"messages": [{"role": "user", "content": canary("with bad fields")}], "n": 7},
                 {"messages": [{"role": "user", "content": {"x": canary("bad content")}}]}):
        assert gateway.request("POST", "/v1/chat/completions", body, key=keys[0])[0] == 400
    assert gateway.request("POST", "/v1/chat/completions", canary("bad type").encode(),
                           {"Content-Type": "text/plain"})[0] == 415
    raw = http.client.HTTPConnection(gateway.host, gateway.port, timeout=10)
    raw.putrequest("GET", "/v1/models")
    raw.putheader("Authorization", f"Bearer {canary('key in a broken head')}")
    raw.putheader("Transfer-Encoding", "nonsense")
    raw.putheader("Content-Length", "5")
    raw.endheaders()
    assert raw.getresponse().status == 400
    raw.close()

    # -- 502, crashes, floods of stderr, a client that leaves
    for n, fault in enumerate(("[[err:500]]", "[[err:401]]", "[[die_at:2]]", "[[die_at:6:segv]]",
                               "[[stderr:200000]][[die_at:4]]", "[[garbage_at:3:2]][[die_at:5]]")):
        status, _, body = gateway.chat(f"{fault} {canary(f'prompt that fails {n}')}", key=keys[0])
        assert status in (401, 502), (fault, body)
        assert CLI_CREDENTIAL not in json.dumps(body)
        watch.look()
    left = ChatStream(gateway, f"[[text:10000]][[delay:10]] {canary('prompt of who leaves')}",
                      key=keys[0]).open()
    left.read_contents(1)
    watch.look()
    left.hang_up()
    asks_others()
    gateway.settle()

    # -- the search
    children = canary.found_in(watch.children, but=("credential of the CLI",))
    assert len(watch.seen) > 5 and children == set()
    assert canary.found_in(watch.own) == set()
    for answer in others:
        assert canary.found_in(answer) == set(), answer
    log = bytes(gateway.log_raw)
    assert b"process broken" in log and b"request ended" in log and b"exit_code" in log
    assert b"request failed" in log, "what the CLI says on stderr is in the log"
    found = canary.found_in(log)
    assert found == set(), [line for line in log.splitlines() if canary.found_in(line)][:3]
    own_files = [gateway.directory, private_tmp]
    # What was said, and metadata that a client hung on a conversation, is what the store is for.
    said = [name for name in canary.made if name.startswith(
        ("prompt ", "system prompt ", "history ", "answer before ", "stored metadata", "streamed"))]
    for path, content in written_files(*own_files):
        kept = said if b"/conversations.sqlite" in path else ()
        assert canary.found_in(path + content, but=kept) == set(), path
    assert os.listdir(private_tmp), "the directory in which the CLI runs"


def test_key_in_a_variable_that_the_cli_is_handed_is_refused(binary, tmp_path):
    key = "canary-" + uuid.uuid4().hex
    ran = subprocess.run([binary, "--check-config"], capture_output=True, text=True, timeout=20,
                         env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path),
                              "ANTHROPIC_GATEWAY_KEY": key, "CLAUDE_CODE__AUTH__KEYS": json.dumps(
                                  [{"name": "a", "env": "ANTHROPIC_GATEWAY_KEY"}])})
    assert ran.returncode == 78, ran
    assert "ANTHROPIC_GATEWAY_KEY" in ran.stderr and "claude.env_allow" in ran.stderr
    assert key not in ran.stdout + ran.stderr


def test_nothing_is_left_in_a_core_dump(fake_gateway):
    fake_gateway.answer("x")
    for pid in (fake_gateway.pid, *fake_gateway.cli_pids()):
        limits = Path(f"/proc/{pid}/limits").read_text()
        assert re.search(r"^Max core file size +0 +0 ", limits, re.M), limits
