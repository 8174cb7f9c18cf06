"""The number of processes is capped; conversations outlive them; waiting has limits."""

import json
import select
import time

import proc_tree
from resend import in_background
from sse import ChatStream

LONG = "[[text:10000]][[delay:20]]"


def told(answer):
    """What the process said it had been told."""
    return json.loads(answer)


def test_least_recently_used_process_is_retired_and_its_dialogue_comes_back(start_fake):
    gateway = start_fake(claude__max_concurrent_sessions=3)
    for name in "abc":
        gateway.answer(f"[[say:hello {name}]]", conversation_id=name)
    pids = {name: told(gateway.answer("[[dialogue]]", conversation_id=name))["pid"]
            for name in "bca"}
    assert len(set(pids.values())) == 3
    gateway.answer("x", conversation_id="d")
    gateway.wait_cli_count(3)
    assert pids["b"] not in gateway.cli_pids()
    assert pids["a"] in gateway.cli_pids() and pids["c"] in gateway.cli_pids()
    again = told(gateway.answer("back [[dialogue]]", conversation_id="b"))
    assert again["pid"] != pids["b"]
    assert again["messages"][0] == ["user", "[[say:hello b]]"]
    assert again["messages"][1] == ["assistant", "hello b"]
    assert len(again["messages"]) == 5 and again["messages"][-1] == ["user", "back [[dialogue]]"]
    assert len(gateway.cli_pids()) <= 3
    assert gateway.stats()["processes"]["max"] == 3


def test_returning_conversation_keeps_its_system_prompt(start_fake):
    gateway = start_fake(claude__max_concurrent_sessions=1)
    gateway.chat([{"role": "system", "content": "Be brief."}, {"role": "user", "content": "x"}],
                 conversation_id="a")
    gateway.answer("x", conversation_id="b")
    back = told(gateway.answer("[[dialogue]]", conversation_id="a"))
    assert back["system"] == "Be brief."
    assert [text for _, text in back["messages"]] == ["x", "You said: x", "[[dialogue]]"]


def test_request_above_the_cap_waits_and_is_answered(start_fake, ledger):
    gateway = start_fake(claude__max_concurrent_sessions=1)
    first = ChatStream(gateway, "[[text:20]][[delay:20]]", conversation_id="a").open()
    first.read_contents(1)
    second = in_background(gateway.answer, "me too", conversation_id="b")
    first.read_all()
    second.join(10)
    assert second.result == "You said: me too" and first.done()
    assert len(gateway.cli_pids()) == 1


def test_stream_has_no_status_while_it_waits_for_a_process(start_fake):
    gateway = start_fake(claude__max_concurrent_sessions=1, limits__queue_timeout_seconds=1,
                         limits__stream_header_delay_seconds=0.05)
    first = ChatStream(gateway, LONG, conversation_id="a").open()
    first.read_contents(1)
    second = ChatStream(gateway, "x", conversation_id="b").open()
    assert second.status == 503 and second.headers["retry-after"] == "10"
    assert second.headers["x-should-retry"] == "true"
    assert json.loads(second.answer.read())["error"]["code"] == "server_busy"
    second.close()
    first.hang_up()


def test_stream_has_no_status_while_its_conversation_is_busy(start_fake):
    gateway = start_fake(limits__stream_header_delay_seconds=0.05)
    first = ChatStream(gateway, LONG, conversation_id="a").open()
    first.read_contents(1)
    second = ChatStream(gateway, "x", conversation_id="a")
    proc_tree.wait_until(lambda: gateway.stats()["turns"]["active"] == 2, 5,
                         "both to be there")
    # Longer than its head would be held back if a process had it.
    assert select.select([second.socket], [], [], 0.5)[0] == []
    first.hang_up()
    assert second.open().status == 200
    assert second.read_all().text() == "You said: x" and second.done()


def test_wait_for_a_process_ends_at_its_deadline(start_fake):
    gateway = start_fake(claude__max_concurrent_sessions=1, limits__queue_timeout_seconds=0.5)
    first = ChatStream(gateway, LONG, conversation_id="a").open()
    first.read_contents(1)
    began = time.monotonic()
    status, headers, body = gateway.chat("x", conversation_id="b")
    assert (status, body["error"]["code"]) == (503, "server_busy")
    assert 0.4 < time.monotonic() - began < 3
    assert float(headers["retry-after"]) > 0
    first.hang_up()


def test_full_queue_refuses_at_once(start_fake):
    gateway = start_fake(claude__max_concurrent_sessions=1, limits__queue_max=1,
                         limits__queue_timeout_seconds=20)
    first = ChatStream(gateway, LONG, conversation_id="a").open()
    first.read_contents(1)
    waiting = in_background(gateway.chat, "x", conversation_id="b")
    proc_tree.wait_until(lambda: gateway.stats()["queue"]["length"] == 1, 5, "one to wait")
    began = time.monotonic()
    status, headers, body = gateway.chat("x", conversation_id="c")
    assert (status, body["error"]["code"]) == (503, "server_busy")
    assert time.monotonic() - began < 1 and "retry-after" in headers
    assert waiting.is_alive()
    first.hang_up()
    waiting.join(10)
    assert waiting.result[0] == 200


def test_second_request_of_a_busy_conversation_waits_its_turn(start_fake, ledger):
    gateway = start_fake()
    first = ChatStream(gateway, "[[text:20]][[delay:20]]", conversation_id="a").open()
    first.read_contents(1)
    second = in_background(gateway.answer, "second [[dialogue]]", conversation_id="a")
    first.read_all()
    second.join(10)
    assert [role for role, _ in told(second.result)["messages"]] == ["user", "assistant", "user"]
    assert not ledger.lines("prompt", overlap=True)
    assert len(gateway.cli_pids()) == 1


def test_many_conversations_at_once_never_mix_their_tokens(start_fake, ledger):
    gateway = start_fake(claude__max_concurrent_sessions=4)
    streams = [ChatStream(gateway, f"[[mark:m{n}x]][[text:30]][[delay:2]]",
                          conversation_id=f"c{n}") for n in range(12)]
    calls = [in_background(lambda s=s: s.open().read_all()) for s in streams]
    for call in calls:
        call.join(60)
    for n, stream in enumerate(streams):
        assert stream.text() == "".join(f"m{n}x-{i} " for i in range(30))
        assert stream.done() and stream.finish_reasons() == ["stop"]
    assert len(ledger.prompts()) == 12
