"""Conversations that are kept on disk: what a restart, a crash and a sick disk leave of them."""

import json
import os
import random
import sqlite3
import subprocess
import threading
import time
from contextlib import contextmanager

import pytest

import proc_tree
from conftest import ANSWERS
from resend import TELLS
from sse import ChatStream
from tool_agent import LOOK

PATH = "/v1/conversations"
CYCLES = int(os.environ.get("CCAPI_KILL_CYCLES", "6"))


def call(gateway, method, path, body=None, **options):
    status, headers, raw = gateway.request(method, path, body, **options)
    return status, json.loads(raw)


@pytest.fixture
def store_file(tmp_path):
    return tmp_path / "kept" / "conversations.sqlite"


@pytest.fixture
def keeps(start_fake, store_file):
    """keeps(**settings): a gateway whose fake CLI says what it was told, with this test's store."""
    return lambda **settings: start_fake(TELLS, **{"store__path": store_file, **settings})


@pytest.fixture
def with_cli(start, cli, api, store_file):
    """with_cli(): a gateway with a real CLI, and this test's store."""
    return lambda: start(cli, {**ANSWERS, "ANTHROPIC_BASE_URL": api.url}, store__path=store_file)


def whole(path):
    """What SQLite itself finds wrong with the file."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        return database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def degraded(gateway, because):
    def is_so():
        state = gateway.health()[1]
        return state["status"] == "degraded" and because in state["reason"]
    proc_tree.wait_until(is_so, 10, f"/health to tell of {because!r}: {gateway.health()}")


def well(gateway):
    proc_tree.wait_until(lambda: gateway.health()[1]["status"] == "ok", 15,
                         f"/health to be ok: {gateway.health()}")


@pytest.mark.real_cli
@pytest.mark.killed
def test_dialogue_goes_on_after_the_gateway_was_killed(with_cli, api):
    gateway = with_cli()
    for text in ("[[say:1]] one", "[[say:2]] two", "[[say:3]] three"):
        gateway.answer(text, conversation_id="alice")
    gateway.kill()
    gateway = with_cli()
    gateway.answer("four", conversation_id="alice")
    assert [text for _, text in api.last().messages()] == [
        "[[say:1]] one", "1", "[[say:2]] two", "2", "[[say:3]] three", "3", "four"]


@pytest.mark.real_cli
@pytest.mark.killed
def test_id_that_was_told_works_after_the_gateway_was_killed(with_cli, api):
    gateway = with_cli()
    _, _, body = gateway.chat("[[say:Noted.]] My name is Bob.")
    gateway.request("GET", PATH)  # what was written behind the answer is read: it is on the disk
    gateway.kill()
    gateway = with_cli()
    gateway.answer("What is my name?", conversation_id=body["conversation_id"])
    assert [text for _, text in api.last().messages()] == [
        "[[say:Noted.]] My name is Bob.", "Noted.", "What is my name?"]


@pytest.mark.real_cli
@pytest.mark.killed
def test_results_of_calls_come_after_the_gateway_was_killed(with_cli, api):
    gateway = with_cli()
    _, _, body = gateway.chat('[[call:look:{"at": "1e400", "n": 1.50}]]', tools=[LOOK],
                              conversation_id="agent")
    asked, = body["choices"][0]["message"]["tool_calls"]
    gateway.kill()
    gateway = with_cli()
    result = {"role": "tool", "tool_call_id": asked["id"], "content": "seen"}
    status, _, body = gateway.chat([result], tools=[LOOK], conversation_id="agent")
    assert status == 200, body
    question, call_made, answer = [message for message in api.last().body["messages"]
                                   if message["role"] != "system"][-3:]
    assert question["role"] == "user"
    use = next(block for block in call_made["content"] if block["type"] == "tool_use")
    assert use["name"] == "look"
    given = next(block for block in answer["content"] if block["type"] == "tool_result")
    assert given["tool_use_id"] == use["id"] and "seen" in json.dumps(given["content"])


def test_call_that_is_made_again_is_kept_again(start_fake, store_file):
    gateway = start_fake("", store__path=store_file)
    question = '[[call:look:{"q": "x"}]]'
    gateway.answer("one", conversation_id="a")
    gateway.chat(question, tools=[LOOK], conversation_id="a")
    whole_dialogue = [{"role": "user", "content": "one"},
                      {"role": "assistant", "content": "You said: one"},
                      {"role": "user", "content": question}]
    _, _, body = gateway.chat(whole_dialogue, tools=[LOOK], conversation_id="a")
    assert "stored" not in body
    asked, = body["choices"][0]["message"]["tool_calls"]
    result = {"role": "tool", "tool_call_id": asked["id"], "content": "seen"}
    status, _, body = gateway.chat([result], tools=[LOOK], conversation_id="a")
    assert status == 200 and "stored" not in body, body
    assert call(gateway, "GET", f"{PATH}/a")[1]["message_count"] == 6


def test_conversations_are_shown_listed_changed_and_deleted_after_a_restart(keeps):
    gateway = keeps()
    status, made = call(gateway, "POST", PATH, {"metadata": {"topic": "dinner"}})
    assert status == 200
    for name in ("b", "a"):
        gateway.answer("x", conversation_id=name)
    before = [call(gateway, "GET", f"{PATH}/{name}") for name in (made["id"], "a", "b")]
    assert gateway.stop() == 0
    gateway = keeps()
    assert [call(gateway, "GET", f"{PATH}/{name}") for name in (made["id"], "a", "b")] == before
    status, page = call(gateway, "GET", f"{PATH}?limit=2")
    assert [entry["id"] for entry in page["conversations"]] == ["a", "b"] and page["has_more"]
    status, page = call(gateway, "GET", f"{PATH}?limit=2&after=b")
    assert [entry["id"] for entry in page["conversations"]] == [made["id"]]
    assert not page["has_more"]
    status, page = call(gateway, "GET", f"{PATH}?order=asc")
    assert [entry["id"] for entry in page["conversations"]] == [made["id"], "b", "a"]
    status, changed = call(gateway, "POST", f"{PATH}/a", {"metadata": {"k": "v"}})
    assert status == 200 and changed["metadata"]["k"] == "v"
    assert call(gateway, "DELETE", f"{PATH}/b")[0] == 200
    assert call(gateway, "GET", f"{PATH}/b")[0] == 404
    assert gateway.stop() == 0
    gateway = keeps()
    assert call(gateway, "GET", f"{PATH}/a")[1]["metadata"]["k"] == "v"
    assert call(gateway, "GET", f"{PATH}/b")[0] == 404
    assert gateway.stop() == 0


@pytest.mark.parametrize("query, param", [
    ("after=never-heard-of", "after"), ("after=%00", "after"), ("after=", "after"),
    ("order=up", "order"), ("order=asc&order=desc", "order"), ("limit=0", "limit"),
])
def test_wrong_pages_are_named(fake_gateway, query, param):
    status, body = call(fake_gateway, "GET", f"{PATH}?{query}")
    assert (status, body["error"]["param"]) == (400, param), body


@pytest.mark.parametrize("body, param", [
    ({}, "metadata"), ({"metadata": 1}, "metadata"), ({"metadata": {"k": 1}}, "metadata.k"),
    ({"metadata": {"k" * 65: "v"}}, "metadata"), ({"metadata": {"k": "v" * 513}}, "metadata"),
    ({"metadata": {str(n): "v" for n in range(17)}}, "metadata"),
])
def test_wrong_metadata_is_named(fake_gateway, body, param):
    fake_gateway.answer("x", conversation_id="a")
    status, answer = call(fake_gateway, "POST", f"{PATH}/a", body)
    assert (status, answer["error"]["param"]) == (400, param), answer
    assert call(fake_gateway, "POST", f"{PATH}/b", {"metadata": {}})[0] == 404


def test_unknown_id_of_our_own_form_is_not_found(fake_gateway):
    _, _, body = fake_gateway.chat("x", conversation_id="conv_" + "0" * 32)
    assert body["error"]["param"] == "conversation_id"
    assert fake_gateway.chat("x", conversation_id="my-own")[0] == 200


def test_file_and_directory_are_the_owners_alone(keeps, store_file):
    gateway = keeps()
    gateway.answer("x", conversation_id="a")
    assert os.stat(store_file.parent).st_mode & 0o777 == 0o700
    for file in store_file.parent.iterdir():
        assert os.stat(file).st_mode & 0o777 == 0o600, file


def test_memory_only_where_the_store_is_off(keeps, store_file):
    gateway = keeps(store__enabled="false")
    gateway.answer("x", conversation_id="a")
    assert not store_file.parent.exists()
    assert gateway.stop() == 0
    gateway = keeps(store__enabled="false")
    assert call(gateway, "GET", f"{PATH}/a")[0] == 404


def test_second_gateway_at_the_same_file_says_so_and_takes_over_later(keeps, store_file):
    first = keeps()
    first.answer("x", conversation_id="a")
    second = keeps()
    degraded(second, str(store_file))
    _, _, body = second.chat("x")
    assert "stored" not in body
    status, _, body = second.chat("x", conversation_id="b")
    assert (status, body["error"]["code"]) == (503, "store_unavailable")
    assert first.stop() == 0
    well(second)
    assert call(second, "GET", f"{PATH}/a")[0] == 200
    assert second.stop() == 0  # it has opened files since its start


def test_file_of_a_newer_version_refuses_the_start(keeps, store_file, binary, fake_claude, tmp_path):
    gateway = keeps()
    gateway.answer("x", conversation_id="a")
    assert gateway.stop() == 0
    with sqlite3.connect(store_file) as database:
        database.execute("PRAGMA user_version = 9999")
    run = subprocess.run([binary], capture_output=True, text=True, timeout=30, cwd=tmp_path,
                         env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path),
                              "CLAUDE_CODE__CLAUDE__COMMAND": str(fake_claude),
                              "CLAUDE_CODE__SERVER__PORT": "0",
                              "CLAUDE_CODE__STORE__PATH": str(store_file)})
    assert run.returncode != 0
    assert str(store_file) in run.stderr and "newer" in run.stderr, run.stderr


def test_broken_file_keeps_no_answer_back(keeps, store_file):
    gateway = keeps()
    gateway.answer("x", conversation_id="a")
    assert gateway.stop() == 0
    with open(store_file, "r+b") as file:
        file.write(os.urandom(4096))
    gateway = keeps()
    degraded(gateway, str(store_file))
    assert gateway.chat("x")[0] == 200
    assert call(gateway, "GET", PATH)[0] == 503


def command(binary, path, option, lines=""):
    return subprocess.run([binary, option], input=lines, capture_output=True, text=True, timeout=30,
                          env={"PATH": "/usr/bin:/bin", "CLAUDE_CODE__STORE__PATH": str(path)})


def test_store_is_checked_exported_and_imported(keeps, store_file, binary, tmp_path):
    gateway = keeps()
    for text in ("one", "two"):
        gateway.answer(text, conversation_id="a")
    assert command(binary, store_file, "--check-store").returncode == 0
    written = command(binary, store_file, "--export")
    assert written.returncode == 0 and "1 conversations with 2 turns" in written.stderr
    assert all(json.loads(line) for line in written.stdout.splitlines())
    refused = command(binary, store_file, "--import", written.stdout)
    assert refused.returncode == 1 and str(store_file) in refused.stderr
    assert gateway.stop() == 0
    other = tmp_path / "other" / "conversations.sqlite"
    assert command(binary, other, "--import", written.stdout).returncode == 0
    assert command(binary, other, "--export").stdout == written.stdout
    gateway = keeps(store__path=other)
    assert call(gateway, "GET", f"{PATH}/a")[1]["message_count"] == 4
    assert gateway.stop() == 0
    with open(other, "r+b") as file:
        file.seek(8192)
        file.write(b"?" * 4096)
    broken = command(binary, other, "--check-store")
    assert broken.returncode == 1 and broken.stdout
    assert command(binary, tmp_path / "none.sqlite", "--export").returncode == 1


@contextmanager
def locked(path):
    """Somebody else writes to the file, and takes his time."""
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("BEGIN IMMEDIATE")
    yield
    database.execute("ROLLBACK")
    database.close()


def timed(action):
    begin = time.monotonic()
    return action(), time.monotonic() - begin


def test_locked_file_holds_answers_up_no_longer_than_it_may(keeps, store_file):
    gateway = keeps(store__commit_timeout_seconds=0.3)
    gateway.answer("x", conversation_id="a")
    with locked(store_file):
        (status, _, body), took = timed(lambda: gateway.chat("y", conversation_id="a"))
        assert (status, body["stored"]) == (200, False) and 0.3 <= took < 2
        stream = ChatStream(gateway, "z", conversation_id="b").open()
        stream.read_all()
        last = [chunk for _, chunk in stream.chunks()
                if chunk["choices"] and chunk["choices"][0]["finish_reason"]]
        assert [chunk["stored"] for chunk in last] == [False]
        degraded(gateway, "")
    _, _, body = gateway.chat("z", conversation_id="a")
    assert "stored" not in body
    well(gateway)
    assert call(gateway, "GET", f"{PATH}/a")[1]["message_count"] == 6


def test_what_waits_for_the_disk_is_limited(keeps, store_file):
    gateway = keeps(store__commit_timeout_seconds=8, store__queue_bytes_max=65536)
    for name in "ab":
        gateway.answer("x", conversation_id=name)
    with locked(store_file):
        waits = threading.Thread(target=gateway.chat, args=("y",), kwargs={"conversation_id": "a"})
        waits.start()
        proc_tree.wait_until(lambda: gateway.stats()["turns"]["active"] == 1
                             and gateway.stats()["processes"]["busy"] == 0, 5, "a turn to wait")
        _, _, body = gateway.chat("z" * 100_000, conversation_id="b")
        assert body["stored"] is False and waits.is_alive()
    waits.join()


def test_file_does_not_outgrow_its_limit(keeps, store_file):
    gateway = keeps(store__bytes_max=400_000)
    for number in range(8):
        gateway.answer("x" * 100_000, conversation_id=f"c{number}")
    def rest():
        return [entry["id"] for entry in call(gateway, "GET", PATH)[1]["conversations"]]
    proc_tree.wait_until(lambda: len(rest()) < 5, 20, "the oldest to be deleted")
    assert rest()[0] == "c7" and "c0" not in rest()


def test_first_turns_need_not_be_kept(keeps):
    gateway = keeps(store__unnamed_minutes=0)
    _, _, body = gateway.chat("x")
    assert gateway.stop() == 0
    gateway = keeps(store__unnamed_minutes=0)
    assert gateway.chat("y", conversation_id=body["conversation_id"])[0] == 404


def test_flood_of_first_turns_costs_no_disk(keeps):
    gateway = keeps(store__unnamed_per_minute_max=2, server__io_threads=1)
    for number in range(5):
        gateway.answer(f"question {number}")
    gateway.request("GET", PATH)  # what was written behind the answers is read
    assert gateway.stats()["store"]["writes"] == 2


class Talker(threading.Thread):
    """Goes on with one conversation, and notes what was acknowledged."""

    def __init__(self, name):
        super().__init__(daemon=True)
        self.conversation, self.acknowledged = name, []
        self.gateway, self.ended, self.number = None, threading.Event(), 0
        self.there = threading.Condition()

    def run(self):
        while not self.ended.is_set():
            with self.there:
                self.there.wait_for(lambda: self.gateway or self.ended.is_set())
                gateway = self.gateway
            if gateway is None:
                return
            self.number += 1
            text = f"{self.conversation} {self.number}"
            try:
                status, _, body = gateway.chat(text, conversation_id=self.conversation, timeout=10)
            except (OSError, ValueError):  # killed meanwhile
                with self.there:
                    if self.gateway is gateway:
                        self.gateway = None
                continue
            if status == 200 and "stored" not in body:
                self.acknowledged.append(text)


@pytest.mark.killed
def test_nothing_acknowledged_is_lost_however_often_it_is_killed(start_fake, store_file):
    def started():
        return start_fake("", store__path=store_file, process_pool__size=2)

    dice = random.Random(13)
    talkers = [Talker(f"talker-{number}") for number in range(4)]
    for talker in talkers:
        talker.start()
    slowest = 0
    for _ in range(CYCLES):
        begin = time.monotonic()
        gateway = started()
        slowest = max(slowest, time.monotonic() - begin)
        for talker in talkers:
            with talker.there:
                talker.gateway = gateway
                talker.there.notify()
        # Somewhere in its work: how long that takes is for the dice to say, too.
        enough = gateway.stats()["turns"]["finished"] + dice.randrange(40)
        proc_tree.wait_until(lambda: gateway.stats()["turns"]["finished"] >= enough, 20, "turns")
        gateway.kill()
        proc_tree.wait_until(lambda: not gateway.survivors(), 1, "its processes to end")
        assert whole(store_file)
    for talker in talkers:
        talker.ended.set()
        with talker.there:
            talker.there.notify()
        talker.join(20)
    acknowledged = sum(len(talker.acknowledged) for talker in talkers)
    assert acknowledged > 0
    with sqlite3.connect(f"file:{store_file}?mode=ro", uri=True) as database:
        kept = {json.loads(messages)[-2]["content"]
                for messages, in database.execute("SELECT messages FROM turns WHERE state = 0")}
    for talker in talkers:
        for asked in talker.acknowledged:
            assert asked in kept, f"{asked} was acknowledged and is lost"
    print(f"{CYCLES} kills, {acknowledged} turns acknowledged, slowest start {slowest:.2f} s")
