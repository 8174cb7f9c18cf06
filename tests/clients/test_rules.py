"""The rules of raw_sse.py can fail, and so can the comparison with the page."""

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent / "python"))

from matrix import HEAD, Matrix, differences, parse  # noqa: E402
from stream_rules import Breach, ChunkRules, check_ending, parse_json, payloads  # noqa: E402

USAGE = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3,
         "prompt_tokens_details": {"cached_tokens": 0},
         "completion_tokens_details": {"reasoning_tokens": 0}}
FIRST = {"role": "assistant", "content": "", "refusal": None}


def chunk(delta, finish=None, asked=True, **fields):
    made = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    if delta == FIRST:
        made["conversation_id"] = "c"
    made["choices"] = [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]
    return {**made, **({"usage": None} if asked else {}), **fields}


def stream():
    last = chunk({}, choices=[], usage=USAGE)
    return [chunk(FIRST), chunk({"reasoning_content": "r", "reasoning": "r"}),
            chunk({"content": "a"}), chunk({"content": "b"}), chunk({}, "stop"), last]


def text_of(chunks, asked=True):
    rules = ChunkRules(asked)
    text = "".join(rules.check(each) for each in chunks)
    rules.end()
    return text


def without(position, count=1):
    chunks = stream()
    del chunks[position:position + count]
    return chunks


def replaced(position, other):
    chunks = stream()
    chunks[position] = other
    return chunks


def test_stream_in_order_has_its_text():
    assert text_of(stream()) == "ab"


WITHOUT_INDEX = chunk({"content": "a"})
del WITHOUT_INDEX["choices"][0]["index"]


@pytest.mark.parametrize("chunks", [
    without(0), without(4), without(5), without(4, 2), stream() + [chunk({"content": "late"})],
    replaced(2, chunk({"content": "a"}, id="chatcmpl-2")),
    replaced(2, chunk({"content": "a"}, model="other")),
    replaced(2, chunk({"content": "a"}, created=2)),
    replaced(2, chunk({"content": None})),
    replaced(2, chunk({"content": ""})),
    replaced(2, chunk({"content": "a", "role": "assistant"})),
    replaced(2, chunk({"content": "a", "tool_calls": None})),
    replaced(2, chunk({"content": "a"}, asked=False)),
    replaced(2, chunk({"content": "a"}, usage=USAGE)),
    replaced(2, chunk({"content": "a"}, service_tier=None)),
    replaced(2, WITHOUT_INDEX),
    replaced(4, chunk({"content": "x"}, "stop")),
    replaced(4, chunk({}, "made_up")),
    replaced(5, chunk({}, choices=[], usage={**USAGE, "total_tokens": None})),
    [*stream()[:3], stream()[1], *stream()[3:]],
])
def test_stream_that_breaks_a_rule_is_noticed(chunks):
    with pytest.raises(Breach):
        text_of(chunks)


def test_usage_that_nobody_asked_for_is_noticed():
    plain = [chunk(FIRST, asked=False), chunk({"content": "a"}, asked=False),
             chunk({}, "stop", asked=False)]
    assert text_of(plain, asked=False) == "a"
    with pytest.raises(Breach):
        text_of(stream(), asked=False)


FAILURE = {"message": "Overloaded", "type": "service_unavailable", "param": None,
           "code": "overloaded"}


@pytest.mark.parametrize("failure, done, last_chunk, finish", [
    (None, False, True, "stop"), (None, True, False, "stop"), (None, False, None, "stop"),
    (FAILURE, True, False, None), (FAILURE, False, True, None), (FAILURE, True, None, None),
    (FAILURE, False, False, "stop"), ({"message": "Overloaded"}, False, False, None),
])
def test_ending_that_breaks_a_rule_is_noticed(failure, done, last_chunk, finish):
    check_ending(None, True, True, "stop")
    check_ending(FAILURE, False, False, None)
    with pytest.raises(Breach):
        check_ending(failure, done, last_chunk, finish)


def test_events_are_found_wherever_the_bytes_are_cut():
    raw = ': ping\n\ndata: {"a":"ü"}\n\ndata: [DONE]\n\n'.encode()
    for at in range(len(raw)):
        assert list(payloads([raw[:at], raw[at:]])) == ['{"a":"ü"}'.encode(), b"[DONE]"]


@pytest.mark.parametrize("raw", [
    b"data: 1\r\n\r\n", b"data:1\n\n", b"event: x\ndata: 1\n\n", b"data: 1\ndata: 2\n\n",
    b"data: 1\n", b"data: \xc3\n\n", b"\n\n",
])
def test_line_that_breaks_a_rule_is_noticed(raw):
    with pytest.raises((Breach, UnicodeDecodeError)):
        list(payloads([raw]))


def test_key_that_stands_twice_is_noticed():
    with pytest.raises(Breach):
        parse_json(b'{"a":1,"a":2}')
    assert parse_json(json.dumps(stream()[0]).encode()) == stream()[0]


def test_page_that_says_otherwise_is_noticed():
    ran = Matrix()
    ran.record("a client", "1.0", "text", "pass")
    ran.record("a client", "1.0", "stream", "FAIL")
    page = f"# Title\n\n{ran.markdown()}\nmore text"
    assert parse(page)["a client"]["stream"] == "FAIL" and len(HEAD) == 12
    assert not differences(parse(page), ran.rows)
    for old, new in (("1.0", "1.1"), ("FAIL", "pass"), ("a client", "another")):
        assert differences(parse(page.replace(old, new)), ran.rows)
