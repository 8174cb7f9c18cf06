"""What answers tell about their match, and what becomes of dialogues when processes end."""

import json
import os
import signal

import pytest

import proc_tree
from resend import Talk, ask, assistant, at_once, matches_of, send, user
from sse import ChatStream

LONG = "[[text:10000]][[delay:20]]"  # instead of what it was told


@pytest.fixture
def gateway(tells):
    return tells()


def kill(gateway, pid):
    """Kills a CLI and waits until the gateway has noticed."""
    before = gateway.stats()["processes"]["live"]
    os.kill(pid, signal.SIGKILL)
    proc_tree.wait_until(lambda: gateway.stats()["processes"]["live"] < before, 5,
                         "the gateway to notice that a process died")


# -- what answers say about it

@pytest.mark.parametrize("stream", [False, True])
def test_answer_tells_how_it_was_matched_and_how_long_it_took(newest, stream):
    gateway = newest()
    talk = Talk(gateway, stream=stream)
    first, second = talk.say_all("one", "two")
    assert {"wait", "boot", "setup", "first"} <= first.timing.keys()
    assert {"wait", "first"} <= second.timing.keys()
    assert first.timing["boot"][0] > 0 and second.timing.get("boot", (0, None))[0] == 0
    for reply in (first, second):
        assert all(0 <= milliseconds < 30_000 for milliseconds, _ in reply.timing.values())
        assert all(text in (None, "spare") for _, text in reply.timing.values())
    again = talk.regenerate()
    assert again.match == "rewound" and again.timing["setup"][0] > 0


def test_times_are_those_that_passed(newest):
    gateway = newest()
    talk = Talk(gateway, conversation_id="c")
    talk.say("one")
    slow = talk.say("[[first:300]]")
    assert slow.timing["first"][0] >= 290
    running = ChatStream(gateway, "[[text:10]][[delay:30]]", conversation_id="c").open()
    running.read_contents(1)
    waited = send(gateway, [user("two")], conversation_id="c")
    assert waited.timing["wait"][0] >= 100
    running.read_all()


@pytest.mark.parametrize("stream", [False, True])
def test_failed_turn_tells_its_match_and_its_conversation(newest, stream):
    gateway = newest()
    talk = Talk(gateway)
    first = talk.say("one")
    failed = send(gateway, [*talk.messages, user("[[err:529]]")], stream)
    assert failed.status == 503 and failed.match == "continued"
    assert failed.headers["x-ccapi-conversation-id"] == first.id
    assert "wait" in failed.timing
    refused = send(gateway, [user("x")], stream, model="no-such-model")
    assert refused.status == 404 and "x-ccapi-match" not in refused.headers


def test_figures_add_up_to_what_answers_said(gateway):
    replies = []
    talk = Talk(gateway)
    replies += talk.say_all("one", "two", "three")
    replies.append(talk.regenerate())
    replies.append(Talk(gateway, [user("x"), assistant("y")]).say("z"))
    replies.append(talk.fork(2).say("otherwise"))
    replies.append(talk.say("back"))
    failed = send(gateway, [*talk.messages, user("[[err:400]]")])
    told = matches_of([*replies, failed])
    stats = gateway.stats()
    assert stats["matches"] == {name: told.count(name) for name in
                                ("continued", "rewound", "branched", "seeded", "fresh")}
    assert sum(stats["matches"].values()) == stats["turns"]["submitted"]


# -- what goes wrong in between

def test_dialogue_whose_process_was_killed_is_told_to_another(gateway):
    talk = Talk(gateway)
    first = talk.say_all("one", "two")[-1]
    kill(gateway, first.pid)
    reply = talk.say("three")
    assert reply.match == "seeded" and reply.pid != first.pid and reply.id == first.id
    assert talk.say("four").match == "continued"
    kill(gateway, reply.pid)
    assert talk.regenerate().match in ("seeded", "branched")


def test_process_killed_in_the_middle_of_its_setup_is_replaced(gateway):
    talk = Talk(gateway)
    first = talk.say_all("one", "two")[-1]
    os.kill(first.pid, signal.SIGSTOP)  # it answers no rewind
    try:
        asked = [*talk.messages[:2], user("two, in other words")]

        def kill_it_then():
            proc_tree.wait_until(lambda: gateway.stats()["processes"]["busy"] == 1, 5,
                                 "the turn to begin")
            os.kill(first.pid, signal.SIGKILL)
        reply, _ = at_once(lambda: ask(gateway, asked), kill_it_then)
    finally:
        if proc_tree.stat(first.pid):
            os.kill(first.pid, signal.SIGCONT)
    assert reply.pid != first.pid


def test_turn_that_failed_leaves_no_trace_in_the_dialogue(gateway):
    talk = Talk(gateway)
    talk.say("one")
    assert send(gateway, [*talk.messages, user("[[err:400]] poison")]).status == 400
    # "branched" while the process still takes the question back.
    assert talk.say("two").match in ("continued", "seeded", "rewound", "branched")
    # A client that keeps its failed question.
    kept = Talk(gateway, [*talk.messages, user("poison")])
    kept.say("three")


def test_client_that_left_in_the_middle_finds_its_dialogue_again(gateway):
    talk = Talk(gateway)
    talk.say_all("one", "two")
    stream = ChatStream(gateway, [*talk.messages, user(LONG)]).open().read_contents(3)
    stream.hang_up()
    assert talk.say("three").status == 200
    # What it had seen of the answer, as an answer.
    part = Talk(gateway, [*talk.messages[:4], user(LONG), assistant(stream.text())])
    part.say("go on")


def test_processes_retire_after_their_turns(tells):
    gateway = tells(process_pool__turns_max=3)
    talk = Talk(gateway)
    replies = [talk.say(f"question {turn}") for turn in range(10)]
    pids = [reply.pid for reply in replies]
    assert all(pids.count(pid) <= 3 for pid in pids)
    assert matches_of(replies) == [
        "fresh", *["continued"] * 2, *["seeded", "continued", "continued"] * 2, "seeded"]
    gateway.wait_cli_count(1)


def test_process_that_has_grown_retires_when_it_rests(newest):
    gateway = newest(process_pool__process_memory_max_mb=1)
    talk = Talk(gateway)
    first = talk.say("x" * 4_000_000)
    gateway.wait_cli_count(0, 30)
    second = talk.say("two")
    assert second.match == "seeded" and second.pid != first.pid


def test_process_without_a_turn_for_long_ends_and_its_dialogue_stays(newest):
    gateway = newest(conversation__session_timeout_minutes=0.01)
    talk = Talk(gateway)
    talk.say("one")
    gateway.wait_cli_count(0, 15)
    assert talk.say("two").match == "seeded"


def test_process_per_request_answers_from_the_history_alone(newest):
    gateway = newest(claude__use_interactive_sessions="false")
    talk = Talk(gateway)
    replies = talk.say_all("one", "two", "three")
    assert len({reply.pid for reply in replies}) == 3
    assert matches_of(replies) == ["fresh", "seeded", "seeded"]


def test_forgotten_dialogues_are_told_anew(newest):
    gateway = newest(conversation__stored_max=2, claude__max_concurrent_sessions=2)
    talks = [Talk(gateway) for _ in range(6)]
    for turn in range(4):
        for number, talk in enumerate(talks):
            talk.say(f"{number} {turn}")


def test_deleted_conversation_is_told_anew(gateway):
    talk = Talk(gateway)
    first = talk.say_all("one", "two")[-1]
    assert gateway.request("DELETE", f"/v1/conversations/{first.id}")[0] == 200
    reply = talk.say("three")
    assert reply.match == "seeded" and reply.pid != first.pid


def test_stored_dialogue_without_its_beginning_is_not_what_a_resent_one_is_told(tells):
    short = tells(conversation__max_history_messages=2)
    talk = Talk(short)
    pid = talk.say_all(*"abcd")[-1].pid
    kill(short, pid)
    assert talk.say("e").match == "seeded"  # all of it: the request brought it


def test_long_dialogue_is_found_and_told_whole(newest):
    gateway = newest()
    past = [message for n in range(900) for message in (user(f"question {n}"), assistant("a" * n))]
    talk = Talk(gateway, past)
    assert talk.say("now").match == "seeded"
    assert talk.say("then").match == "continued"
    assert talk.fork(1796).say("otherwise").match in ("rewound", "branched")


def test_dialogue_shows_its_messages_in_the_api_of_conversations(newest):
    gateway = newest()
    talk = Talk(gateway)
    last = talk.say_all("one", "two")[-1]
    _, _, raw = gateway.request("GET", f"/v1/conversations/{last.id}")
    assert json.loads(raw)["message_count"] == 4
    again = talk.regenerate()
    for identity in {last.id, again.id}:
        _, _, raw = gateway.request("GET", f"/v1/conversations/{identity}")
        assert json.loads(raw)["message_count"] == 4
