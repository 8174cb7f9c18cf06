"""The empty directory that the CLI runs in: what becomes of it while the gateway runs, what stands
in its place at the start."""

import json
import os
import shutil

import pytest

import proc_tree

NAME = f"claude-code-api-{os.getuid()}"


@pytest.fixture
def place(tmp_path):
    """Where the directory is to be. Its parent is the gateway's directory for temporary files."""
    (tmp_path / "tmp").mkdir()
    return tmp_path / "tmp" / NAME


def in_its_place(kind, place):
    """Puts something of that kind there."""
    if kind == "link":
        place.symlink_to(place.parent)
    elif kind == "dangling link":
        place.symlink_to(place.parent / "nowhere")
    elif kind == "file":
        place.write_text("mine")
    elif kind == "open directory":
        place.mkdir()
        place.chmod(0o755)
    else:
        if os.getuid() != 0:
            pytest.skip("only root can give a directory away")
        place.mkdir(mode=0o700)
        os.chown(place, 12345, 12345)


def take_away(place):
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink()


KINDS = {"link": "symbolic link", "dangling link": "symbolic link", "file": "not a directory",
         "open directory": "other users have access", "directory of another": "another user"}


def where_it_runs(gateway, **fields):
    return json.loads(gateway.answer("[[dialogue]]", **fields))["cwd"]


def test_directory_that_vanishes_is_made_anew(start_fake, place):
    gateway = start_fake(environment={"TMPDIR": str(place.parent)})
    assert where_it_runs(gateway, conversation_id="a") == str(place)
    for name in "bc":
        place.rmdir()
        assert where_it_runs(gateway, conversation_id=name) == str(place)
        assert place.stat().st_mode & 0o7777 == 0o700
    place.rmdir()
    assert gateway.answer("x", conversation_id="a") == "You said: x"


def test_vanished_directory_does_not_stop_spares(start_fake, place):
    from spare_pool import spares, wait_ready
    gateway = start_fake(environment={"TMPDIR": str(place.parent)}, **spares(2))
    wait_ready(gateway, 2)
    place.rmdir()
    for n in range(4):
        assert gateway.answer("x", conversation_id=f"c{n}") == "You said: x"
    wait_ready(gateway, 2)
    assert place.is_dir() and gateway.stats()["processes"]["failed"] == 0


@pytest.mark.real_cli
def test_chats_go_on_with_the_real_cli_when_the_directory_vanishes(start, cli, api, place):
    gateway = start(cli, {"ANTHROPIC_API_KEY": "sk-ant-unused", "ANTHROPIC_BASE_URL": api.url,
                          "TMPDIR": str(place.parent)})
    assert gateway.answer("one", conversation_id="a") == "You said: one"
    place.rmdir()
    assert gateway.answer("two", conversation_id="a") == "You said: two"
    assert gateway.answer("three", conversation_id="b") == "You said: three"


def test_what_takes_its_place_is_refused_until_it_has_gone(start_fake, place):
    gateway = start_fake(environment={"TMPDIR": str(place.parent)},
                         supervision__start_failures_max=100)
    assert gateway.answer("x") == "You said: x"
    for kind, reason in KINDS.items():
        take_away(place)
        in_its_place(kind, place)
        live = len(gateway.cli_pids())
        answers = []
        line = gateway.wait_next_log(lambda line: line["msg"] == "process not started",
                                     lambda: answers.append(gateway.chat("x")))
        status, headers, body = answers[0]
        assert (status, body["error"]["code"]) == (503, "cli_unavailable"), kind
        assert "working directory" in body["error"]["message"]
        assert str(place) not in body["error"]["message"]
        assert headers["x-should-retry"] == "false"
        assert reason in line["detail"] and str(place) in line["detail"]
        assert len(gateway.cli_pids()) == live, "nothing was started"
    assert not (place.parent / "nowhere").exists()
    take_away(place)
    assert where_it_runs(gateway, conversation_id="new") == str(place)


@pytest.mark.parametrize("kind", KINDS)
def test_what_stands_there_at_the_start_is_told_and_nothing_runs(start_fake, ledger, place, kind):
    in_its_place(kind, place)
    gateway = start_fake(environment={"TMPDIR": str(place.parent)})
    status, health = gateway.health()
    assert (status, health["status"]) == (200, "degraded")
    assert KINDS[kind] in health["reason"] and str(place) in health["reason"]
    assert "TMPDIR" in health["reason"]
    status, _, body = gateway.chat("x")
    assert (status, body["error"]["code"]) == (503, "cli_unavailable")
    assert gateway.wait_log(lambda line: line["msg"] == health["reason"], 5)
    assert not ledger.lines("start"), "the CLI ran somewhere else"


def test_directory_for_temporary_files_that_is_not_there(start_fake, place):
    gateway = start_fake(environment={"TMPDIR": str(place.parent / "nowhere")})
    _, health = gateway.health()
    assert health["status"] == "degraded" and "TMPDIR" in health["reason"]
    assert gateway.chat("x")[0] == 503
    proc_tree.wait_until(lambda: not gateway.shims(), 5, "nothing to run")
