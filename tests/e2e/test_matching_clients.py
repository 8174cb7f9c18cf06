"""Dialogues of several clients: at the same time, with the same words, with and without names."""

import time

import pytest

import proc_tree
from resend import Talk, ask, assistant, at_once, matches_of, send, system, user
from sse import ChatStream
from test_auth import ADMIN, ALICE, BOB, key_list, record
from told import expected

SLOW = "[[first:300]]"
LONG = "[[text:10000]][[delay:20]]"  # instead of what it was told
QUICK_SECONDS = 5  # far less than LONG takes


@pytest.fixture
def gateway(tells):
    return tells()


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
    for stolen in (Talk(gateway, alice.messages, key=BOB), Talk(gateway, alice.messages)):
        reply = stolen.say("mine")
        assert reply.match == "seeded" and reply.pid != last.pid and reply.id != last.id
    earlier = Talk(gateway, alice.messages[:4], key=BOB).say("mine")  # he has a process by now
    assert earlier.pid != last.pid and earlier.id != last.id
    for turn in range(2):
        reply = alice.say("mine")
        assert (reply.match, reply.pid) == ("continued", last.pid)


def test_id_of_another_tenant_is_as_unknown_as_any_other(start_fake):
    gateway = start_fake("[[told:by]]", key=ADMIN,
                         auth__keys=key_list(record("alice", ALICE), record("bob", BOB)))
    alice = Talk(gateway, key=ALICE)
    first = alice.say("one")
    reply = send(gateway, [user("two")], key=BOB, conversation_id=first.id)
    unknown = send(gateway, [user("two")], key=BOB, conversation_id="conv_" + "0" * 32)
    assert reply.status == unknown.status == 404 and reply.error == unknown.error
    named = ask(gateway, [user("one")], key=ALICE, conversation_id="a-name")
    reply = ask(gateway, [user("two")], key=BOB, conversation_id="a-name")
    assert reply.match == "fresh" and reply.pid != named.pid
    assert alice.say("two").match == "continued"


def test_process_of_dialogues_of_one_turn_serves_many_of_them(start_fake):
    keys = key_list(record("alice", ALICE), record("bob", BOB))

    def served(**settings):
        """{pid: tenants} of 30 dialogues of one turn each, the last ten after a rest."""
        gateway = start_fake("[[told:by]]", key=ADMIN, auth__keys=keys, server__io_threads=1,
                             claude__max_concurrent_sessions=60, **settings)
        tenants = {}
        for number in range(30):
            if number == 20:  # a process is kept for its own client for so long
                began = time.monotonic()
                proc_tree.wait_until(lambda: time.monotonic() - began > 3.1, 10, "a rest")
            key = (ALICE, BOB)[number % 2]
            reply = ask(gateway, [system("Translate."), user(f"text {number}")], key=key)
            assert reply.match == "fresh"
            tenants.setdefault(reply.pid, set()).add(key)
        return tenants
    tenants = served()
    assert len(tenants) == 20 and all(len(keys) == 1 for keys in tenants.values())
    assert len(served(process_pool__reuse="false")) == 30


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


def test_client_whose_question_failed_may_go_on_at_once(newest):
    gateway = newest()
    talk = Talk(gateway)
    first = talk.say("one")
    for turn in range(20):
        failed = send(gateway, [*talk.messages, user("[[err:400]]")], stream=turn % 2 == 0)
        assert failed.error["type"] == "invalid_request_error", failed.error
        reply = talk.say(f"in other words {turn}")
        assert (reply.match, reply.pid) == ("continued", first.pid)


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
    assert talk.say("two").status == 200  # though its process may be taking the other one back


def test_busy_conversation_drops_its_answer_for_a_new_request_if_told_so(newest):
    gateway = newest(conversation__busy="interrupt")
    talk, running = busy(gateway)
    began = time.monotonic()
    reply = ask(gateway, [user("two")], told=[*talk.messages, user("two")],
                conversation_id="dinner")
    assert time.monotonic() - began < QUICK_SECONDS and reply.match in ("continued", "seeded")
    running.read_all()
    assert running.errors()[0]["code"] == "conversation_busy" and running.failed()
