"""Messages in shapes that the Messages API does not take as they are: what upstream is told, and
that the client's next request goes on with it."""

import pytest

from resend import assistant, send, system, user

pytestmark = pytest.mark.real_cli

CONTINUE = "Continue exactly where you stopped."


def text(*texts):
    return [{"type": "text", "text": each} for each in texts]


def blocks(api):
    """[(role, [text, ...])] of the last request upstream, without the CLI's own additions."""
    found = []
    for message in api.last().body["messages"]:
        content = message["content"]
        texts = [content] if isinstance(content, str) else [b.get("text", "") for b in content]
        texts = [t for t in texts if t and not t.lstrip().startswith("<system-reminder>")]
        if message["role"] != "system" and texts:
            found.append((message["role"], texts))
    return found


def test_parts_of_a_question_are_blocks_upstream_now_and_in_the_history(gateway, api):
    asked = user(text("[[say:ok]]", "second", " \n", "/cost"))
    first = send(gateway, [asked])
    assert first.text == "ok"
    assert blocks(api) == [("user", ["[[say:ok]]", "second", "/cost"])]
    again = send(gateway, [asked, assistant(text("o", "k")), user("[[say:more]]")])
    assert again.match == "continued"
    assert blocks(api)[0] == ("user", ["[[say:ok]]", "second", "/cost"])
    seeded = send(gateway, [user(text("a", "b")), assistant("c"), user(text("[[say:x]]", "e"))])
    assert seeded.match == "seeded"
    assert blocks(api) == [("user", ["a", "b"]), ("assistant", ["c"]),
                           ("user", ["[[say:x]]", "e"])]


def test_blank_texts_are_not_sent(gateway, api):
    reply = send(gateway, [system(" \n"), system(text("\t", "Be brief.")), user(" "),
                           user(text("\u00a0", "[[say:ok]]"))])
    assert (reply.status, reply.text) == (200, "ok")
    assert blocks(api) == [("user", ["[[say:ok]]"])]
    assert [t for t in api.last().system_blocks() if t.strip()] == ["Be brief."]
    assert all(t.strip() for t in api.last().all_system_blocks())


def test_prompt_alone_is_the_question(gateway, api):
    reply = send(gateway, [system("Be kind."), system("[[say:hi]]")])
    assert (reply.status, reply.text) == (200, "hi")
    assert reply.headers["x-ccapi-ignored-params"] == "messages(system_as_user)"
    assert blocks(api) == [("user", ["[[say:hi]]"])]
    assert api.last().system_blocks() == ["Be kind."]
    again = send(gateway, [system("Be kind."), system("[[say:hi]]"), assistant("hi"),
                           user("[[say:more]]")])
    assert (again.match, again.text) == ("continued", "more")
    assert again.headers["x-ccapi-ignored-params"] == "messages(system_as_user)"
    assert blocks(api) == [("user", ["[[say:hi]]"]), ("assistant", ["hi"]),
                           ("user", ["[[say:more]]"])]
    assert api.last().system_blocks() == ["Be kind."]


def test_answer_to_a_prompt_alone_is_gone_on_with(gateway, api):
    assert send(gateway, [system("[[say:one, two]]")]).text == "one, two"
    reply = send(gateway, [system("[[say:one, two]]"), assistant("one, two")])
    assert (reply.status, reply.match) == (200, "continued")
    assert blocks(api) == [("user", ["[[say:one, two]]"]), ("assistant", ["one, two"]),
                           ("user", [CONTINUE])]


def test_prompt_of_a_client_that_leaves_out_the_oldest_messages_stays_one(gateway, api):
    prompt = system("Be kind.")
    talk = [user("[[say:one]]"), assistant("one"), user("[[say:two]]"), assistant("two"),
            user("[[say:three]]")]
    assert send(gateway, [prompt]).status == 200  # it was asked once, and answered otherwise
    assert send(gateway, [prompt, *talk[:1]]).text == "one"
    reply = send(gateway, [prompt, *talk[1:]])
    assert (reply.text, reply.match) == ("three", "seeded")
    assert "x-ccapi-ignored-params" not in reply.headers
    assert api.last().system_blocks() == ["Be kind."]
    assert ("user", ["Be kind."]) not in blocks(api)
    more = send(gateway, [prompt, *talk[1:], assistant("three"), user("[[say:four]]")])
    assert (more.text, more.match) == ("four", "continued")
    assert api.last().system_blocks() == ["Be kind."]


@pytest.mark.parametrize("stream", [False, True])
def test_answer_at_the_end_is_gone_on_with(gateway, api, stream):
    count = user("[[say:one, two]] count")
    first = send(gateway, [count])
    reply = send(gateway, [count, assistant(first.text)], stream=stream)
    assert reply.status == 200 and CONTINUE in reply.text
    assert reply.match == "continued"
    assert reply.headers["x-ccapi-ignored-params"] == "messages(continued)"
    asked = [("user", [count["content"]]), ("assistant", ["one, two"]), ("user", [CONTINUE])]
    assert blocks(api) == asked
    # The client shows both as one answer, and sends it so.
    merged = [count, assistant(first.text + reply.text), user("[[say:more]]")]
    again = send(gateway, merged)
    assert (again.status, again.text) == (200, "more")
    assert blocks(api) == [("user", [count["content"]]),
                           ("assistant", [first.text + reply.text]), ("user", ["[[say:more]]"])]


def test_prefilled_answer_is_seeded_and_gone_on_with(gateway, api):
    reply = send(gateway, [user("count"), assistant("one, two")])
    assert (reply.status, reply.match) == (200, "seeded")
    assert blocks(api) == [("user", ["count"]), ("assistant", ["one, two"]), ("user", [CONTINUE])]
