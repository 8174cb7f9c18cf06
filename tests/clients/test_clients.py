"""What the users of each client notice. The second word of a test's name is its cell."""

import time

import pytest

from messages_answer import OUTPUT_TOKENS, PROMPT_TOKENS, USAGE, UTF8_SAMPLE
from messages_tools import blocks_of, result_line
from proc_tree import wait_until
from roster import CITY, OLDEST_CLI, STEPS

EXACT_USAGE = {"prompt": PROMPT_TOKENS, "completion": OUTPUT_TOKENS,
               "total": PROMPT_TOKENS + OUTPUT_TOKENS, "cached": USAGE["cache_read_input_tokens"]}
HELD = "[[text:6]][[hold:3]]"  # upstream says half of it and waits
HALF, WHOLE = "w0 w1 w2 ", "w0 w1 w2 w3 w4 w5 "


def test_text_arrives_whole_with_its_finish_reason(row):
    report = row.kept["chat"] = row.ask("chat", "[[utf8]]")
    assert (report["text"], report["finish"]) == (UTF8_SAMPLE, row.client.finish("stop"))
    report = row.ask("chat", "[[text:4]][[stop:max_tokens]]")
    assert (report["text"], report["finish"]) == ("w0 w1 w2 w3 ", row.client.finish("length"))


def test_stream_is_shown_while_upstream_still_speaks(row):
    row.order("stream", HELD)
    row.process.read_until_text(HALF)  # upstream stands still: these words did not wait for the end
    assert not row.api.last().finished
    row.api.release()
    report = row.kept["stream"] = row.process.success()
    assert (report["text"], report["finish"]) == (WHOLE, row.client.finish("stop"))
    # What the model thought aloud comes before and is no part of the text.
    report = row.kept["plain stream"] = row.ask("stream", "[[think:3]][[utf8]]", usage=False)
    assert report["text"] == UTF8_SAMPLE


def test_history_reaches_the_model_as_a_dialogue(row):
    dialogue = [{"role": "user", "content": "[[say:one]]"},
                {"role": "assistant", "content": "one"},
                {"role": "user", "content": "[[say:two]]"}]
    assert row.ask("chat", dialogue)["text"] == "two"
    assert row.api.last().messages() == [(m["role"], m["content"]) for m in dialogue]


def test_system_prompt_reaches_the_model(row):
    row.ask("chat", [{"role": "system", "content": "You are a parrot."},
                     {"role": "user", "content": "[[say:squawk]]"}])
    assert row.api.last().system_blocks() == ["You are a parrot."]
    assert row.api.last().messages() == [("user", "[[say:squawk]]")]


CASES = [  # text, model, status, code
    ("never sent", "no-such-model", 404, "model_not_found"),
    ("[[err:429]][[retry_after:600]]", "sonnet", 429, "rate_limit_exceeded"),
    ("[[err:529]]", "sonnet", 503, "overloaded"),
]


def check_error(client, error, name, status, code):
    assert error["kind"] == "api" and error["name"] == name and error["message"], error
    shown = client.errors.shown
    if shown in ("fields", "status"):
        assert error["status"] == status, error
    if shown == "fields":
        assert error["code"] == code, error
    if "message" in shown:
        assert str(status) in error["message"], error
    if shown == "message":
        assert code in error["message"], error


def test_error_is_typed_and_has_its_code(row):
    client = row.client
    for (text, model, status, code), name in zip(CASES, client.errors.names):
        check_error(client, row.process.fail("chat", text, model=model), name, status, code)
    check_error(client, row.process.fail("stream", "x", model="no-such-model"),
                client.errors.names[0], 404, "model_not_found")


def check_cut(row, **options):
    """Upstream says half of it and fails: the user gets this half and then an error, no end."""
    client = row.client
    row.order("stream", HELD + "[[sse_error:3]]", **options)
    row.process.read_until_text(HALF)
    row.api.release()
    error = row.process.result()
    assert error["report"] == "error" and error["kind"] == "api", error
    assert "".join(row.process.deltas) == HALF
    assert error["name"] == client.errors.cut and error["message"], error
    # The oldest CLI passes on the words only, not the type.
    code = "upstream_error" if client.cli == OLDEST_CLI else "overloaded"
    if client.errors.cut_shown == "code":
        assert code in (error["code"] or error["message"]), error
    if client.errors.cut_shown == "words":
        assert "overloaded" in error["message"].lower(), error


def test_cut_in_mid_stream_is_an_error_and_no_end(row):
    check_cut(row)
    if row.client.shows_bytes:
        check_cut(row, http="1.0")


def cancelled(row):
    return row.gateway.stats()["turns"]["cancelled"]


def wait_interrupted(row, before):
    """The turn is cancelled, and upstream is left by a CLI that would talk to nobody."""
    wait_until(lambda: cancelled(row) == before + 1, 5, "the turn to be cancelled")
    row.api.wait(lambda posts: all(post.finished or post.client_gone for post in posts), 5)


def test_timeout_or_leaving_interrupts_the_cli(row):
    begin = time.monotonic()
    row.ask("chat", "x")
    usual = time.monotonic() - begin
    before = cancelled(row)
    # Long enough for a CLI to come up and ask upstream, also on a busy machine.
    error = row.process.fail("chat", "[[hold:0]]", timeout=round(max(1.5, 2 * usual), 1))
    assert error["kind"] == "timeout", error
    wait_interrupted(row, before)
    # In other words than before: a client that sends a temperature of 0 gets cached answers.
    report = row.ask("stream", HELD + " and leave", stop_after=HALF)
    assert (report["text"], report["finish"]) == (HALF, "left")
    wait_interrupted(row, before + 1)
    assert row.api.last().client_gone and row.api.last().deltas_sent == 3
    assert row.ask("chat", "[[say:still here]]")["text"] == "still here"


def test_usage_is_exact_and_streamed_when_asked_for(row):
    exact = row.client.usage(EXACT_USAGE)
    for do in ("chat", "stream"):
        report = row.kept.get(do) or row.ask(do, "x")
        streams_none = do == "stream" and not row.client.streams_usage
        assert report["usage"] == (None if streams_none else exact)
    if row.client.can_decline_usage:
        report = row.kept.get("plain stream") or row.ask("stream", "x", usage=False)
        assert report["usage"] is None


def continued(row):
    return row.gateway.stats()["matches"].get("continued", 0)


def check_loop(row, streamed):
    """The client runs the tools that the model calls; upstream hears of it as of one dialogue."""
    loop, before = row.client.loop, continued(row)
    row.api.clear()
    report = row.ask("tools", loop.question, streamed=streamed)
    assert all(text in report["text"] for text in loop.told), report
    if streamed and row.client.shows_deltas:
        assert "".join(row.process.deltas).endswith(report["text"])
    assert not row.api.refusals
    # Agent programs also ask for a title of the dialogue, without tools.
    posts = [post for post in row.api.posts() if post.body.get("tools")]
    assert len(posts) == loop.posts
    if loop.in_place:
        assert continued(row) == before + loop.posts - 1
    return posts[-1].body


def test_tools_are_run_by_the_client_in_one_dialogue(row):
    for streamed in row.client.loop.streamed:
        body = check_loop(row, streamed)
        if row.client.loop.result:
            result, = [result_line(block) for message in body["messages"]
                       for block in blocks_of(message, "tool_result")]
            assert row.client.loop.result in result
        if row.client.loop is STEPS:
            assert [tool["name"] for tool in body["tools"]] == ["look", "touch"]
            kinds = [{block["type"] for block in message["content"]}
                     for message in body["messages"][-4:] if message["role"] != "system"]
            assert kinds == [{"tool_use"}, {"tool_result"}] * 2


def check_form(row, form):
    row.api.clear()
    held = f"[[hold:{form.shown_at}]]" if form.shown_at else ""
    row.order("structured", form.question + held, way=form.way, streamed=form.streamed)
    if held:
        row.process.read_until_text("Oslo")
        assert not row.api.last().finished
        row.api.release()
    assert row.process.success()["text"] == CITY, form
    assert ("format" in row.api.last().body.get("output_config", {})) == form.told, form
    assert bool(row.api.last().body.get("tools")) == bool(form.call), form
    assert not row.api.refusals and len(row.api.posts()) == 1, form


def test_structured_answers_become_objects_of_the_client(row):
    for form in row.client.forms:
        check_form(row, form)


@pytest.fixture
def page():
    from conftest import ROOT
    return (ROOT / "docs/clients.md").read_text()


def test_page_of_clients_says_what_ran(matrix, page):
    from matrix import differences, parse
    if not matrix.rows:
        pytest.skip("no client ran")
    assert not differences(parse(page), matrix.rows)
