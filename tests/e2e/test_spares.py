"""Spares: processes that were started ahead, and what they may and may not do."""

import json
import os
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

import proc_tree
from resend import TELLS, Talk, ask, at_once, send, system, user
from spare_pool import on_a_spare, spares, wait_ready
from sse import ChatStream
from test_auth import ADMIN, ALICE, BOB, key_list, record


def nice_of(pid):
    text = open(f"/proc/{pid}/stat", encoding="ascii", errors="replace").read()
    return int(text[text.rindex(")") + 2:].split()[16])


class Census:
    """Looks all the time how many CLI processes there are."""

    def __init__(self, gateway):
        self.gateway, self.most, self.over = gateway, 0, threading.Event()
        self.thread = threading.Thread(target=self._count, daemon=True)

    def _count(self):
        while not self.over.is_set():
            clis = [pid for shim in proc_tree.children(self.gateway.pid)
                    for pid in proc_tree.children(shim)
                    if (found := proc_tree.stat(pid)) and found[0] != "Z"]
            self.most = max(self.most, len(clis))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


# -- what they are for

def test_nobody_waits_for_a_spare_to_boot(start_fake):
    gateway = start_fake(TELLS + "[[boot:2000]]", **spares(1))
    wait_ready(gateway, 1)
    reply = Talk(gateway).say("one")
    assert on_a_spare(reply) and reply.timing["boot"][0] < 200


def test_spares_are_ready_before_the_first_request_and_again_after_it(with_spares):
    gateway = with_spares(2)
    before = gateway.cli_pids()
    assert len(before) == 2
    reply = Talk(gateway).say("one")
    assert reply.pid in before and on_a_spare(reply)
    assert wait_ready(gateway, 2)["hits"] == 1
    assert len(gateway.cli_pids()) == 3 and set(before) < set(gateway.cli_pids())


@pytest.mark.parametrize("stream", [False, True])
def test_claimed_spare_has_the_system_prompt_and_history_of_its_request(with_spares, stream):
    gateway = with_spares(2)
    waiting = set(gateway.cli_pids())
    for prompt in ("Be brief.", "Be verbose."):
        talk = Talk(gateway, [system(prompt), user("a"), {"role": "assistant", "content": "b"}],
                    stream=stream)
        first, second = talk.say_all("c", "d")
        assert first.match == "seeded" and first.pid in waiting
        assert (second.match, second.pid) == ("continued", first.pid)


def test_spare_is_told_nothing_before_it_is_claimed(with_spares, ledger):
    gateway = with_spares(1)
    pid = gateway.cli_pids()[0]
    ledger.wait("control", pid=pid)  # it answers first, then writes it down
    asked = [entry["subtype"] for entry in ledger.lines("control", pid=pid)]
    assert asked[0] == "get_binary_version" and "initialize" not in asked
    assert not ledger.lines("seed", pid=pid) and not ledger.lines("prompt", pid=pid)
    assert not ledger.lines("side_question", pid=pid, sent=True)
    assert Talk(gateway, [system("Be brief.")]).say("one").pid == pid
    assert len(ledger.lines("control", pid=pid, subtype="initialize")) == 1


def test_spares_of_a_model_come_with_its_use(with_spares, ledger):
    gateway = with_spares(1, process_pool__size=4)
    first = Talk(gateway, model="haiku").say("one")
    assert first.timing["boot"][0] > 0
    wait_ready(gateway, 2)
    second = Talk(gateway, model="haiku").say("two")
    assert on_a_spare(second)
    started = {entry["pid"]: entry["arguments"] for entry in ledger.lines("start")}
    assert any("haiku" in argument for argument in started[second.pid])


def test_many_first_requests_at_once_are_answered_with_and_without_a_spare(with_spares):
    gateway = with_spares(3)
    replies = at_once(*[lambda n=n: Talk(gateway).say(f"[[first:200]] {n}") for n in range(8)])
    assert len({reply.pid for reply in replies}) == 8
    shown = gateway.stats()["spares"]
    assert shown["hits"] + shown["misses"] == 8 and shown["hits"] >= 3


def test_burst_is_followed_by_no_more_spares_than_allowed(start_fake):
    gateway = start_fake(TELLS, process_pool__size=9, process_pool__min_idle=1,
                         process_pool__max_idle=3, claude__max_concurrent_sessions=30)
    wait_ready(gateway, 1)
    for _ in range(3):
        at_once(*[lambda: Talk(gateway).say("x") for _ in range(6)])
        most = 0
        for _ in range(50):
            shown = gateway.stats()["spares"]
            most = max(most, shown["ready"] + shown["booting"])
        assert most <= 3
    proc_tree.wait_until(lambda: gateway.stats()["spares"]["ready"] >= 1, 10, "a refill")


def test_without_a_pool_there_are_no_spares(start_fake, ledger):
    gateway = start_fake(TELLS, process_pool__size=0)
    talk = Talk(gateway)
    assert talk.say("one").timing["boot"][0] > 0
    talk.say("two")
    assert len(gateway.cli_pids()) == 1
    shown = gateway.stats()["spares"]
    assert (shown["ready"], shown["booting"], shown["hits"]) == (0, 0, 0)
    assert len(ledger.lines("start")) == 1


def test_spare_may_serve_any_tenant_but_then_none_other(start_fake):
    gateway = start_fake(TELLS, key=ADMIN, **spares(2, auth__keys=key_list(
        record("alice", ALICE), record("bob", BOB)), claude__max_concurrent_sessions=6))
    wait_ready(gateway, 2)
    served = {}  # pid -> tenants
    talks = []
    for turn in range(12):
        key = (ALICE, BOB, ADMIN)[turn % 3]
        if turn < 6:
            talks.append((key, Talk(gateway, key=key)))
        key, talk = talks[turn % len(talks)]
        reply = talk.say("hello")
        served.setdefault(reply.pid, set()).add(key)
        if turn % 4 == 3:  # its process is free, and nobody's
            gateway.request("DELETE", f"/v1/conversations/{reply.id}", key=key)
    assert all(len(keys) == 1 for keys in served.values()), served
    assert len(set.union(*served.values())) == 3


# -- the cap

def test_processes_and_spares_together_never_exceed_the_cap(start_fake):
    gateway = start_fake(TELLS, **spares(3, claude__max_concurrent_sessions=6))
    with Census(gateway) as census:
        talks = [Talk(gateway) for _ in range(9)]

        def run(number, talk):
            for turn in range(8):
                talk.say(f"{number} {turn}")
        at_once(*[lambda each=each: run(*each) for each in enumerate(talks)])
    assert 0 < census.most <= 6


def test_request_takes_the_place_of_a_spare_that_does_not_suit_it(with_spares):
    gateway = with_spares(1, claude__max_concurrent_sessions=3, process_pool__size=1)
    waiting = gateway.cli_pids()
    talks = [Talk(gateway, model="haiku") for _ in range(3)]
    for talk in talks:
        began = time.monotonic()
        assert talk.say("one").pid not in waiting
        assert time.monotonic() - began < 5
    assert [talk.say("two").match for talk in talks] == ["continued"] * 3
    assert gateway.stats()["spares"]["dropped"] >= 1
    assert not set(waiting) & set(gateway.cli_pids()) and len(gateway.cli_pids()) == 3


def test_spares_do_not_push_live_dialogues_out(with_spares):
    gateway = with_spares(2, claude__max_concurrent_sessions=6, process_pool__reuse="false")
    talks = [Talk(gateway) for _ in range(6)]
    pids = [talk.say("one").pid for talk in talks]
    for turn in range(3):
        replies = [talk.say(f"turn {turn}") for talk in talks]
        assert [reply.match for reply in replies] == ["continued"] * 6
        assert [reply.pid for reply in replies] == pids
    wait_ready(gateway, 0)


def test_model_that_nobody_asks_for_any_more_has_no_spares(with_spares):
    gateway = with_spares(1, process_pool__size=3, process_pool__model_idle_minutes=0.12)
    Talk(gateway, model="haiku").say("one")
    gateway.wait_cli_count(3, 10)  # the dialogue, and a spare of each model
    gateway.wait_cli_count(2, 20)
    assert on_a_spare(Talk(gateway).say("one"))


def test_too_little_free_memory_leaves_no_spares(start_fake):
    gateway = start_fake(TELLS, **spares(2, process_pool__memory_available_min_mb=1_000_000))
    Talk(gateway).say("one")
    assert gateway.stats()["spares"]["ready"] == 0 and len(gateway.cli_pids()) == 1


# -- spares that go wrong

def test_spare_that_died_is_replaced(with_spares):
    gateway = with_spares(2)
    before = gateway.cli_pids()
    os.kill(before[0], signal.SIGKILL)
    proc_tree.wait_until(lambda: before[0] not in gateway.cli_pids()
                         and len(gateway.cli_pids()) == 2, 15, "another spare")
    wait_ready(gateway, 2)
    assert Talk(gateway).say("one").pid in gateway.cli_pids()


def test_spares_that_never_boot_are_tried_again_with_pauses(start_fake, ledger):
    gateway = start_fake(TELLS + "[[boot:60000]]", **spares(
        1, claude__boot_timeout_seconds=0.2, claude__close_grace_seconds=0.1,
        supervision__start_failures_max=2, supervision__start_pause_seconds=0.5))
    starts = ledger.wait("start", 3, timeout=40)
    assert starts[2]["t"] - starts[0]["t"] > 0.5
    assert len(gateway.cli_pids()) <= 1
    status, _, body = gateway.chat("x")
    assert (status, body["error"]["code"]) == (503, "cli_unavailable")


def test_spare_that_hangs_after_its_start_holds_its_request_no_longer_than_it_may(start_fake):
    gateway = start_fake(TELLS, **spares(2, claude__boot_timeout_seconds=10,
                                         claude__control_timeout_seconds=1,
                                         claude__first_event_timeout_seconds=1,
                                         claude__close_grace_seconds=0.1))
    wait_ready(gateway, 2)
    for pid in gateway.cli_pids():
        os.kill(pid, signal.SIGSTOP)
    stopped = gateway.cli_pids()
    try:
        reply = send(gateway, [user("one")])
        assert reply.status in (200, 504)  # 504: the question was out
    finally:
        for pid in stopped:
            try:
                os.kill(pid, signal.SIGCONT)
            except ProcessLookupError:
                pass


def test_request_whose_spare_dies_at_the_claim_is_answered_by_another(with_spares):
    gateway = with_spares(2)
    for _ in range(10):
        wait_ready(gateway, 2)
        os.kill(min(gateway.cli_pids()), signal.SIGKILL)
        assert Talk(gateway).say("one").status == 200


def test_spares_of_a_replaced_cli_are_dropped(start, fake_claude, ledger, tmp_path):
    program = tmp_path / "claude"
    shutil.copy(fake_claude, program)
    gateway = start(program, {"ANTHROPIC_API_KEY": "unused", "ANTHROPIC_FAKE_SCRIPT": TELLS,
                              "ANTHROPIC_FAKE_LEDGER": str(ledger.path)},
                    **spares(2))
    wait_ready(gateway, 2)
    old = gateway.cli_pids()
    replacement = tmp_path / "claude.new"
    replacement.write_bytes(fake_claude.read_bytes() + b"another version")
    replacement.chmod(0o755)
    os.replace(replacement, program)
    reply = Talk(gateway).say("one")
    assert reply.pid not in old
    assert os.readlink(f"/proc/{reply.pid}/exe") == str(program)
    proc_tree.wait_until(lambda: not set(old) & set(gateway.cli_pids()), 15,
                         "the old spares to end")
    assert wait_ready(gateway, 2)["dropped"] >= 2
    assert on_a_spare(Talk(gateway).say("two"))


# -- the end

def test_stopped_gateway_ends_its_spares(with_spares):
    gateway = with_spares(3)
    assert gateway.stop(6) == 0


def test_stopped_gateway_ends_spares_that_still_boot(start_fake, ledger):
    gateway = start_fake("[[boot:60000]]", **spares(2))
    ledger.wait("start")
    assert gateway.stop(8) == 0


def test_draining_gateway_starts_no_more_spares(with_spares, ledger):
    gateway = with_spares(1)
    stream = ChatStream(gateway, "[[text:20]][[delay:50]]").open().read_contents(2)
    wait_ready(gateway, 1)
    started = len(ledger.lines("start"))
    gateway.tree = proc_tree.descendants(gateway.pid)
    gateway.process.terminate()
    stream.read_all()
    assert stream.finish_reasons() == ["stop"]
    assert gateway.process.wait(8) == 0
    gateway.stopped = True
    assert len(ledger.lines("start")) == started


# -- what they cost

@pytest.mark.skipif(os.geteuid() != 0, reason="only root may make a process less nice again")
def test_spares_are_nice_until_they_are_claimed(with_spares):
    gateway = with_spares(2)
    own = nice_of(gateway.pid)
    assert all(nice_of(pid) > own for pid in gateway.cli_pids())
    reply = Talk(gateway).say("one")
    assert nice_of(reply.pid) == own
    wait_ready(gateway, 2)
    assert all(nice_of(pid) > own for pid in gateway.cli_pids() if pid != reply.pid)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give the right away")
def test_who_may_not_undo_it_has_spares_run_as_batch_processes(binary):
    """The gateway of an ordinary user, or in a container: nobody may be less nice again there."""
    ours, theirs = os.pipe()
    shim = subprocess.Popen(
        ["setpriv", "--bounding-set=-sys_nice", "--inh-caps=-sys_nice",
         str(binary.parent / "claude-code-api-shim"), str(ours), "unhurried", "/bin/cat"],
        pass_fds=[ours], stdin=subprocess.PIPE)
    os.close(ours)
    try:
        child = proc_tree.wait_until(
            lambda: Path(f"/proc/{shim.pid}/task/{shim.pid}/children").read_text().split(), 10, "cat")
        child = int(child[0])
        proc_tree.wait_until(lambda: os.sched_getscheduler(child) == os.SCHED_BATCH, 10, "batch")
        assert nice_of(child) == nice_of(os.getpid())
        os.write(theirs, b"h")
        proc_tree.wait_until(lambda: os.sched_getscheduler(child) == os.SCHED_OTHER, 10, "hurry")
    finally:
        os.close(theirs)
        shim.stdin.close()
        shim.wait(10)


def test_process_started_for_a_request_is_not_nice(start_fake):
    gateway = start_fake(TELLS, process_pool__size=0)
    assert nice_of(Talk(gateway).say("one").pid) == nice_of(gateway.pid)


def test_claimed_spare_answers_with_the_sampling_of_its_request(with_spares):
    gateway = with_spares(1)
    told = json.loads(gateway.answer("[[dialogue]]", max_tokens=5000))
    assert told["extra_body"] == {"max_tokens": 5000}
    ask(gateway, [user("next")])
