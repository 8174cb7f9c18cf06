"""The fake CLI's own ways: what it does on request, which no real CLI would."""

import json
import os
import signal
import subprocess
import time

import pytest

import proc_tree
from cli_driver import deltas, is_result, shape, version_of
from ledger import Ledger
from told import Told, expected, process_of
from tool_driver import ToolDriver, declared, given, lines_of_a_turn


def test_fake_forgets_an_interrupted_turn_only_after_a_rewind(drive, fake_claude):
    driver = drive(fake_claude, "[[version:2.1.197]]")
    driver.turn("warm")
    uuid = driver.user("[[text:100]][[delay:20]]")
    driver.until(lambda m: "w2" in json.dumps(m))
    driver.control("interrupt")
    driver.until(is_result)
    told = json.loads("".join(deltas(driver.turn("[[dialogue]]"))))["messages"]
    assert told[4] == ["user", "[Request interrupted by user]"]
    last = driver.user("again")
    driver.until(is_result)
    for target in (last, uuid):
        driver.control("rewind_conversation", target_message_uuid=target)
    told = json.loads("".join(deltas(driver.turn("[[dialogue]]"))))["messages"]
    assert [text for _, text in told][:2] == ["warm", "You said: warm"]


def test_fake_answers_with_the_dialogue_it_was_told(drive, fake_claude):
    driver = drive(fake_claude, model="opus")
    driver.control("initialize", systemPrompt=["A", "B"])
    driver.control("apply_flag_settings",
                   settings={"env": {"CLAUDE_CODE_EXTRA_BODY": '{"max_tokens":500}'}})
    driver.seed([("user", "u1"), ("assistant", "a1")])
    told = json.loads("".join(deltas(driver.turn("now [[dialogue]]"))))
    assert told["messages"] == [["user", "u1"], ["assistant", "a1"], ["user", "now [[dialogue]]"]]
    assert told["system"] == "A\n\nB" and told["extra_body"] == {"max_tokens": 500}
    assert told["model"] == "claude-opus-5-5" and told["pid"] == driver.process.pid


def test_fake_digests_what_it_was_told(drive, fake_claude):
    driver = drive(fake_claude, model="opus")
    driver.control("initialize", systemPrompt=["Grüße."])
    driver.seed([("user", "u1"), ("user", "u2 \n"), ("assistant", ""), ("assistant", "a\r\n1")])
    known = Told("Grüße.", "opus").then("user", "u1").then("user", "u2").then("assistant", "a\r\n1")
    first = "".join(deltas(driver.turn("now [[told]]")))
    assert first == known.then("user", "now [[told]]").answer()
    known = known.then("user", "now [[told]]").then("assistant", first + " ")
    second = "".join(deltas(driver.turn("[[told:by]]\t")))
    assert second == f"{known.then('user', '[[told:by]]').answer()} by {driver.process.pid}.1"
    assert process_of(second) == driver.process.pid
    assert known.answer() != Told("Grüße.", "opus").then("user", "u1u2").answer()


def test_digest_is_the_same_however_a_client_writes_its_messages():
    plain = [{"role": "system", "content": "s"}, {"role": "user", "content": "ab"},
             {"role": "assistant", "content": ""}, {"role": "user", "content": "c"}]
    other = [{"role": "system", "content": "s\n"},
             {"role": "user", "content": [{"type": "text", "text": "a"},
                                          {"type": "text", "text": "b "}]},
             {"role": "assistant", "content": None}, {"role": "user", "content": "c\r\n"}]
    assert expected(plain) == expected(other) != expected(plain[1:]) != expected(plain, "opus")


@pytest.fixture
def with_tools(tmp_path, fake_claude):
    """with_tools(script) -> a driver whose tools are f and g; killed at the end."""
    running = []

    def start(script=""):
        running.append(ToolDriver(fake_claude, tmp_path, {
            "ANTHROPIC_FAKE_SCRIPT": script,
            "ANTHROPIC_FAKE_LEDGER": str(tmp_path / "ledger.jsonl")}, model="opus"))
        running[-1].declare(tools=declared("f", "g"))
        running[-1].extra_body(tools=given("f", "g"))
        running[-1].until_quiet(0.05)
        return running[-1]

    yield start
    for driver in running:
        driver.process.kill()
        driver.close()


def test_fake_digests_calls_and_results(with_tools):
    driver = with_tools()
    question = '[[say:Well.]][[call:f:{"b":[1,2.50,"ü",null],"a":true}]][[call:g]][[told]]'
    driver.park(question, 2)
    first, second = driver.calls
    driver.answer(second, "two \n")
    driver.answer(first, [{"type": "text", "text": "one"}, {"type": "image", "data": "R0lG",
                                                            "mimeType": "image/gif"}])
    calls = [{"id": first.use, "function": {
        "name": "f", "arguments": '{ "a": true, "b": [1, 2.5, "\\u00fc", null] }'}},
        {"id": second.use, "function": {"name": "g", "arguments": ""}}]
    messages = [{"role": "user", "content": question},
                {"role": "assistant", "content": "Well.", "tool_calls": calls},
                {"role": "tool", "tool_call_id": second.use, "content": "two"},
                {"role": "tool", "tool_call_id": first.use, "content": [
                    {"type": "text", "text": "one"}, {"type": "image_url", "image_url": {
                        "url": "data:image/gif;base64,R0lG"}}]}]
    assert driver.until(is_result)[-1]["result"] == expected(messages, "opus")
    for index, key, value in ((2, "content", "three"), (2, "tool_call_id", "x"),
                              (1, "tool_calls", calls[:1]), (1, "content", "")):
        other = [{**m, key: value} if n == index else m for n, m in enumerate(messages)]
        assert expected(other, "opus") != expected(messages, "opus")


def test_fake_tells_ahead_of_calls_too(with_tools):
    driver = with_tools()
    question = "[[told:always]][[call:f]]"
    lines = driver.park(question)
    call = driver.calls[0]
    told = "".join(deltas(lines))
    asked = [{"role": "user", "content": question}]
    assert told == expected(asked, "opus")
    driver.answer(call, "x")
    asked += [{"role": "assistant", "content": told, "tool_calls": [
        {"id": call.use, "function": {"name": "f", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": call.use, "content": "x"}]
    assert driver.until(is_result)[-1]["result"] == expected(asked, "opus")


def test_fake_counts_steps_anew_for_a_text_behind_results(with_tools):
    driver = with_tools()
    driver.seed_blocks("user", [{"type": "text", "text": "q"}])
    driver.seed_blocks("assistant", [{"type": "tool_use", "id": "t1", "name": "f", "input": {}}])
    driver.send({"type": "user", "uuid": "q", "message": {"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": "t1", "content": "one"},
        {"type": "text", "text": "[[steps:1:1]]"}]}})
    driver.parked(1)
    driver.answer(driver.calls[0], "two")
    assert driver.until(is_result)[-1]["result"].splitlines()[1].endswith(": two")


def test_fake_shows_calls_and_results_in_its_dialogue(with_tools):
    driver = with_tools()
    driver.park('[[call:f:{"a":1}]][[dialogue]]')
    call = driver.calls[0]
    driver.answer(call, "boom", is_error=True)
    told = json.loads(driver.until(is_result)[-1]["result"])
    assert told["messages"][1:] == [
        ["assistant", [{"type": "tool_use", "id": call.use, "name": "f", "input": {"a": 1}}]],
        ["user", [{"type": "tool_result", "tool_use_id": call.use, "content": "boom",
                   "is_error": True}]]]


def test_fake_takes_results_as_a_question_and_goes_on_where_the_history_stands(with_tools):
    driver = with_tools()
    driver.seed_blocks("user", [{"type": "text", "text": "[[steps:2:1]][[die_at:0]]"}])
    driver.seed_blocks("assistant", [{"type": "tool_use", "id": "t1", "name": "f",
                                      "input": {"step": 1, "number": 1}}])
    driver.send({"type": "user", "uuid": "q", "message": {"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": "t1", "content": "one"},
        {"type": "text", "text": ""}]}})
    driver.parked(1)
    assert driver.calls[0].arguments == {"step": 2, "number": 1}
    driver.answer(driver.calls[0], "two")
    assert driver.until(is_result)[-1]["result"].splitlines()[1] == "t1: one"


def test_fake_dies_at_every_line_of_a_turn_with_calls(with_tools):
    """Lines are counted through: those behind the answers of the client, too."""
    question = "[[call:f]][[call:g]][[text:1]]"
    whole = lines_of_a_turn(with_tools(), question)
    for at in range(0, len(whole) - 1, 3):
        driver = with_tools()
        lines = lines_of_a_turn(driver, f"{question}[[die_at:{at}]]")
        assert len(lines) == at and driver.process.wait(5) == 1
    assert {"control_request", "user", "result"} <= {line["type"] for line in whole}


def test_fake_is_refused_by_the_rules_in_a_continuing_request(with_tools, ledger):
    driver = with_tools()
    driver.park("[[call:f]]")
    driver.extra_body(tools=given("f", "f"))
    driver.answer(driver.calls[0], "x")
    assert driver.until(is_result)[-1]["api_error_status"] == 400
    assert ledger.lines("api_refusal")[0]["rule"] == "tool_names_repeat"


def test_fake_marks_tokens_and_writes_them_to_the_ledger(drive, fake_claude, ledger):
    driver = drive(fake_claude)
    assert deltas(driver.turn("[[mark:X]][[text:3]]")) == ["X-0 ", "X-1 ", "X-2 "]
    assert ledger.tokens() == "X-0 X-1 X-2 "
    assert ledger.prompts() == ["[[mark:X]][[text:3]]"]


@pytest.mark.parametrize("how, code", [("exit", 1), ("kill", -9), ("segv", -11)])
def test_fake_dies_at_the_given_step(drive, fake_claude, how, code):
    for at in range(0, 9):
        driver = drive(fake_claude)
        driver.user(f"[[die_at:{at}:{how}]][[text:2]]")
        lines = []
        while (line := driver.next()) is not None:
            if line["type"] != "command_lifecycle" and line.get("subtype") != "ui_invalidate":
                lines.append(line)
        assert len(lines) == at and driver.process.wait(5) == code


def test_fake_goes_wrong_only_once_when_told_so(drive, fake_claude):
    first = drive(fake_claude)
    first.user("[[once:a]][[die_at:0]]")
    assert first.process.wait(5) == 1
    assert not drive(fake_claude).turn("[[once:a]][[die_at:0]]")[-1]["is_error"]


def test_fake_hangs_deaf_to_everything_but_sigterm(drive, fake_claude, ledger):
    driver = drive(fake_claude)
    driver.user("[[hang_at:4]]")
    ledger.wait("hang")
    driver.control_later("interrupt")
    driver.process.stdin.close()
    with pytest.raises(subprocess.TimeoutExpired):
        driver.process.wait(0.3)
    driver.process.terminate()
    assert driver.process.wait(5) == 143


def test_fake_ignores_sigterm_and_end_of_input_when_told_so(drive, fake_claude, ledger):
    driver = drive(fake_claude, "[[ignore_term]][[ignore_eof]]")
    driver.turn("x")
    driver.process.terminate()
    driver.process.stdin.close()
    ledger.wait("signal")
    ledger.wait("eof")
    assert driver.process.poll() is None


def test_fake_writes_garbage_giant_lines_and_floods(drive, fake_claude):
    driver = drive(fake_claude)
    driver.user("[[garbage_at:2:3]][[giant:100000]][[giant_at:5]][[stderr:300000]][[unknown]]")
    lines = []
    while not (lines and isinstance(lines[-1], dict) and is_result(lines[-1])):
        lines.append(driver.next())
    raw = [line for line in lines if isinstance(line, bytes)]
    assert len(raw) == 4 and max(map(len, raw)) > 100000
    assert any(isinstance(m, dict) and m["type"] == "a_type_of_tomorrow" for m in lines)
    proc_tree.wait_until(lambda: len(driver.stderr) > 300000, 5, "the flood")


def test_fake_writes_bytes_one_by_one_and_invalid_text(drive, fake_claude):
    driver = drive(fake_claude)
    driver.user("[[split]][[bad_utf8]]")
    raw = []
    while not (raw and b'"type":"result"' in raw[-1]):
        raw.append(driver.lines.get(timeout=10))
    assert b'"\xff"' in b"".join(raw) and b"\xe2\x80\xa8" in b"".join(raw)


def test_fake_leaves_a_grandchild_that_holds_the_pipe(drive, fake_claude, ledger):
    driver = drive(fake_claude)
    driver.turn("[[grandchild]]")
    child = ledger.wait("grandchild")[0]["child"]
    driver.process.stdin.close()
    assert driver.process.wait(5) == 0
    assert proc_tree.stat(child)
    os.kill(child, signal.SIGKILL)


def test_fake_goes_on_after_max_tokens_unless_interrupted(drive, fake_claude):
    driver = drive(fake_claude)
    assert deltas(driver.turn("[[stop:max_tokens]][[text:2]]")) == ["w0 ", "w1 ", "CONTINUED"]
    driver.user("[[stop:max_tokens]][[text:2]][[continue:5000]]")
    driver.until(lambda m: m.get("event", {}).get("type") == "message_stop")
    driver.control("interrupt")
    assert driver.until(is_result)[-1]["stop_reason"] == "max_tokens"


def test_fake_starts_an_answer_anew_after_abandoning_it(drive, fake_claude):
    lines = drive(fake_claude).turn("[[abandon:2]][[text:3]]")
    assert deltas(lines) == ["w0 ", "w1 ", "w0 ", "w1 ", "w2 "]
    assert shape(lines).count("message_start") == 2 and shape(lines).count("message_delta") == 1


def test_fake_does_not_read_when_told_so_and_boots_late(drive, fake_claude):
    began = time.monotonic()
    driver = drive(fake_claude, "[[boot:200]]")
    version_of(driver)
    assert time.monotonic() - began >= 0.2
    driver.turn("[[no_read]]")
    driver.control_later("get_binary_version")
    driver.process.stdin.close()
    with pytest.raises(subprocess.TimeoutExpired):
        driver.process.wait(0.3)


def test_ledger_line_torn_by_a_kill_costs_nobody_elses(tmp_path):
    path = tmp_path / "ledger"
    path.write_bytes(b'{"t":1.5,"pid":1,"kind":"start"}\n'
                     b'{"t":2.5,"pid":2,"kind":"prompt","text":"gr\xc3'
                     b'{"t":2.6,"pid":3,"kind":"prompt","text":"{\\"t\\":1}"}\n'
                     b'{"t":2.7,"pid":4,"kind":"pro')
    assert [entry["pid"] for entry in Ledger(path).lines()] == [1, 3]
    assert Ledger(path).prompts() == ['{"t":1}']
