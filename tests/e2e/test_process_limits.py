"""The system grants fewer processes, threads or descriptors than the gateway needs: it says so and
ends, or refuses what it can not do now."""

import json
import os
import resource
import subprocess
import tempfile

import pytest

import proc_tree
from gateway import Gateway

ANOTHER = 54321  # a user without any process; the limit does not hold for root


@pytest.fixture
def place():
    """A directory that another user can use."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o777)
        yield name


def limited_run(binary, place, limits, *arguments, **environment):
    """(exit code, stderr) of a start under these limits, as a user who has no other process."""
    def lower():
        if os.getuid() == 0:
            os.setgroups([])
            os.setgid(ANOTHER)
            os.setuid(ANOTHER)
        for which, limit in limits.items():
            resource.setrlimit(which, (limit, limit))
    ran = subprocess.run(
        [binary, "--port", "0", "--demo", *arguments], cwd=place, capture_output=True, text=True,
        timeout=20, preexec_fn=lower,
        # LeakSanitizer wants a thread of its own, which these limits do not grant.
        env={"PATH": "/usr/bin:/bin", "HOME": place, "TMPDIR": place,
             "ASAN_OPTIONS": "detect_leaks=0", **environment})
    assert not ran.stdout
    return ran.returncode, ran.stderr


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 8])
def test_too_few_threads_at_the_start(binary, place, limit):
    code, said = limited_run(binary, place, {resource.RLIMIT_NPROC: limit},
                             CLAUDE_CODE__SERVER__IO_THREADS="4")
    assert code == 1
    assert said.count("\n") == 1 and said.startswith("claude-code-api: The gateway needs ")
    assert "ulimit -u" in said and "TasksMax" in said and "server.io_threads" in said


@pytest.mark.parametrize("limit", [2, 8])
def test_too_few_threads_at_the_start_with_a_json_log(binary, place, limit):
    code, said = limited_run(binary, place, {resource.RLIMIT_NPROC: limit},
                             CLAUDE_CODE__SERVER__IO_THREADS="4", CLAUDE_CODE__LOG__FORMAT="json")
    (line,) = said.splitlines()
    assert code == 1 and "threads" in json.loads(line)["msg"]


@pytest.mark.parametrize("limit", range(5, 15))
def test_too_few_descriptors_at_the_start(binary, place, limit):
    code, said = limited_run(binary, place, {resource.RLIMIT_NOFILE: limit},
                             CLAUDE_CODE__SERVER__IO_THREADS="4")
    assert code == 1, said
    (paragraph,) = [line for line in said.splitlines() if line.startswith("claude-code-api: ")]
    assert "Too many open files" in paragraph and "terminate called" not in said


def test_start_that_a_limit_stops_is_503_and_recovers(start_fake):
    """The limit is one on descriptors: it holds for root, too."""
    gateway = start_fake()
    assert gateway.answer("x", conversation_id="warm") == "You said: x"
    open_now = len(os.listdir(f"/proc/{gateway.pid}/fd"))
    limits = resource.prlimit(gateway.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(gateway.pid, resource.RLIMIT_NOFILE, (open_now + 3, limits[1]))
    status, headers, body = gateway.chat("y")
    assert (status, body["error"]["code"]) == (503, "cli_unavailable")
    assert headers["x-should-retry"] == "true"
    assert gateway.answer("z", conversation_id="warm") == "You said: z"
    resource.prlimit(gateway.pid, resource.RLIMIT_NOFILE, limits)
    assert gateway.answer("y") == "You said: y"


def limit_processes(pid, limit):
    """As its user: nobody else may, not even root where it lacks the right."""
    subprocess.run(["prlimit", f"--pid={pid}", f"--nproc={limit}:"], check=True, user=ANOTHER,
                   group=ANOTHER, extra_groups=[], cwd="/")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can start it as another user")
def test_no_process_to_be_had_is_503_and_recovers(binary, fake_claude, place):
    program = subprocess.Popen(
        [binary, "--port", "0", "--claude", fake_claude], cwd=place, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, user=ANOTHER, group=ANOTHER,
        extra_groups=[],
        env={"PATH": "/usr/bin:/bin", "HOME": place, "TMPDIR": place, "ANTHROPIC_API_KEY": "unused",
             "CLAUDE_CODE__LOG__FORMAT": "json", "CLAUDE_CODE__PROCESS_POOL__SIZE": "0"})
    try:
        address = next(json.loads(line)["address"] for line in program.stderr
                       if "gateway listens" in line)
        client = Gateway.__new__(Gateway)
        client.unix_socket = client.tls = client.key = None
        client.host, _, client.port = address.rpartition(":")
        proc_tree.wait_until(lambda: not proc_tree.children(program.pid), 5, "checks to end")
        threads = len(os.listdir(f"/proc/{program.pid}/task"))
        for limit in (threads, threads + 1):  # not even the shim; no CLI for the shim
            limit_processes(program.pid, limit)
            status, headers, body = client.chat("x")
            assert (status, body["error"]["code"]) == (503, "cli_unavailable")
            assert headers["x-should-retry"] == "true"
            proc_tree.wait_until(lambda: not proc_tree.children(program.pid), 5, "it to end")
        limit_processes(program.pid, 4096)
        assert client.answer("x") == "You said: x"
    finally:
        program.terminate()
        assert program.wait(10) == 0
        program.stderr.close()
