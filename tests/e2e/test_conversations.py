"""Dialogues: one process per conversation, native history, ids."""

import re

import pytest

from sse import ChatStream

pytestmark = pytest.mark.real_cli


def test_second_turn_runs_in_the_same_process_with_the_first_in_its_history(gateway, api):
    client = gateway.client()

    def say(text):
        return client.chat.completions.create(
            model="sonnet", messages=[{"role": "user", "content": text}],
            extra_body={"conversation_id": "dinner"})

    assert say("[[say:Noted.]] My name is Bob").conversation_id == "dinner"
    before = gateway.cli_pids()
    say("What is my name?")
    assert gateway.cli_pids() == before and len(before) == 1
    assert api.last().messages() == [("user", "[[say:Noted.]] My name is Bob"),
                                     ("assistant", "Noted."), ("user", "What is my name?")]


def test_history_without_an_id_reaches_upstream_as_a_proper_dialogue(gateway, api):
    history = [("user", "u1"), ("assistant", "a1"), ("user", "u2"), ("assistant", "a2"),
               ("user", "u3"), ("assistant", "a3")]
    messages = [{"role": "system", "content": "Speak Latin."}]
    messages += [{"role": role, "content": text} for role, text in history]
    messages.append({"role": "user", "content": "now"})
    status, _, body = gateway.chat(messages)
    assert status == 200, body
    assert api.last().messages() == [*history, ("user", "now")]
    assert api.last().system_blocks() == ["Speak Latin."]
    assert len(api.posts()) == 1


def test_system_and_developer_messages_are_joined_in_order(gateway, api):
    gateway.chat([{"role": "system", "content": "One."}, {"role": "developer", "content": "Two."},
                  {"role": "user", "content": "x"}])
    assert api.last().system_blocks() == ["One.\n\nTwo."]


def test_request_without_a_system_message_sends_no_prompt_of_ours(gateway, api):
    gateway.answer("x")
    assert api.last().system_blocks() == []


def test_conversation_id_is_made_and_returned(gateway, api):
    _, headers, body = gateway.chat("[[say:one]]")
    made = body["conversation_id"]
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,128}", made)
    assert headers["x-ccapi-conversation-id"] == made
    gateway.answer("two", conversation_id=made)
    assert [text for _, text in api.last().messages()] == ["[[say:one]]", "one", "two"]
    assert gateway.chat("x")[2]["conversation_id"] != made


def test_stream_tells_the_conversation_id_in_header_and_first_chunk(gateway):
    stream = ChatStream(gateway, "x", conversation_id="s1").open().read_all()
    assert stream.headers["x-ccapi-conversation-id"] == "s1"
    assert stream.chunks()[0][1]["conversation_id"] == "s1"


def test_conversations_do_not_hear_each_other(gateway, api):
    for name in ("a", "b"):
        gateway.answer(f"[[say:fine]] I am {name}", conversation_id=name)
    assert len(gateway.cli_pids()) == 2
    for name in ("a", "b"):
        gateway.answer("who?", conversation_id=name)
        assert api.last().messages()[0] == ("user", f"[[say:fine]] I am {name}")
        assert len(api.last().messages()) == 3


def test_history_that_extends_the_conversation_sends_only_the_rest(gateway, api):
    gateway.answer("[[say:one]]", conversation_id="c")
    before = gateway.cli_pids()
    gateway.chat([{"role": "user", "content": "[[say:one]]"},
                  {"role": "assistant", "content": "one"},
                  {"role": "user", "content": "two"}], conversation_id="c")
    assert gateway.cli_pids() == before
    assert api.last().messages() == [("user", "[[say:one]]"), ("assistant", "one"),
                                     ("user", "two")]


def test_history_that_differs_is_taken_as_the_new_truth(gateway, api):
    gateway.answer("[[say:one]]", conversation_id="c")
    edited = [{"role": "user", "content": "edited"}, {"role": "assistant", "content": "other"},
              {"role": "user", "content": "[[say:new]]"}]
    gateway.chat(edited, conversation_id="c")
    assert api.last().messages() == [("user", "edited"), ("assistant", "other"),
                                     ("user", "[[say:new]]")]
    gateway.answer("next", conversation_id="c")
    assert api.last().messages()[-3:] == [("user", "[[say:new]]"), ("assistant", "new"),
                                          ("user", "next")]


def test_other_model_in_a_conversation_keeps_its_history(gateway, api):
    gateway.answer("[[say:one]]", conversation_id="c", model="sonnet")
    _, _, body = gateway.chat("two", conversation_id="c", model="haiku")
    assert "haiku" in api.last().body["model"] and body["model"] == api.last().body["model"]
    assert api.last().messages() == [("user", "[[say:one]]"), ("assistant", "one"),
                                     ("user", "two")]
