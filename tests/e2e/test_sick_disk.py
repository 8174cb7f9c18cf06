"""A file system that really is read-only, or full: needs a place to mount one."""

import os
import subprocess
from contextlib import contextmanager

import pytest

from resend import TELLS
from test_store import degraded, well, whole

SIZE = "1536k"


def mounted(path):
    path.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=0700", "tmpfs", str(path)],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:  # in a container without that right; scripts/test.sh needs none
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")


@pytest.fixture
def disk(tmp_path):
    path = tmp_path / "disk"
    mounted(path)
    yield path
    subprocess.run(["umount", "-l", str(path)], check=True)


@contextmanager
def read_only(path):
    subprocess.run(["mount", "-o", "remount,ro", str(path)], check=True)
    try:
        yield
    finally:
        subprocess.run(["mount", "-o", "remount,rw", str(path)], check=True)


@contextmanager
def full(path):
    filler = path / "filler"
    with open(filler, "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            pass
    try:
        yield
    finally:
        os.remove(filler)


def ask(gateway, text, **fields):
    status, _, body = gateway.chat(text, **fields)
    assert status == 200, body
    return body


@pytest.fixture
def keeps(start_fake, disk):
    return lambda: start_fake(TELLS, store__path=disk / "kept.sqlite")


def test_full_disk_keeps_no_answer_back_and_is_used_again(keeps, disk):
    gateway = keeps()
    ask(gateway, "one", conversation_id="a")
    with full(disk):
        assert ask(gateway, "two " * 30_000, conversation_id="a")["stored"] is False
        degraded(gateway, "full")
        assert ask(gateway, "three", conversation_id="b")
    well(gateway)
    assert "stored" not in ask(gateway, "four", conversation_id="a")
    assert gateway.stop() == 0
    assert whole(disk / "kept.sqlite")
    assert keeps().request("GET", "/v1/conversations/a")[0] == 200


def test_read_only_file_system_keeps_no_answer_back_and_is_used_later(keeps, disk):
    gateway = keeps()
    ask(gateway, "one", conversation_id="a")
    assert gateway.stop() == 0
    with read_only(disk):
        gateway = keeps()
        degraded(gateway, "read-only")
        ask(gateway, "x")
        status, _, body = gateway.chat("two", conversation_id="a")
        assert (status, body["error"]["code"]) == (503, "store_unavailable"), body
    well(gateway)
    assert "stored" not in ask(gateway, "two", conversation_id="a")
    body = gateway.request("GET", "/v1/conversations/a")[2]
    assert b'"message_count":4' in body
    assert gateway.stop() == 0
