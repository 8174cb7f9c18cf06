"""Clients without a conversation id: a request's history finds the process that knows it, and no
process is ever told anything else than what its client sent."""

import pytest

import pictures
from resend import Talk, ask, assistant, matches_of, send, system, user
from told import expected


@pytest.fixture
def gateway(tells):
    return tells()


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


def test_system_text_that_was_the_question_goes_on_in_its_process(gateway):
    first = ask(gateway, [system("a")], told=[user("a")])
    later = [assistant(first.text), user("b")]
    more = ask(gateway, [system("a"), *later], told=[user("a"), *later])
    assert (more.match, more.pid, more.id) == ("continued", first.pid, first.id)
    later += [assistant(more.text), user("c")]
    again = ask(gateway, [system("a"), *later], told=[user("a"), *later])
    assert (again.match, again.pid) == ("continued", first.pid)
    # Whatever else follows the text, it is a prompt.
    for answer in (more.text, "x"):
        trimmed = ask(gateway, [system("a"), assistant(answer), user("c")])
        assert trimmed.match == "seeded" and trimmed.pid != first.pid


def test_system_text_goes_on_by_the_conversations_id_too(gateway):
    first = ask(gateway, [system("s"), system("a")], told=[system("s"), user("a")],
                conversation_id="mine")
    later = [assistant(first.text), user("b")]
    more = ask(gateway, [system("s"), system("a"), *later], conversation_id="mine",
               told=[system("s"), user("a"), *later])
    assert (more.match, more.pid) == ("continued", first.pid)


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


def test_empty_question_is_taken_back_with_what_followed_it(gateway):
    past = [user("a"), assistant("b"), user(""), assistant("x"), user("c")]
    talk = Talk(gateway, past)
    talk.say("d")
    for left in (5, 4, 2, 1):
        talk.fork(left).say("instead")
        talk.say("e")


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
    "one part": lambda u, a: [user([{"type": "text", "text": u["content"]}]), a],
    "parts of an answer": lambda u, a: [u, assistant(parts(a["content"], "output_text"))],
    "blank parts": lambda u, a: [user([{"type": "text", "text": " \n"},
                                       {"type": "text", "text": u["content"]},
                                       {"type": "text", "text": ""}]), a],
    "a blank question ahead": lambda u, a: [user(" \n"), user(None), u, a],
    "a blank answer at the end": lambda u, a: [u, a, assistant(" \n\u00a0")],
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
def test_empty_answer_is_known_by_any_way_to_write_nothing(start_fake, nothing):
    gateway = start_fake()
    first = send(gateway, [user("[[say:]]")])
    assert (first.status, first.text) == (200, "")
    pids = gateway.cli_pids()
    talk = Talk(gateway, [user("[[say:]]"), assistant(nothing)])
    assert matches_of(talk.say_all("[[told]]", "[[told]] ")) == ["continued"] * 2
    assert gateway.cli_pids() == pids
    assert talk.fork(2).say("[[told]] otherwise").match in ("rewound", "branched", "seeded")


def test_blocks_of_a_question_are_part_of_it(newest):
    gateway = newest()
    asked = user(parts("a  question"))
    first = ask(gateway, [asked])
    again = ask(gateway, [asked, assistant(parts(first.text)), user("next")])
    assert (again.match, again.pid) == ("continued", first.pid)
    for other in ("a  question", [{"type": "text", "text": "a"},
                                  {"type": "text", "text": "  question"}]):
        reply = ask(gateway, [user(other), assistant(first.text), user("next")])
        assert reply.match not in ("continued", "rewound")


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


# -- pictures

def test_process_is_told_the_pictures_that_were_sent(gateway):
    def shown(seed):
        return {"role": "user", "content": [pictures.shown(pictures.png(2, 2, seed)),
                                            pictures.text(f"look {seed}")]}
    talk = [shown(1)]
    for seed in (2, 3):
        talk += [assistant(send(gateway, talk).text), shown(seed)]
    reply = send(gateway, talk)
    assert reply.text.startswith(expected(talk)) and reply.match == "continued"
    talk[0] = shown(4)  # another picture, and so another dialogue
    reply = send(gateway, talk)
    assert reply.text.startswith(expected(talk)) and reply.match != "continued"
