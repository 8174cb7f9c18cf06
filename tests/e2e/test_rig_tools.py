"""Tools of the client: the real CLIs and the fake do the same with calls that wait for an answer."""

import json

import pytest

from cli_driver import deltas, is_result, shape
from messages_answer import OUTPUT_TOKENS
from programs import CLI_VERSIONS, fake_cli, installed_cli
from tool_driver import ToolDriver, declared, given, type_of_event

PARAMS = [pytest.param((kind, version), id=f"{kind}-{version}") for version in CLI_VERSIONS
          for kind in ("real", "fake")]


@pytest.fixture(params=PARAMS)
def cli(request):
    """(kind, version): the same test on each real CLI, and on the fake as that version."""
    return request.param


@pytest.fixture
def tools(cli, tmp_path, api):
    """A driver without tools yet; `.version`, and `.sent()`: the body of the last request."""
    kind, version = cli
    driver = ToolDriver(installed_cli(version) if kind == "real" else fake_cli(), tmp_path, {
        "ANTHROPIC_API_KEY": "sk-ant-unused", "ANTHROPIC_BASE_URL": api.url,
        "ANTHROPIC_FAKE_SCRIPT": f"[[version:{version}]]"})
    driver.version = version

    def sent():
        if kind == "real":
            return api.last().body
        return json.loads("".join(deltas(driver.turn("[[request]]"))))["body"]

    driver.sent = sent
    yield driver
    driver.close(20)
    assert not api.refusals


def offer(driver, *names, **how):
    driver.declare(tools=declared(*names, **how))
    driver.extra_body(tools=given(*names))


def blocks(body, kind):
    return [b for m in body["messages"] if isinstance(m["content"], list)
            for b in m["content"] if b["type"] == kind]


def order(lines):
    """The order of lines, messages to servers by their method; user lines by what they hold."""
    names = []
    for line in lines:
        if line["type"] == "control_request":
            names.append(line["request"]["message"]["method"])
        elif line["type"] == "user":
            names.append("user/" + line["message"]["content"][0]["type"])
        else:
            names += shape([line])
    return [n for i, n in enumerate(names) if n != "content_block_delta" or names[i - 1] != n]


def block_of_a_call(driver):
    """A tool's block; older versions make the call before its end."""
    end = ["content_block_stop", "tools/call"]
    return ["content_block_start", "content_block_delta", "assistant",
            *(end[::-1] if driver.version == "2.1.197" else end)]


TEXT = ["system/status", "message_start", "content_block_start", "content_block_delta",
        "assistant", "content_block_stop", "message_delta", "message_stop", "result"]


def test_calls_are_made_at_once_and_the_turn_stands_until_they_are_answered(tools):
    offer(tools, "f", "g")
    lines = tools.park('[[say:Well.]][[call:f:{"a": 1}]][[call:g:{}]]', 2)
    lines = lines[next(n for n, m in enumerate(lines) if type_of_event(m)):]
    lines += tools.until_quiet()
    assert order(lines) == [
        "message_start", "content_block_start", "content_block_delta", "assistant",
        "content_block_stop", *block_of_a_call(tools) * 2, "message_delta", "message_stop"]
    first, second = tools.calls
    assert (first.name, first.arguments, second.arguments) == ("f", {"a": 1}, {})
    tools.answer(second, "two")
    tools.until(lambda m: m["type"] == "user")
    tools.answer(first, "broken", is_error=True)
    lines = tools.until(is_result)
    assert order(lines) == ["user/tool_result", *TEXT]
    assert lines[-1]["result"] == f"Results:\n{second.use}: two\n{first.use} failed: broken"
    assert lines[-1]["num_turns"] == 3
    assert lines[-1]["usage"]["output_tokens"] == 2 * OUTPUT_TOKENS
    uses = blocks(tools.sent(), "tool_use")
    assert [(b["id"], b["input"]) for b in uses] == [(first.use, {"a": 1}), (second.use, {})]


def test_tools_that_do_more_than_read_are_called_one_after_another(tools):
    offer(tools, "f", read_only=False)
    tools.park('[[call:f:{"a":1}]][[call:f:{"a":2}]]')
    tools.until_quiet()
    assert [c.arguments["a"] for c in tools.calls] == [1]
    tools.answer(tools.calls[0], "one")
    tools.until(lambda m: tools.calls)
    tools.answer(tools.calls[0], "two")
    assert tools.until(is_result)[-1]["result"].endswith(": two")


def test_turn_waits_for_the_handshake(tools):
    tools.silent = True
    tools.declare(tools=declared("f"), wait=False)
    tools.user("[[call:f]]")
    lines = tools.until(lambda m: m["type"] == "control_request") + tools.until_quiet()
    assert "system/init" not in shape(lines)
    tools.silent = False
    for line in lines:
        if line["type"] == "control_request":
            tools.serve(line)
    tools.parked()
    tools.answer(tools.calls[0], "x")
    assert not tools.until(is_result)[-1]["is_error"]


def test_list_and_choice_of_the_request_are_those_of_the_extra_body(tools):
    tools.declare(tools=declared("f", "g"))
    listed = [{"name": "g", "description": "d" * 5000, "input_schema": {
        "type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}}]
    tools.extra_body(tools=listed)
    tools.turn("x")
    assert tools.sent()["tools"] == listed


def test_settings_made_while_calls_wait_hold_for_the_next_request(tools):
    tools.declare(tools=declared("f"))
    tools.extra_body(tools=given("f"), tool_choice={"type": "auto"})
    tools.park("[[call:f]]")
    tools.extra_body(tools=given("f"), tool_choice={"type": "none"})
    tools.answer(tools.calls[0], "x")
    tools.until(is_result)
    assert tools.sent()["tool_choice"] == {"type": "none"}


def test_undeclared_names_and_broken_arguments_never_reach_the_client(tools):
    offer(tools, "f")
    lines = tools.turn('[[call:nope:{"a":1}]][[raw_call:f:{"a": ]]')
    assert not tools.calls
    answers = [m["message"]["content"][0] for m in lines if m["type"] == "user"]
    assert answers[0]["content"] == (
        "<tool_use_error>Error: No such tool available: nope</tool_use_error>")
    assert "could not be parsed as JSON.\nYou sent (first 6 of 6 bytes): {\"a\": \n" in \
        answers[1]["content"]
    assert blocks(tools.sent(), "tool_use")[1]["input"] == {
        "__unparsedToolInput": {"raw": '{"a": ', "len": 6}}


def test_numbers_of_a_call_come_with_the_digits_of_a_double(tools):
    offer(tools, "f")
    lines = tools.park('[[call:f:{"n":12345678901234567890,"x":1.10,"y":1e400,"z":1e-7}]]')
    assert '12345678901234567890,"x":1.10' in "".join(
        m["event"]["delta"]["partial_json"] for m in lines
        if type_of_event(m) == "content_block_delta")
    assert json.dumps(tools.calls[0].arguments) == (
        '{"n": 12345678901234567000, "x": 1.1, "y": null, "z": 1e-07}')
    tools.answer(tools.calls[0], "x")
    tools.until(is_result)


@pytest.mark.parametrize("content, failed, told", [
    ([], False, "(f completed with no output)"), ("", False, "(f completed with no output)"),
    ("", True, "Command failed with no output"),
    ([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], True, "a\nb"),
    ("x" * 200_000, False, [{"type": "text", "text": "x" * 200_000}]),
    ([{"type": "image", "mimeType": "image/gif", "data": "R0lGODlhAQABAAAAACw="}], False, None)])
def test_results_are_told_as_the_cli_does(tools, content, failed, told):
    offer(tools, "f")
    tools.park("[[call:f]]")
    tools.answer(tools.calls[0], content, is_error=failed)
    line = next(m for m in tools.until(is_result) if m["type"] == "user")
    block = line["message"]["content"][0]
    assert block.get("is_error", False) is failed
    if told is None:
        assert [b["type"] for b in block["content"]] in (["image"], ["text"])
    else:
        assert block["content"] == told


def test_large_result_is_replaced_where_the_tool_sets_no_limit(tools):
    offer(tools, "f", whole=False)
    for size in (40_000, 60_000):
        tools.park("[[call:f]]")
        tools.answer(tools.calls[0], "x" * size)
        line = next(m for m in tools.until(is_result) if m["type"] == "user")
        content = line["message"]["content"][0]["content"]
        assert str(content).startswith("<persisted-output>\nOutput too large (58.6KB)") is (
            size > 50_000)


def test_interrupt_while_calls_wait_cancels_them_and_can_be_taken_back(tools):
    offer(tools, "f", "g")
    tools.turn("warm")
    asked = tools.user("[[call:f]][[call:g]]")
    tools.parked(2)
    tools.answer(tools.calls[0], "one")
    tools.until(lambda m: m["type"] == "user")
    tools.control_later("interrupt")
    lines = tools.until(is_result)
    newer = tools.version != "2.1.197"
    assert order(lines) == ["notifications/cancelled"] * (1 if newer else 2) + [
        "control_response", "user/tool_result", "user/text", "result"]
    assert lines[-2]["message"]["content"][0]["text"] == (
        "[Request interrupted by user for tool use]")
    assert (lines[-1]["subtype"], lines[-1]["terminal_reason"], lines[-1]["stop_reason"]) == (
        "error_during_execution", "aborted_tools", "tool_use")
    tools.answer(tools.calls[0], "late")
    assert tools.control("rewind_conversation", target_message_uuid=asked)["response"]["rewound"]
    tools.turn("next")
    assert not blocks(tools.sent(), "tool_use") and not blocks(tools.sent(), "tool_result")


def test_server_that_is_removed_ends_its_calls(tools):
    offer(tools, "f")
    tools.park("[[call:f]][[call:f]]", 2)
    tools.declare(None, wait=False)
    lines = tools.until(is_result)
    why = "Connection closed" if tools.version != "2.1.197" else (
        "MCP error -32000: Connection closed")
    assert [m["message"]["content"][0]["content"] for m in lines if m["type"] == "user"] == [why] * 2


def test_end_of_input_while_a_call_waits_ends_the_turn_and_the_process(tools):
    offer(tools, "f")
    tools.park("[[call:f]]")
    tools.process.stdin.close()
    lines = tools.until(is_result)
    assert lines[-1]["subtype"] == "success" and " failed: " in lines[-1]["result"]
    assert tools.process.wait(20) == 0


def test_what_a_server_has_offered_stays_listed_as_the_version_has_it(tools):
    names = []
    for server, tool in (("client1", "a"), ("client2", "b"), ("client1", "c")):
        tools.declare(server, declared(tool))
        tools.turn("x")
        names.append([t["name"] for t in tools.sent()["tools"]])
    tools.declare(None)
    tools.declare("client1", declared("d"))
    tools.turn("x")
    names.append([t["name"] for t in tools.sent()["tools"]])
    assert names == ([["a"], ["b"], ["c"], ["c", "d"]] if tools.version != "2.1.197" else
                     [["a"], ["a", "b"], ["a", "b", "c"], ["a", "b", "c", "d"]])


def use(call):
    return {"type": "tool_use", "id": call, "name": "f", "input": {"a": 1}}


def result(call, text="r"):
    return {"type": "tool_result", "tool_use_id": call, "content": text}


def text(words):
    return {"type": "text", "text": words}


MISSING = {"type": "tool_result", "tool_use_id": "t1", "is_error": True,
           "content": "[Tool result missing due to internal error]"}
HISTORIES = {
    "pairs": ([text("x"), use("t1"), use("t2")], [result("t2"), result("t1"), text("and")],
              [text("x"), use("t1"), use("t2")], [result("t2"), result("t1"), text("and")]),
    "dangling": ([use("t1")], [text("other")], [use("t1")], [MISSING, text("other")]),
    "one missing": ([use("t1"), use("t2")], [result("t2")], [use("t1"), use("t2")],
                    [MISSING, result("t2")]),
    "orphan": ([text("x")], [result("t9")], [text("x")], "(no content)"),
    "twice": ([use("t0")], [result("t0")], [text("[Tool use interrupted]")], "(no content)"),
    "result twice": ([use("t1")], [result("t1"), result("t1", "again")], [use("t1")],
                     [result("t1")])}


@pytest.mark.parametrize("name", HISTORIES)
def test_calls_and_results_of_the_past_are_paired(tools, name):
    said, answered, said_upstream, answered_upstream = HISTORIES[name]
    offer(tools, "f")
    for role, content in (("user", [text("q")]), ("assistant", [use("t0")]),
                          ("user", [result("t0")]), ("assistant", said), ("user", answered),
                          ("assistant", [text("done")])):
        tools.seed_blocks(role, content)
    tools.turn("[[say:fine]]")
    known = [plain(m["content"]) for m in tools.sent()["messages"] if m["role"] != "system"]
    assert known[1:5] == [[use("t0")], [result("t0")], said_upstream, plain(answered_upstream)]


def plain(content):
    """Content without what only one of the two adds."""
    if isinstance(content, str):
        return [text(content)]
    return [{k: v for k, v in b.items() if k not in ("cache_control", "citations")}
            for b in content if "<system-reminder>" not in b.get("text", "")]


# -- the stand-in for the Messages API

@pytest.mark.parametrize("kind", ["real", "fake"])
def test_steps_call_each_tool_in_its_turn_and_the_last_answer_lists_the_results(kind, tmp_path,
                                                                               api):
    driver = ToolDriver(installed_cli(CLI_VERSIONS[-1]) if kind == "real" else fake_cli(), tmp_path,
                        {"ANTHROPIC_API_KEY": "sk-ant-unused", "ANTHROPIC_BASE_URL": api.url})
    offer(driver, "f", "g")
    driver.user("[[steps:3:3]]")
    seen = []
    for _ in range(3):
        driver.parked(3)
        for call in driver.calls[:]:
            seen.append((call.name, call.arguments))
            driver.answer(call, f"r{len(seen)}")
    result_line = driver.until(is_result)[-1]
    assert seen == [("fgfgfgfgf"[n], {"step": n // 3 + 1, "number": n % 3 + 1}) for n in range(9)]
    assert [row.split(": ")[1] for row in result_line["result"].splitlines()[1:]] == [
        f"r{n}" for n in range(1, 10)]
    driver.close()


@pytest.mark.parametrize("kind", ["real", "fake"])
@pytest.mark.parametrize("choice, text_of_turn, made", [
    ({"type": "none"}, "[[call:f]]", []),
    ({"type": "any"}, "hello", ["f"]),
    ({"type": "tool", "name": "g"}, "[[call:f]]", ["g"]),
    ({"type": "auto", "disable_parallel_tool_use": True}, "[[call:f]][[call:g]]", ["f"])])
def test_model_obeys_the_choice_of_a_tool(kind, tmp_path, api, choice, text_of_turn, made):
    driver = ToolDriver(installed_cli(CLI_VERSIONS[-1]) if kind == "real" else fake_cli(), tmp_path,
                        {"ANTHROPIC_API_KEY": "sk-ant-unused", "ANTHROPIC_BASE_URL": api.url},
                        model="claude-haiku-5-5")
    driver.declare(tools=declared("f", "g"))
    driver.extra_body(tools=given("f", "g"), tool_choice=choice)
    driver.user(text_of_turn)
    if made:
        driver.parked(1)
    else:
        driver.until(is_result)
    assert [c.name for c in driver.calls] == made
    driver.process.kill()
    driver.close()

