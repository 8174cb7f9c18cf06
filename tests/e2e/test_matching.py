"""Clients without a conversation id: a request's history finds the process that knows it, and no
process is ever told anything else than what its client sent."""

import json
import os
import signal
import time

import pytest

import proc_tree
from resend import TELLS, Talk, ask, assistant, at_once, send, system, user
from sse import ChatStream
from test_auth import ADMIN, ALICE, BOB, key_list, record
from told import expected

SLOW = "[[first:300]]"
LONG = "[[text:10000]][[delay:20]]"  # instead of what it was told
QUICK_SECONDS = 5  # far less than LONG takes


@pytest.fixture(params=["2.1.197", "2.1.330"])
def tells(request, start_fake):
    """tells(**settings): a gateway whose CLI behaves like one version, and says in each answer what
    it was told."""
    return lambda script="", **settings: start_fake(
        f"{TELLS}[[version:{request.param}]]{script}", **settings)


@pytest.fixture
def gateway(tells):
    return tells()


@pytest.fixture
def newest(start_fake):
    return lambda **settings: start_fake(TELLS, **settings)


def matches_of(replies):
    return [reply.match for reply in replies]


def kill(gateway, pid):
    """Kills a CLI and waits until the gateway has noticed."""
    before = gateway.stats()["processes"]["live"]
    os.kill(pid, signal.SIGKILL)
    proc_tree.wait_until(lambda: gateway.stats()["processes"]["live"] < before, 5,
                         "the gateway to notice that a process died")


# -- one client, one dialogue

@pytest.mark.parametrize("stream", [False, True])
def test_dialogue_sent_whole_each_time_goes_on_in_one_process(gateway, stream):
    talk = Talk(gateway, [system("Be brief.")], stream=stream)
    replies = talk.say_all("one", "two", "three", "four", "five")
    assert matches_of(replies) == ["fresh", *["continued"] * 4]
    assert len({reply.pid for reply in replies}) == 1 == len(gateway.cli_pids())
    assert len({reply.id for reply in replies}) == 1


def test_answer_asked_for_anew_comes_from_the_process_that_took_the_first_back(gateway):
    talk = Talk(gateway)
    *_, last = talk.say_all("one", "two", "three")
    again = talk.regenerate()
    assert (again.match, again.pid) == ("rewound", last.pid) and again.text != last.text
    assert talk.say("four").match == "continued"
    assert len(gateway.cli_pids()) == 1


def test_first_answer_asked_for_anew_is_given_by_a_process_that_knows_nothing_else(gateway):
    for _ in range(3):
        talk = Talk(gateway)
        assert talk.say("one").match == "fresh"
        assert talk.say("two").match == "continued"


def test_edit_of_an_early_turn_takes_back_what_came_after_it(gateway):
    talk = Talk(gateway)
    replies = talk.say_all("one", "two", "three", "four", "five")
    edited = talk.fork(2)
    first = edited.say("two, in other words")
    assert (first.match, first.pid) == ("rewound", replies[0].pid)
    assert matches_of(edited.say_all("three", "four")) == ["continued"] * 2


def test_undone_turns_are_taken_back(gateway):
    talk = Talk(gateway)
    talk.say_all("one", "two", "three", "four")
    for left in (6, 4, 2):
        talk = talk.fork(left)
        assert talk.say("otherwise").match == "rewound"
        talk = talk.fork(left)
    assert len(gateway.cli_pids()) == 1


def test_same_question_twice_in_a_row_is_two_turns(gateway):
    talk = Talk(gateway)
    assert matches_of(talk.say_all("again", "again", "again")) == ["fresh", *["continued"] * 2]


def test_line_that_was_left_can_be_gone_back_to(gateway):
    talk = Talk(gateway)
    talk.say_all("one", "two", "three")
    edited = talk.fork(2)
    edited.say_all("two, in other words", "and more")
    back = talk.say("four")
    assert back.match in ("rewound", "branched", "seeded")
    assert talk.say("five").match == "continued"
    edited.say("and yet more")


def test_two_branches_by_turns_are_each_told_only_their_own(gateway):
    trunk = Talk(gateway)
    trunk.say_all("one", "two")
    left, right = trunk.fork(2), trunk.fork(2)
    for turn in range(6):
        left.say(f"left {turn}")
        right.say(f"right {turn}")


def test_several_user_messages_at_once_are_told_one_by_one(gateway):
    talk = Talk(gateway, [user("one"), user("two")])
    assert talk.say("three").match in ("fresh", "seeded")
    talk.messages += [user("four"), user("five")]
    assert talk.say("six").match == "continued"
    talk.messages = talk.messages[:5]  # after "four"
    talk.say("five, in other words")
    ask(gateway, [user("one"), user("two, in other words")])


def test_unknown_history_is_told_to_a_new_process(gateway):
    past = [user("u1"), assistant("a1"), user("u2"), assistant("a2")]
    talk = Talk(gateway, past)
    assert matches_of(talk.say_all("u3", "u4")) == ["seeded", "continued"]
    edited = talk.fork(2)
    assert edited.say("instead").match in ("rewound", "branched")


def test_history_that_begins_with_an_answer_is_told_as_it_is(gateway):
    talk = Talk(gateway, [assistant("Welcome!")])
    assert matches_of(talk.say_all("one", "two")) == ["seeded", "continued"]
    talk.fork(3).say("two, in other words")


def test_client_that_drops_its_oldest_messages_is_understood(gateway):
    talk = Talk(gateway)
    talk.say_all(*"abcdef")
    for _ in range(3):
        del talk.messages[:2]
        assert talk.say("next").match == "seeded"
    # Trimmed to what begins with an answer.
    del talk.messages[:1]
    assert talk.say("next").match == "seeded"


def test_summary_in_place_of_the_first_messages_is_understood(gateway):
    talk = Talk(gateway, [system("Be brief.")])
    talk.say_all(*"abcd")
    short = Talk(gateway, [system("Be brief."), user("Summary: a, b"), assistant("Understood.")])
    short.messages += talk.messages[5:]
    assert short.say("e").match == "seeded"
    assert talk.say("f").match == "continued"


def test_changed_system_prompt_is_another_dialogue(gateway):
    talk = Talk(gateway, [system("Be brief.")])
    first = talk.say("one")
    other = Talk(gateway, [system("Be verbose."), *talk.messages[1:]])
    without = Talk(gateway, talk.messages[1:])
    for changed in (other, without):
        reply = changed.say("two")
        assert reply.match not in ("continued", "rewound") and reply.pid != first.pid
    assert talk.say("two").pid == first.pid


def test_late_system_message_is_part_of_the_system_prompt(gateway):
    talk = Talk(gateway, [system("Be brief.")])
    first = talk.say("one")
    talk.messages.append(system("Be quick, too."))
    reply = talk.say("two")
    assert reply.match not in ("continued", "rewound") and reply.pid != first.pid
    assert talk.say("three").match == "continued"


def test_changed_model_is_another_process_that_is_told_everything(gateway):
    talk = Talk(gateway)
    first = talk.say("one")
    other = Talk(gateway, talk.messages, model="haiku")
    reply = other.say("two")
    assert reply.match not in ("continued", "rewound") and reply.pid != first.pid
    assert talk.say("two").match == other.say("three").match == "continued"


def test_alias_of_a_model_is_the_model(gateway):
    talk = Talk(gateway, model="sonnet")
    talk.say("one")
    asked = [*talk.messages, user("two")]
    reply = send(gateway, asked, model="gpt-4o")
    assert reply.match == "continued" and reply.text.startswith(expected(asked))


def test_sampling_of_a_request_is_no_part_of_its_dialogue(gateway):
    talk = Talk(gateway)
    talk.say("one", temperature=0.2)
    assert talk.say("two", temperature=0.7, max_tokens=1000).match == "continued"


# -- how clients write the same

def parts(text, kind="text"):
    middle = len(text) // 2
    return [{"type": kind, "text": text[:middle]}, {"type": kind, "text": text[middle:]}]


ECHOES = {
    "white space at the end of an answer": lambda u, a: [u, assistant(a["content"] + " \n")],
    "a line break at the end of a question": lambda u, a: [user(u["content"] + "\r\n"), a],
    "every white space at the end": lambda u, a: [user(u["content"] + " \t\n\v\f\r"), a],
    "parts": lambda u, a: [user(parts(u["content"])), assistant(parts(a["content"]))],
    "one part": lambda u, a: [user([{"type": "text", "text": u["content"]}]), a],
    "parts of an answer": lambda u, a: [u, assistant(parts(a["content"], "output_text"))],
    "an empty part": lambda u, a: [user([{"type": "text", "text": u["content"]},
                                         {"type": "text", "text": ""}]), a],
    "what a client's object holds": lambda u, a: [
        u, assistant(a["content"], refusal=None, tool_calls=None, function_call=None, audio=None,
                     annotations=None)],
    "a name": lambda u, a: [user(u["content"], name="bob"), a],
    "an answer without content at the end": lambda u, a: [u, a, assistant(None)],
    "an empty answer at the end": lambda u, a: [u, a, assistant("")],
}


@pytest.mark.parametrize("echo", ECHOES.values(), ids=ECHOES)
def test_same_dialogue_is_known_however_a_client_writes_it(newest, echo):
    gateway = newest()
    first = ask(gateway, [user("a  question\r\nof two lines")])
    past = echo(user("a  question\r\nof two lines"), assistant(first.text))
    talk = Talk(gateway, past)
    second = talk.say("next ")
    assert (second.match, second.pid) == ("continued", first.pid)
    assert talk.say("and next").match == "continued"


@pytest.mark.parametrize("nothing", [None, "", " \n", []], ids=repr)
def test_empty_answer_is_known_by_any_way_to_write_nothing(newest, nothing):
    gateway = newest()
    first = send(gateway, [user("[[say:]]")])
    assert (first.status, first.text) == (200, "")
    reply = ask(gateway, [user("[[say:]]"), assistant(nothing), user("next")])
    assert reply.match == "continued" and gateway.cli_pids() == [reply.pid]


OTHERS = {
    "space at the beginning": " Grüße:\n\"a\"  b",
    "one space less within": "Grüße:\n\"a\" b",
    "CRLF for LF": "Grüße:\r\n\"a\"  b",
    "a line break for a space": "Grüße:\n\"a\" \nb",
    "lower case": "grüße:\n\"a\"  b",
    "another composition": "Gru\u0308ße:\n\"a\"  b",
    "a no-break space": "Grüße:\n\"a\"\u00a0 b",
    "a no-break space at the end": "Grüße:\n\"a\"  b\u00a0",
    "other quotes": "Grüße:\n“a”  b",
    "a byte order mark": "\ufeffGrüße:\n\"a\"  b",
    "a NUL at the end": "Grüße:\n\"a\"  b\x00",
    "nothing": "",
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_other_text_is_never_taken_for_the_same(newest, other, place):
    gateway = newest()
    text = "Grüße:\n\"a\"  b"
    talk = Talk(gateway, [user(text), assistant(text)])
    talk.say(text)
    changed = [dict(message) for message in talk.messages]
    changed[place]["content"] = other
    reply = ask(gateway, [*changed, user("next")])
    assert reply.match != "continued"
    assert talk.say("next").status == 200


def test_same_words_of_another_speaker_are_never_taken_for_the_same(newest):
    gateway = newest()
    talk = Talk(gateway, [user("a"), assistant("b")])
    talk.say("c")
    for past in ([user("a"), user("b"), user("c")], [user("a"), user("b"), assistant("c")],
                 [user("ab"), user("c")], [assistant("a"), user("b"), user("c")]):
        assert ask(gateway, [*past, user("d")]).match != "continued"


# -- several at once

def test_equal_prefixes_at_the_same_time_branch_and_are_all_right(tells):
    gateway = tells(SLOW)
    talk = Talk(gateway, [system("Be brief.")])
    talk.say_all("one", "two")
    texts = ["left", "right", "left", "middle"]
    began = time.monotonic()
    replies = at_once(*[lambda text=text: talk.fork(5).say(text) for text in texts])
    assert time.monotonic() - began < 2 * 0.3 + 0.5, "they waited for each other"
    assert matches_of(replies).count("continued") <= 1
    assert len({reply.pid for reply in replies}) == len({reply.id for reply in replies}) == 4


def test_equal_first_messages_at_the_same_time_have_a_process_each(tells):
    gateway = tells(SLOW)
    talks = [Talk(gateway) for _ in range(4)]
    replies = at_once(*[lambda talk=talk: talk.say("hello") for talk in talks])
    assert len({reply.pid for reply in replies}) == 4
    replies = at_once(*[lambda talk=talk: talk.say("next") for talk in talks])
    assert matches_of(replies) == ["continued"] * 4


def test_request_does_not_wait_for_a_running_answer_to_the_same_history(newest):
    gateway = newest()
    talk = Talk(gateway)
    talk.say("one")
    running = ChatStream(gateway, [*talk.messages, user(LONG)]).open().read_contents(1)
    began = time.monotonic()
    assert talk.fork(2).say("meanwhile").match in ("branched", "seeded")
    assert talk.fork(2).say("meanwhile").match in ("branched", "seeded", "rewound")
    assert time.monotonic() - began < QUICK_SECONDS
    running.hang_up()


def test_two_clients_with_the_same_dialogue_do_not_disturb_each_other(start_fake):
    gateway = start_fake("[[told]]")  # equal questions get equal answers
    one, other = Talk(gateway), Talk(gateway)
    for text in ("hello", "how are you?"):
        assert one.say(text).text == other.say(text).text
    for turn in range(4):
        one.say(f"one {turn}")
        other.say(f"other {turn}")
    # Somebody who brings a dialogue that another has: what he was told is right, and so it is
    # for the other.
    thief = Talk(gateway, one.messages)
    thief.say("give it to me")
    one.say("still mine")
    thief.say("and now")
    one.say("and still")


def test_clients_with_the_same_dialogue_at_the_same_time_get_their_own(start_fake):
    gateway = start_fake("[[told]]", claude__max_concurrent_sessions=3)
    talks = [Talk(gateway) for _ in range(6)]

    def run(number, talk):
        for turn in range(6):
            talk.say("same" if turn < 3 else f"{number % 2} {turn}")
    at_once(*[lambda each=each: run(*each) for each in enumerate(talks)])


def test_tenants_never_share_a_dialogue(start_fake):
    gateway = start_fake("[[told:by]]", key=ADMIN,
                         auth__keys=key_list(record("alice", ALICE), record("bob", BOB)))
    alice = Talk(gateway, key=ALICE)
    *_, last = alice.say_all("one", "two", "three")
    for stolen in (Talk(gateway, alice.messages, key=BOB), Talk(gateway, alice.messages),
                   Talk(gateway, alice.messages[:4], key=BOB)):
        reply = stolen.say("mine")
        assert reply.match == "seeded" and reply.pid != last.pid and reply.id != last.id
    for turn in range(2):
        reply = alice.say("mine")
        assert (reply.match, reply.pid) == ("continued", last.pid)


def test_id_of_another_tenant_is_a_name_like_any_other(start_fake):
    gateway = start_fake("[[told:by]]", key=ADMIN,
                         auth__keys=key_list(record("alice", ALICE), record("bob", BOB)))
    alice = Talk(gateway, key=ALICE)
    first = alice.say("one")
    reply = ask(gateway, [user("two")], key=BOB, conversation_id=first.id)
    assert reply.match == "fresh" and reply.pid != first.pid
    assert alice.say("two").match == "continued"


# -- ids

def test_branch_gets_an_id_of_its_own_and_the_trunk_keeps_its(tells):
    gateway = tells(SLOW)
    talk = Talk(gateway)
    trunk = talk.say("one").id
    replies = at_once(lambda: talk.fork(2).say("left"), lambda: talk.fork(2).say("right"))
    ids = [reply.id for reply in replies]
    assert len({*ids}) == 2
    for match, identity in zip(matches_of(replies), ids):
        assert (identity == trunk) == (match == "continued")


def test_id_that_was_given_can_be_used_as_a_name(gateway):
    talk = Talk(gateway)
    first = talk.say("one")
    reply = ask(gateway, [user("two")], told=[*talk.messages, user("two")],
                conversation_id=first.id)
    assert (reply.id, reply.pid, reply.match) == (first.id, first.pid, "continued")


def test_named_conversation_is_extended_appended_or_branched_as_its_messages_say(gateway):
    named = {"conversation_id": "dinner"}
    talk = Talk(gateway, **named)
    first, second = talk.say_all("one", "two")  # extensions
    assert matches_of([first, second]) == ["fresh", "continued"]
    appended = ask(gateway, [user("three")], told=[*talk.messages, user("three")], **named)
    assert (appended.match, appended.pid) == ("continued", first.pid)
    talk.messages += [user("three"), assistant(appended.text)]
    two = [user("four"), user("five")]
    appended = ask(gateway, two, told=[*talk.messages, *two], **named)
    talk.messages += [*two, assistant(appended.text)]
    branch = talk.fork(2)
    other = branch.say("two, in other words")
    assert other.match in ("rewound", "branched", "seeded") and other.id == "dinner"
    newest = ask(gateway, [user("and?")], told=[*branch.messages, user("and?")], **named)
    assert newest.match == "continued"
    unknown = Talk(gateway, [user("x"), assistant("y")], **named)
    assert unknown.say("z").id == "dinner"
    ask(gateway, [user("and?")], told=[*unknown.messages, user("and?")], **named)


def test_unknown_name_with_a_history_is_told_all_of_it(gateway):
    talk = Talk(gateway, [user("x"), assistant("y")], conversation_id="new")
    assert matches_of(talk.say_all("z", "zz")) == ["seeded", "continued"]


def test_named_conversation_is_never_changed_by_a_request_without_a_name(gateway):
    named = Talk(gateway, conversation_id="dinner")
    first = named.say_all("one", "two")[0]
    strangers = [Talk(gateway, named.messages), Talk(gateway, named.messages[:2]),
                 Talk(gateway)]
    for stranger in strangers:
        reply = stranger.say("a stranger's")
        assert reply.id != "dinner" and reply.pid != first.pid
    assert ask(gateway, [user("three")], told=[*named.messages, user("three")],
               conversation_id="dinner").pid == first.pid
    for stranger in strangers:
        assert stranger.say("again").id != "dinner"


def test_named_conversations_never_use_each_others_processes(gateway):
    one, other = (Talk(gateway, conversation_id=name) for name in ("one", "other"))
    pids = {one.say("hello").pid}
    other.messages = list(one.messages)
    pids.add(other.say("next").pid)
    pids.add(one.say("next").pid)
    assert len(pids) == 2


# -- a busy conversation that has a name

def busy(gateway):
    """A conversation "dinner" of one turn whose second is running."""
    talk = Talk(gateway, conversation_id="dinner")
    talk.say("one")
    running = ChatStream(gateway, LONG, conversation_id="dinner").open().read_contents(2)
    return talk, running


def test_busy_conversation_lets_requests_wait_by_default(newest):
    gateway = newest()
    talk = Talk(gateway, conversation_id="dinner")
    talk.say("one")
    running = ChatStream(gateway, "[[mark:x]][[text:20]][[delay:20]]",
                         conversation_id="dinner").open().read_contents(2)
    reply = send(gateway, [user("two")], conversation_id="dinner")
    running.read_all()
    past = [*talk.messages, user("[[mark:x]][[text:20]][[delay:20]]"), assistant(running.text())]
    assert reply.text.startswith(expected([*past, user("two")])) and reply.match == "continued"


def test_busy_conversation_refuses_requests_if_told_so(newest):
    gateway = newest(conversation__busy="reject")
    talk, running = busy(gateway)
    began = time.monotonic()
    for stream in (False, True):
        refused = send(gateway, [user("two")], stream, conversation_id="dinner")
        assert (refused.status, refused.error["code"]) == (409, "conversation_busy")
        assert refused.headers["x-ccapi-conversation-id"] == "dinner"
    assert time.monotonic() - began < QUICK_SECONDS
    # Requests without a name are none of its business.
    assert Talk(gateway, talk.messages).say("meanwhile").status == 200
    running.hang_up()
    proc_tree.wait_until(lambda: gateway.stats()["turns"]["active"] == 0, 5, "the turn to end")
    assert talk.say("two").status == 200


def test_busy_conversation_drops_its_answer_for_a_new_request_if_told_so(newest):
    gateway = newest(conversation__busy="interrupt")
    talk, running = busy(gateway)
    began = time.monotonic()
    reply = ask(gateway, [user("two")], told=[*talk.messages, user("two")],
                conversation_id="dinner")
    assert time.monotonic() - began < QUICK_SECONDS and reply.match in ("continued", "seeded")
    running.read_all()
    assert running.errors()[0]["code"] == "conversation_busy" and running.done()


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
    reply = talk.say("two")
    assert reply.match in ("continued", "seeded", "rewound")
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
    assert part.say("go on").match in ("rewound", "branched", "seeded")


def test_processes_retire_after_their_turns_and_their_dialogues_go_on(tells):
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
    first = talk.say("one")
    gateway.wait_cli_count(0, 15)
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
