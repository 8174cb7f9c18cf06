"""Answers of several choices: each is a turn of its own, in a process of its own."""

import pytest

from proc_tree import wait_until
from messages_answer import OUTPUT_TOKENS, PROMPT_TOKENS
from sse import ChatStream
from tool_agent import LOOK, TOUCH

KNOWN = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "You said: a"},
         {"role": "user", "content": "b"}]


def texts(stream):
    """What each choice of a stream said."""
    said = {}
    for _, chunk in stream.chunks():
        for choice in chunk["choices"]:
            said.setdefault(choice["index"], "")
            said[choice["index"]] += choice["delta"].get("content") or ""
    return said


def finishes(stream):
    return sorted((choice["index"], choice["finish_reason"]) for _, chunk in stream.chunks()
                  for choice in chunk["choices"] if choice["finish_reason"])


@pytest.mark.real_cli
def test_official_client_gets_all_choices(gateway, api):
    answer = gateway.client().chat.completions.create(
        model="sonnet", n=3, messages=[{"role": "user", "content": "[[say:Well]]"}])
    assert [(c.index, c.message.content, c.finish_reason) for c in answer.choices] == [
        (index, "Well", "stop") for index in range(3)]
    assert answer.usage.prompt_tokens == PROMPT_TOKENS
    assert answer.usage.completion_tokens == 3 * OUTPUT_TOKENS
    assert len(api.posts()) == 3
    assert len({str(post.body["messages"]) for post in api.posts()}) == 1
    assert len(gateway.cli_pids()) >= 3


@pytest.mark.real_cli
def test_choices_are_streamed_side_by_side(gateway, api):
    stream = ChatStream(gateway, "[[text:40]][[delay:20]]", n=2).open().read_all()
    words = "".join(f"w{i} " for i in range(40))
    assert texts(stream) == {0: words, 1: words}
    assert finishes(stream) == [(0, "stop"), (1, "stop")] and stream.done()
    order = [chunk["choices"][0]["index"] for _, chunk in stream.chunks()
             if chunk["choices"] and chunk["choices"][0]["delta"].get("content")]
    assert sum(a != b for a, b in zip(order, order[1:])) > 5, order
    usage = [chunk["usage"] for _, chunk in stream.chunks()][-1]
    assert (usage["prompt_tokens"], usage["completion_tokens"]) == (PROMPT_TOKENS,
                                                                    2 * OUTPUT_TOKENS)


@pytest.mark.real_cli
def test_dialogue_goes_on_from_any_choice(gateway, api):
    first = [{"role": "user", "content": "[[say:Well]]"}]
    gateway.chat(first, n=2)
    known = gateway.cli_pids()
    more = first + [{"role": "assistant", "content": "Well"}, {"role": "user", "content": "b"}]
    status, headers, body = gateway.chat(more, n=2)
    assert status == 200 and headers["x-ccapi-match"] == "continued", body
    assert [c["message"]["content"] for c in body["choices"]] == ["You said: b"] * 2
    told = [post.body["messages"] for post in api.posts()[-2:]]
    for messages in told:
        roles = [m["role"] for m in messages if m["role"] != "system"]
        assert roles == ["user", "assistant", "user"]
    assert set(known) <= set(gateway.cli_pids())


def test_named_conversation_goes_on_with_the_first_choice(start_fake):
    gateway = start_fake()
    status, _, body = gateway.chat(KNOWN, n=2, model="sonnet", conversation_id="mine")
    assert status == 200 and body["conversation_id"] == "mine", body
    _, headers, body = gateway.chat("c", conversation_id="mine")
    assert headers["x-ccapi-match"] == "continued"
    assert gateway.request("GET", "/v1/conversations/mine")[0] == 200
    for refused in ({"messages": KNOWN[-1:], "model": "sonnet"}, {"messages": KNOWN}):
        status, _, body = gateway.request("POST", "/v1/chat/completions",
                                          {"n": 2, "conversation_id": "mine", **refused})
        assert status == 400 and b'"param":"n"' in body, body


def test_choices_wait_for_a_process_like_turns(start_fake):
    gateway = start_fake(claude__max_concurrent_sessions=1)
    status, _, body = gateway.chat("x", n=3)
    assert status == 200, body
    assert [c["message"]["content"] for c in body["choices"]] == ["You said: x"] * 3
    assert len(gateway.cli_pids()) == 1
    stream = ChatStream(gateway, "y", n=3).open().read_all()
    assert texts(stream) == dict.fromkeys(range(3), "You said: y") and stream.done()


def test_client_that_leaves_ends_all_choices(start_fake):
    gateway = start_fake()
    stream = ChatStream(gateway, "[[text:2000]][[delay:20]]", n=3).open()
    stream.read_contents(6)
    assert gateway.stats()["turns"]["active"] == 3
    stream.hang_up()
    wait_until(lambda: gateway.stats()["turns"]["active"] == 0, 5, "the turns to end")
    assert gateway.stats()["turns"]["cancelled"] == 3


def test_more_choices_than_allowed_are_refused(start_fake):
    gateway = start_fake(limits__choices_max=2)
    assert len(gateway.chat("x", n=2)[2]["choices"]) == 2
    status, _, body = gateway.chat("x", n=3)
    assert status == 400 and body["error"]["param"] == "n"
    assert "limits.choices_max" in body["error"]["message"]


@pytest.mark.real_cli
def test_each_choice_calls_tools_and_goes_on(gateway, api):
    asked = [{"role": "user", "content": "[[steps:1:2]]Find it."}]
    status, _, body = gateway.chat(asked, n=2, tools=[LOOK, TOUCH])
    assert status == 200, body
    ids = [call["id"] for choice in body["choices"] for call in choice["message"]["tool_calls"]]
    assert len(set(ids)) == 4
    assert {choice["finish_reason"] for choice in body["choices"]} == {"tool_calls"}
    known = gateway.cli_pids()
    for choice in body["choices"]:
        results = [{"role": "tool", "tool_call_id": call["id"], "content": call["id"]}
                   for call in choice["message"]["tool_calls"]]
        status, headers, whole = gateway.chat([*asked, choice["message"], *results],
                                              tools=[LOOK, TOUCH])
        assert status == 200 and headers["x-ccapi-match"] == "continued", whole
    assert set(gateway.cli_pids()) <= set(known) and not api.refusals
