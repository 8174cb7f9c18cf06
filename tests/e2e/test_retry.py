"""A process that is lost at any moment: before anything was said the client notices nothing, later
it gets a clear end; never two answers, never half of one that looks whole."""

import json
import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from proc_tree import wait_until
from sse import ChatStream

WORDS = ["w0 ", "w1 ", "w2 "]
# Lines of such a turn: init, status, message_start, block_start, the deltas, and five more.
SILENT = 4
LINES = SILENT + len(WORDS) + 5
FAULTS = {"exit": "die_at:{}:exit", "kill": "die_at:{}:kill", "segv": "die_at:{}:segv",
          "hang": "hang_at:{}", "garbage": "garbage_at:{}:3"}


def check_stream(gateway, ledger, fault, at):
    key = f"stream-{at}"
    text = f"[[once:{key}]][[{fault.format(at)}]][[text:{len(WORDS)}]]"
    stream = ChatStream(gateway, text, conversation_id=key).open().read_all()
    assert stream.status == 200
    if at <= SILENT:
        expected, lost = "".join(WORDS), False
    else:
        expected, lost = "".join(WORDS[:at - SILENT]), True
    assert stream.text() == expected, at
    assert stream.failed() if lost else stream.done(), at
    assert stream.finish_reasons() == ([] if lost else ["stop"]), at
    assert len([p for p in ledger.prompts() if key in p]) == (2 if at <= SILENT else 1), at


def check_plain(gateway, ledger, fault, at):
    key = f"plain-{at}"
    text = f"[[once:{key}]][[{fault.format(at)}]][[text:{len(WORDS)}]]"
    status, headers, body = gateway.chat(text, conversation_id=key)
    if at <= SILENT:
        assert status == 200 and body["choices"][0]["message"]["content"] == "".join(WORDS), at
    else:
        assert status in (502, 504) and headers["x-should-retry"] == "false", (at, body)
    assert len([p for p in ledger.prompts() if key in p]) == (2 if at <= SILENT else 1), at


@pytest.mark.parametrize("kind", FAULTS)
def test_process_lost_at_any_line_of_a_turn(start_fake, ledger, kind):
    gateway = start_fake(claude__first_event_timeout_seconds=2,
                         claude__event_idle_timeout_seconds=2, claude__close_grace_seconds=0.2,
                         claude__max_concurrent_sessions=40, retry__budget_percent=100)
    cases = [(check, at) for at in range(LINES) for check in (check_stream, check_plain)]
    with ThreadPoolExecutor(4) as pool:
        for outcome in [pool.submit(check, gateway, ledger, FAULTS[kind], at)
                        for check, at in cases]:
            outcome.result()
    stats = gateway.stats()
    lost = 2 * (SILENT + 1)
    assert stats["turns"]["retried"] == lost
    assert stats["turns"]["finished"] == lost
    assert stats["turns"]["failed"] == len(cases) - lost


def test_reasoning_counts_as_an_answer_that_was_seen(fake_gateway, ledger):
    # init, status, message_start, block_start, one thought
    stream = ChatStream(fake_gateway, "[[once:k]][[die_at:5]][[think:3]][[text:3]]").open()
    stream.read_all()
    assert stream.failed()
    assert len(ledger.prompts()) == 1


def test_second_run_knows_the_whole_dialogue(fake_gateway):
    fake_gateway.answer("[[say:one]]", conversation_id="c")
    told = json.loads(fake_gateway.answer("[[once:k]][[die_at:3]][[dialogue]]",
                                          conversation_id="c"))
    assert told["messages"][:2] == [["user", "[[say:one]]"], ["assistant", "one"]]
    assert len(told["messages"]) == 3


def test_second_loss_is_an_error(fake_gateway, ledger):
    status, headers, body = fake_gateway.chat("[[die_at:2]]")
    assert (status, body["error"]["code"]) == (502, "upstream_crash")
    assert headers["x-should-retry"] == "false"
    assert len(ledger.prompts()) == 2


def test_retry_can_be_switched_off(start_fake, ledger):
    gateway = start_fake(retry__attempts=0)
    assert gateway.chat("[[once:k]][[die_at:2]]")[0] == 502
    assert len(ledger.prompts()) == 1


def test_when_everything_fails_most_turns_run_once(start_fake, ledger):
    gateway = start_fake(retry__budget_percent=10)
    for n in range(30):
        assert gateway.chat(f"[[die_at:1]] {n}")[0] == 502
    assert 30 < len(ledger.prompts()) <= 30 + 10 + 3


def test_error_of_the_api_is_not_run_again(fake_gateway, ledger):
    assert fake_gateway.chat("[[err:500]]")[0] == 502
    assert len(ledger.prompts()) == 1


def test_client_that_leaves_during_the_pause_is_forgotten(start_fake, ledger):
    gateway = start_fake(retry__backoff_seconds=1)
    stream = ChatStream(gateway, "[[die_at:2]]", conversation_id="c")
    gateway.wait_log(lambda line: line.get("msg") == "turn runs again", 5)
    stream.hang_up()
    assert gateway.answer("x", conversation_id="c") == "You said: x"
    assert len([p for p in ledger.prompts() if "die_at" in p]) == 1


def test_slow_answer_is_not_taken_for_a_lost_process(start_fake, ledger):
    gateway = start_fake(claude__first_event_timeout_seconds=1,
                         claude__event_idle_timeout_seconds=3)
    assert gateway.answer("[[first:1500]][[say:slow]]") == "slow"
    assert len(ledger.prompts()) == 1


@pytest.mark.serial
def test_slow_client_is_not_taken_for_a_silent_process(start_fake, ledger):
    gateway = start_fake(claude__event_idle_timeout_seconds=1.5)
    stream = ChatStream(gateway, "[[big:12000000]][[size:4096]]", timeout=60).open()
    stream.read_contents(1)
    # Longer than the idle time, while the pipe is not read.
    with pytest.raises(AssertionError):
        gateway.wait_log(lambda line: line.get("msg") == "process broken", 3)
    assert len(stream.read_all().text()) == 12_000_000 and not stream.errors()


def test_processes_that_do_not_come_up_are_left_alone_for_a_while(start_fake):
    gateway = start_fake("[[boot_exit:3]]", supervision__start_failures_max=3,
                         supervision__start_pause_seconds=60, retry__attempts=0)
    for _ in range(3):
        status, headers, body = gateway.chat("x")
        assert (status, body["error"]["code"]) == (503, "cli_unavailable")
        assert "told to fail" not in body["error"]["message"]
    spawned = gateway.stats()["processes"]["spawned"]
    gateway.wait_log(lambda line: line.get("msg") == "processes fail to start", 5)
    status, headers, body = gateway.chat("x")
    assert (status, body["error"]["code"]) == (503, "cli_unavailable")
    assert 1 <= float(headers["retry-after"]) <= 80
    assert gateway.stats()["processes"]["spawned"] == spawned == 3
    health = gateway.health()[1]
    assert health["status"] == "degraded" and "fail to start" in health["reason"]


def test_processes_are_tried_again_after_the_pause(start, fake_claude, tmp_path):
    broken = tmp_path / "broken"
    broken.touch()
    command = tmp_path / "claude"
    command.write_text(f'#!/bin/sh\n[ "$1" != --version ] && [ -e {broken} ] && exit 3\n'
                       f'exec {fake_claude} "$@"\n')
    command.chmod(0o755)
    gateway = start(command, {"ANTHROPIC_API_KEY": "x"}, retry__attempts=0,
                    supervision__start_failures_max=1, supervision__start_pause_seconds=0.2)
    assert gateway.chat("x")[0] == 503
    gateway.wait_log(lambda line: line.get("msg") == "processes fail to start", 5)
    broken.unlink()
    wait_until(lambda: gateway.chat("x")[0] == 200, 10, "processes to be started again")
    wait_until(lambda: gateway.health()[1]["status"] == "ok", 5, "the health to tell of it")


@pytest.mark.real_cli
def test_killed_cli_is_not_noticed_before_the_first_token(gateway, api):
    gateway.answer("[[say:one]]", conversation_id="c")
    stream = ChatStream(gateway, "[[hold:0]][[text:5]]", conversation_id="c")
    api.wait(lambda posts: len(posts) == 2)
    os.kill(gateway.cli_pids()[0], signal.SIGKILL)
    api.wait(lambda posts: posts[1].client_gone)
    api.release()
    stream.open().read_all()
    assert stream.text() == "w0 w1 w2 w3 w4 " and not stream.errors()
    assert stream.finish_reasons() == ["stop"] and stream.done()
    first, second = (post.messages() for post in api.posts()[1:])
    assert first == second == [("user", "[[say:one]]"), ("assistant", "one"),
                               ("user", "[[hold:0]][[text:5]]")]


@pytest.mark.real_cli
def test_killed_cli_in_mid_answer_is_an_error(gateway, api):
    stream = ChatStream(gateway, "[[hold:3]][[text:9]]", conversation_id="c").open()
    stream.read_contents(3)
    os.kill(gateway.cli_pids()[0], signal.SIGKILL)
    stream.read_all()
    assert stream.text() == "w0 w1 w2 " and stream.failed()
    assert [error["code"] for error in stream.errors()] == ["upstream_crash"]
    api.release()
    assert gateway.answer("[[say:next]]", conversation_id="c") == "next"
    assert api.last().messages() == [("user", "[[say:next]]")]
