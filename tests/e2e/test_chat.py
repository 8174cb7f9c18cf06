"""The main job with the official client: text, usage, streaming, reasoning, typed errors."""

import openai
import pytest

from messages_answer import OUTPUT_TOKENS, PROMPT_TOKENS, USAGE, UTF8_SAMPLE
from sse import ChatStream

pytestmark = pytest.mark.real_cli


def ask(gateway, text, **fields):
    return gateway.client().chat.completions.create(
        model="sonnet", messages=[{"role": "user", "content": text}], **fields)


def test_official_client_gets_text_exact_usage_and_finish_reason(gateway, api):
    answer = ask(gateway, "[[say:Hello from upstream]]")
    assert answer.choices[0].message.content == "Hello from upstream"
    assert answer.choices[0].message.role == "assistant"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.object == "chat.completion" and answer.id.startswith("chatcmpl-")
    assert answer.model == api.last().body["model"]
    usage = answer.usage
    assert (usage.prompt_tokens, usage.completion_tokens) == (PROMPT_TOKENS, OUTPUT_TOKENS)
    assert usage.total_tokens == PROMPT_TOKENS + OUTPUT_TOKENS
    assert usage.prompt_tokens_details.cached_tokens == USAGE["cache_read_input_tokens"]


def test_official_client_streams_text_and_usage(gateway):
    stream = ask(gateway, "[[text:20]]", stream=True, stream_options={"include_usage": True})
    chunks = list(stream)
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text == "".join(f"w{i} " for i in range(20))
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    assert len({(c.id, c.created, c.model) for c in chunks}) == 1
    assert (chunks[-1].usage.prompt_tokens, chunks[-1].usage.completion_tokens) == (
        PROMPT_TOKENS, OUTPUT_TOKENS)


def test_two_hundred_deltas_arrive_one_by_one_as_they_are_said(gateway):
    gateway.answer("warm up", conversation_id="c")
    stream = ChatStream(gateway, "[[text:200]][[delay:10]]", conversation_id="c").open().read_all()
    contents = stream.contents()
    assert stream.headers["content-type"].startswith("text/event-stream")
    assert stream.text() == "".join(f"w{i} " for i in range(200))
    assert len(contents) >= 150
    said_for = 199 * 0.010
    heard_for = contents[-1][0] - contents[0][0]
    assert heard_for >= 0.8 * said_for
    half = sum(1 for t, _ in contents if t - contents[0][0] < heard_for / 2)
    assert 0.3 < half / len(contents) < 0.7
    assert stream.finish_reasons() == ["stop"] and stream.done()
    *earlier, last = [chunk for _, chunk in stream.chunks()]
    assert last["choices"] == [] and last["usage"]["prompt_tokens"] == PROMPT_TOKENS
    assert all(chunk["usage"] is None for chunk in earlier)


def test_usage_chunk_comes_only_when_asked_for(gateway):
    stream = ChatStream(gateway, "x", include_usage=False).open().read_all()
    assert stream.done() and stream.text() == "You said: x"
    assert all("usage" not in chunk and chunk["choices"] for _, chunk in stream.chunks())


def test_thinking_arrives_as_reasoning_before_the_text(gateway):
    stream = ChatStream(gateway, "[[think:3]][[say:So be it]]").open().read_all()
    deltas = [chunk["choices"][0]["delta"] for _, chunk in stream.chunks() if chunk["choices"]]
    assert "".join(d.get("reasoning_content") or "" for d in deltas) == "t0 t1 t2 "
    assert stream.text() == "So be it"
    kinds = ["reasoning" if d.get("reasoning_content") else "text" for d in deltas
             if d.get("reasoning_content") or d.get("content")]
    assert kinds == sorted(kinds)
    whole = ask(gateway, "[[think:3]][[say:So be it]]")
    assert whole.choices[0].message.reasoning_content == "t0 t1 t2 "
    assert whole.choices[0].message.content == "So be it"


def test_multibyte_text_is_never_split(gateway):
    assert ChatStream(gateway, "[[utf8]]").open().read_all().text() == UTF8_SAMPLE
    assert gateway.answer("[[utf8]]") == UTF8_SAMPLE


def test_big_answer_arrives_whole(gateway):
    text = ChatStream(gateway, "[[big:1000000]]", timeout=60).open().read_all().text()
    assert text == "x" * 1_000_000


def test_official_client_raises_the_right_error(gateway):
    for status, kind, code in [(401, openai.AuthenticationError, "upstream_auth"),
                               (429, openai.RateLimitError, "rate_limit_exceeded"),
                               (400, openai.BadRequestError, None),
                               (529, openai.InternalServerError, "overloaded")]:
        with pytest.raises(kind) as raised:
            ask(gateway, f"[[err:{status}]]")
        assert code is None or raised.value.code == code


def test_official_client_raises_on_an_error_in_mid_stream(gateway, api):
    stream = ask(gateway, "[[text:9]][[hold:3]][[cut:3]]", stream=True)
    heard = ""
    with pytest.raises(openai.APIError):
        for chunk in stream:
            heard += chunk.choices[0].delta.content or ""
            if heard == "w0 w1 w2 ":
                api.release()  # cut only now: a CLI may drop what arrives together with the cut
    assert heard == "w0 w1 w2 "


def test_models_are_listed(gateway):
    names = [model.id for model in gateway.client().models.list()]
    assert "sonnet" in names and "opus" in names
    assert gateway.client().models.retrieve("sonnet").owned_by == "anthropic"


def test_alias_and_absent_model_run_the_default_model(gateway, api):
    for fields in ({}, {"model": "gpt-4o"}, {"model": "default"}):
        status, _, body = gateway.chat("x", **fields)
        assert status == 200
        assert body["model"] == api.last().body["model"]
        assert "sonnet" in body["model"]


def test_health_is_ok_and_names_the_cli(gateway, cli):
    status, body = gateway.health()
    assert (status, body["status"]) == (200, "ok")
    assert body["cli"]["version"].startswith("2.1.")
    assert gateway.request("GET", "/health")[2].strip() == b"OK"
