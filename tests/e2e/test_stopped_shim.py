"""Somebody stops a shim (SIGSTOP): its process ends all the same when it must, and its slot is free
again."""

import os
import signal
import time

import pytest

import proc_tree
from resend import TELLS
from spare_pool import spares, wait_ready
from sse import ChatStream

GRACE = 0.3
# End of input, SIGTERM, life pipe: then the shim is killed.
LADDER = 4 * GRACE + 2


def stop_shims(gateway):
    shims = gateway.shims()
    for shim in shims:
        os.kill(shim, signal.SIGSTOP)
        proc_tree.wait_until(lambda s=shim: proc_tree.stat(s)[0] == "T", 5, "the shim to stop")
    return shims


def assert_gone(gateway, shims):
    proc_tree.wait_until(lambda: not set(shims) & set(gateway.shims()), LADDER,
                         "the shims to be gone")


@pytest.mark.parametrize("script", ["", "[[ignore_eof]]", "[[ignore_eof]][[ignore_term]]"])
def test_slot_of_an_idle_process_comes_back(start_fake, script):
    gateway = start_fake(script, claude__max_concurrent_sessions=1,
                         claude__close_grace_seconds=GRACE)
    gateway.answer("x", conversation_id="a")
    shims = stop_shims(gateway)
    began = time.monotonic()
    assert gateway.answer("y", conversation_id="b") == "You said: y"
    assert time.monotonic() - began < LADDER
    assert_gone(gateway, shims)
    assert gateway.stats()["processes"]["live"] == 1


def test_answer_goes_on_behind_a_stopped_shim_and_the_slot_comes_back(start_fake):
    gateway = start_fake(claude__max_concurrent_sessions=1, claude__close_grace_seconds=GRACE)
    stream = ChatStream(gateway, "[[text:20]][[delay:20]]", conversation_id="a").open()
    stream.read_contents(2)
    shims = stop_shims(gateway)
    stream.read_all()
    assert stream.text() == "".join(f"w{i} " for i in range(20))
    assert gateway.answer("y", conversation_id="b") == "You said: y"
    assert_gone(gateway, shims)


def test_process_that_dies_behind_a_stopped_shim_is_an_error_and_its_slot_comes_back(start_fake):
    gateway = start_fake(claude__max_concurrent_sessions=1, claude__close_grace_seconds=GRACE)
    stream = ChatStream(gateway, "[[text:1000]][[delay:20]]", conversation_id="a").open()
    stream.read_contents(2)
    shims = stop_shims(gateway)
    os.kill(gateway.cli_pids()[0], signal.SIGKILL)
    stream.read_all()
    assert [error["code"] for error in stream.errors()] == ["upstream_crash"]
    assert gateway.answer("y", conversation_id="b") == "You said: y"
    assert_gone(gateway, shims)


def test_client_that_leaves_a_hanging_turn_behind_a_stopped_shim_frees_the_slot(start_fake):
    gateway = start_fake("[[ignore_interrupt]]", claude__max_concurrent_sessions=1,
                         claude__close_grace_seconds=GRACE, claude__interrupt_timeout_seconds=GRACE)
    stream = ChatStream(gateway, "[[text:10000]][[delay:20]]", conversation_id="a").open()
    stream.read_contents(2)
    shims = stop_shims(gateway)
    stream.hang_up()
    assert gateway.answer("y", conversation_id="b") == "You said: y"
    assert_gone(gateway, shims)


def test_slot_of_a_spare_comes_back(start_fake):
    gateway = start_fake(TELLS, claude__max_concurrent_sessions=3, **spares(1))
    wait_ready(gateway, 1)
    shims = stop_shims(gateway)
    held = [ChatStream(gateway, f"[[text:10000]][[delay:20]] {n}", model="opus").open()
            for n in range(2)]
    for stream in held:
        stream.read_contents(1)
    began = time.monotonic()
    # No spare of this model, no idle process: the spare must go.
    assert gateway.chat("z", model="opus")[0] == 200
    assert time.monotonic() - began < 5
    assert_gone(gateway, shims)
    for stream in held:
        stream.hang_up()


def test_stop_of_the_gateway_ends_trees_behind_stopped_shims(start_fake, ledger):
    gateway = start_fake("[[ignore_term]][[ignore_eof]]", claude__close_grace_seconds=GRACE)
    gateway.answer("[[grandchild]]", conversation_id="a")
    gateway.answer("x", conversation_id="b")
    ledger.wait("grandchild")
    stop_shims(gateway)
    assert gateway.stop(10) == 0
