"""Sampling parameters are the API's own, exact, for one turn."""

import pytest

from sse import ChatStream

pytestmark = pytest.mark.real_cli

# Takes a temperature, as long as it does not think; the newest generation takes none.
MODEL = "claude-haiku-4-5"


def body_of_last(api):
    return api.last().body


def test_parameters_reach_the_api_for_that_turn_and_are_gone_in_the_next(gateway, api):
    gateway.answer("plain", conversation_id="c", model=MODEL)
    usual = body_of_last(api)
    gateway.answer("tuned", conversation_id="c", model=MODEL, temperature=0.25,
                   stop=["END", "\"quoted\"\n"], max_tokens=77)
    tuned = body_of_last(api)
    assert tuned["temperature"] == 0.25 and "top_p" not in tuned
    assert tuned["thinking"] == {"type": "disabled"}
    assert tuned["stop_sequences"] == ["END", "\"quoted\"\n"]
    assert tuned["max_tokens"] == 77
    gateway.answer("another", conversation_id="c", model=MODEL, top_p=0.75)
    assert body_of_last(api)["top_p"] == 0.75 and "temperature" not in body_of_last(api)
    gateway.answer("plain again", conversation_id="c", model=MODEL)
    again = body_of_last(api)
    for name in ("temperature", "top_p", "stop_sequences", "max_tokens", "thinking",
                 "output_config", "context_management"):
        assert again.get(name) == usual.get(name)
    assert len(gateway.cli_pids()) == 1
    assert not api.refusals


def test_parameters_of_the_first_turn_count_too(gateway, api):
    gateway.answer("x", model=MODEL, temperature=0, max_completion_tokens=5, stop="Z")
    body = body_of_last(api)
    assert body["temperature"] == 0 and body["max_tokens"] == 5
    assert body["stop_sequences"] == ["Z"]


def test_max_tokens_ends_the_answer_without_a_continuation(gateway, api):
    gateway.answer("[[say:hello]]", conversation_id="c")
    status, _, body = gateway.chat("[[text:20]][[honour]]", conversation_id="c", max_tokens=5)
    assert status == 200, body
    assert body["choices"][0]["finish_reason"] == "length"
    assert body["choices"][0]["message"]["content"] == "w0 w1 w2 w3 w4 "
    assert body["usage"]["completion_tokens"] > 0
    process = gateway.cli_pids()
    gateway.answer("next", conversation_id="c")
    assert gateway.cli_pids() == process and len(process) == 1
    dialogue = [(role, text.strip()) for role, text in api.last().messages()]
    assert dialogue == [("user", "[[say:hello]]"), ("assistant", "hello"),
                        ("user", "[[text:20]][[honour]]"), ("assistant", "w0 w1 w2 w3 w4"),
                        ("user", "next")]


def test_max_tokens_ends_a_first_streamed_answer_likewise(gateway, api):
    stream = ChatStream(gateway, "[[text:20]][[honour]]", max_tokens=5, conversation_id="c")
    stream.open().read_all()
    assert stream.text() == "w0 w1 w2 w3 w4 " and stream.finish_reasons() == ["length"]
    assert stream.done() and not stream.errors()
    gateway.answer("next", conversation_id="c")
    assert not any("token limit" in text or "interrupted" in text
                   for text in api.last().raw_texts())


def test_continuation_that_the_cli_began_before_it_was_stopped_is_never_seen(gateway, api):
    # The interrupt and the CLI's next call are in a race, which the CLI wins now and then.
    said = "w0 w1 w2 w3 w4 w5 w6 w7 w8 "
    told = []
    pids = None
    for n in range(20):
        question = f"{n} [[text:9]][[stop:max_tokens]]"
        status, _, body = gateway.chat(question, conversation_id="c")
        assert status == 200 and body["choices"][0]["finish_reason"] == "length"
        assert body["choices"][0]["message"]["content"] == said
        told += [("user", question), ("assistant", said.strip())]
        if n >= 1:  # the oldest CLI can't take a first turn back
            pids = pids or gateway.cli_pids()
            assert gateway.cli_pids() == pids, n
    print(f"{len(api.posts()) - 20} of 20 continuations got out")
    assert gateway.answer("[[say:last]]", conversation_id="c") == "last"
    assert gateway.cli_pids() == pids
    dialogue = [(role, text.strip()) for role, text in api.last().messages()]
    assert dialogue == [*told, ("user", "[[say:last]]")]


def test_stop_sequence_ends_the_answer(gateway):
    _, _, body = gateway.chat("[[text:9]][[honour]]", stop=["w3"])
    assert body["choices"][0]["message"]["content"] == "w0 w1 w2 "
    assert body["choices"][0]["finish_reason"] == "stop"


def test_parameters_that_can_not_be_honoured_are_named(gateway):
    _, headers, _ = gateway.chat("x", model=MODEL, seed=7, presence_penalty=0.5, temperature=1.5)
    named = {name.strip() for name in headers["x-ccapi-ignored-params"].split(",")}
    assert {"seed", "presence_penalty", "temperature(clamped)"} <= named
