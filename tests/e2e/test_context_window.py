"""The API is told what the client has sent, whole, up to its own limit: nothing is summarized."""

import pytest

pytestmark = pytest.mark.real_cli

TOO_LONG = "[[err:400]][[err_text:prompt is too long: 210000 tokens > 200000 maximum]]"


def test_dialogue_beyond_the_window_is_refused_and_not_summarized(gateway, api):
    gateway.answer("[[say:one]]", conversation_id="c")
    gateway.answer("[[say:two]]", conversation_id="c")
    before = len(api.posts())
    status, _, body = gateway.chat(TOO_LONG, conversation_id="c")
    assert (status, body["error"]["code"]) == (400, "context_length_exceeded"), body
    # The newest CLIs ask the API more than once what it refuses; nobody asks for a summary.
    assert {post.last_user_text() for post in api.posts()[before:]} == {TOO_LONG}
    assert gateway.answer("[[say:three]]", conversation_id="c") == "three"
    assert api.last().messages() == [
        ("user", "[[say:one]]"), ("assistant", "one"), ("user", "[[say:two]]"),
        ("assistant", "two"), ("user", "[[say:three]]")]


def test_dialogue_near_the_window_is_left_to_the_api(gateway, api):
    model = "claude-haiku-4-5"
    gateway.answer("[[say:one]][[input:199000]]", conversation_id="c", model=model)
    assert gateway.answer("[[say:two]]", conversation_id="c", model=model) == "two"
    assert len(api.posts()) == 2
    assert api.last().messages() == [("user", "[[say:one]][[input:199000]]"), ("assistant", "one"),
                                     ("user", "[[say:two]]")]
