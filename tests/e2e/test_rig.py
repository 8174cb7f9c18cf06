"""The rig itself: the stand-in satisfies the real CLIs, and the fake CLI behaves like them."""

import json
import os
import signal
import subprocess
import time

import pytest

import proc_tree
from cli_driver import CliDriver, deltas, is_result, shape
from ledger import Ledger
from messages_answer import OUTPUT_TOKENS, PROMPT_TOKENS, UTF8_SAMPLE
from programs import NEWEST_CLI, CLI_VERSIONS, fake_cli, installed_cli
from told import Told, expected, process_of

KEY = {"ANTHROPIC_API_KEY": "sk-ant-unused"}


@pytest.fixture
def drive(tmp_path, api):
    """drive(program, script="", **options) -> CliDriver; closed at the end."""
    running = []

    def start(program, script="", environment=None, **options):
        driver = CliDriver(program, tmp_path, {
            **KEY, "ANTHROPIC_BASE_URL": api.url, "ANTHROPIC_FAKE_SCRIPT": script,
            "ANTHROPIC_FAKE_LEDGER": str(tmp_path / "ledger.jsonl"),
            "ANTHROPIC_FAKE_STATE": str(tmp_path), **(environment or {})}, **options)
        running.append(driver)
        return driver

    yield start
    for driver in running:
        if driver.process.poll() is None:
            driver.process.kill()
        driver.close()


@pytest.fixture(params=[*CLI_VERSIONS, "fake"])
def program(request):
    """The same test on each real CLI and on the fake."""
    return fake_cli() if request.param == "fake" else installed_cli(request.param)


def version_of(driver):
    return driver.control("get_binary_version")["response"]["version"]


# -- the stand-in with real CLIs

def test_stand_in_gives_usage_thinking_and_text_to_a_real_cli(drive, cli, api):
    driver = drive(cli)
    lines = driver.turn("[[think:2]][[text:200]][[delay:1]]")
    assert len(deltas(lines)) == 200
    assert deltas(lines, "thinking") == ["t0 ", "t1 "]
    usage = lines[-1]["usage"]
    assert (usage["input_tokens"] + usage["cache_creation_input_tokens"]
            + usage["cache_read_input_tokens"], usage["output_tokens"]) == (PROMPT_TOKENS,
                                                                            OUTPUT_TOKENS)
    assert driver.close() == 0


def test_stand_in_records_seeded_history_and_system_prompt(drive, cli, api):
    driver = drive(cli)
    driver.control("initialize", systemPrompt=["Speak Latin."])
    driver.seed([("user", "u1"), ("assistant", "a1"), ("user", "u2"), ("assistant", "a2")])
    driver.turn("u3")
    assert api.last().messages() == [("user", "u1"), ("assistant", "a1"), ("user", "u2"),
                                     ("assistant", "a2"), ("user", "u3")]
    assert api.last().system_blocks() == ["Speak Latin."]


def test_stand_in_keeps_multibyte_text_whole(drive, cli):
    assert "".join(deltas(drive(cli).turn("[[utf8]]"))) == UTF8_SAMPLE


@pytest.mark.parametrize("status", [400, 401, 429, 529])
def test_stand_in_errors_become_error_results(drive, cli, status):
    result = drive(cli).turn(f"[[err:{status}]]")[-1]
    assert result["is_error"] and result["api_error_status"] == status


def test_stand_in_honours_limits_of_the_request(drive, cli, api):
    driver = drive(cli)
    body = json.dumps({"max_tokens": 50, "stop_sequences": ["w3"]})
    driver.control("apply_flag_settings", settings={"env": {"CLAUDE_CODE_EXTRA_BODY": body}})
    assert "".join(deltas(driver.turn("[[text:9]][[honour]]"))) == "w0 w1 w2 "
    assert api.last().body["stop_sequences"] == ["w3"]


def test_stand_in_sees_an_interrupt(drive, cli, api):
    driver = drive(cli)
    driver.user("[[text:20]][[hold:3]]")
    driver.until(lambda m: "w2" in json.dumps(m))
    driver.control("interrupt")
    driver.until(is_result)
    api.wait(lambda posts: posts[0].client_gone)
    assert api.last().deltas_sent == 3


def test_stand_in_cuts_a_stream(drive, cli):
    result = drive(cli).turn("[[cut:3]][[text:9]][[delay:5]]")[-1]
    assert result["is_error"] and "connection" in result["result"].lower()


# -- the fake beside the real ones

def test_turn_has_the_order_of_lines_that_the_real_cli_has(drive, program):
    lines = drive(program).turn("[[think]][[text:4]]")
    assert shape(lines) == [
        "system/init", "system/status", "message_start",
        "content_block_start", "content_block_delta", "assistant", "content_block_stop",
        "content_block_start", "content_block_delta", "assistant", "content_block_stop",
        "message_delta", "message_stop", "result"]
    assert lines[-1]["usage"]["output_tokens"] == OUTPUT_TOKENS


def test_version_is_answered_before_initialize_and_leaves_it_unused(drive, program):
    driver = drive(program)
    assert version_of(driver).startswith("2.1.")
    assert driver.control("initialize", systemPrompt=["once"])["subtype"] == "success"
    assert driver.control("initialize", systemPrompt=["twice"])["subtype"] == "success"
    assert driver.control("no_such_thing")["subtype"] == "error"


def test_seeded_lines_are_acknowledged_and_known_later(drive, program):
    driver = drive(program)
    driver.seed([("user", "u1")])
    assert driver.seen[-1][1]["num_turns"] == 0
    assert shape(value for _, value in driver.seen)[-2:] == ["system/init", "result"]


def test_interrupt_ends_the_turn_and_a_rewind_removes_it(drive, program):
    driver = drive(program)
    newer = version_of(driver) != "2.1.197"
    driver.turn("warm")
    uuid = driver.user("[[text:100]][[delay:20]]")
    driver.until(lambda m: "w2" in json.dumps(m))
    driver.control("interrupt")
    lines = driver.until(is_result)
    closing = ["content_block_stop", "message_delta", "message_stop"] * newer
    assert shape(lines)[-(len(closing) + 3):] == ["assistant", "user", *closing, "result"]
    assert lines[-1]["subtype"] == "error_during_execution"
    assert lines[-1]["terminal_reason"] == "aborted_streaming"
    assert driver.control("rewind_conversation", target_message_uuid=uuid)["response"]["rewound"]


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


def texts_known(driver, fake, api):
    """The texts of the dialogue that the CLI holds, merged where the API would see one message."""
    if fake:
        told = json.loads("".join(deltas(driver.turn("[[dialogue]]"))))["messages"]
        return merged((role, text) for role, text in told)
    driver.turn("[[dialogue]]")
    return merged(api.last().messages())


def merged(messages):
    """Neighbours of one role as one text, as CLIs send them."""
    found = []
    for role, text in messages:
        if found and found[-1][0] == role:
            found[-1] = (role, found[-1][1] + "\n" + text)
        else:
            found.append((role, text))
    return found


def lines_of_a_dialogue(driver):
    """Two seeded pairs, two seeded lines in a row, two turns; uuids of the users' lines in order."""
    uuids = []
    for role, text in (("user", "s1"), ("assistant", "b1"), ("user", "s2"), ("user", "s3")):
        if role == "user":
            uuids.append(driver.user(text, shouldQuery=False))
            driver.until(is_result)
        else:
            driver.seed([(role, text)])
    for text in ("[[say:a4]]", "[[say:a5]]"):
        uuids.append(driver.user(text))
        driver.until(is_result)
    return uuids


@pytest.mark.parametrize("depth", [1, 2, 4, 5])
@pytest.mark.parametrize("version", CLI_VERSIONS)
@pytest.mark.parametrize("fake", [False, True], ids=["real", "fake"])
def test_lines_are_taken_back_one_by_one_from_the_last(drive, api, fake, version, depth):
    program = fake_cli() if fake else installed_cli(version)
    driver = drive(program, f"[[version:{version}]]")
    uuids = lines_of_a_dialogue(driver)
    whole = [("user", "s1"), ("assistant", "b1"), ("user", "s2"), ("user", "s3"),
             ("user", "[[say:a4]]"), ("assistant", "a4"), ("user", "[[say:a5]]"),
             ("assistant", "a5")]
    places = [n for n, (role, _) in enumerate(whole) if role == "user"]

    def rewind(uuid):
        return driver.control("rewind_conversation", target_message_uuid=uuid)["response"]

    earlier = rewind(uuids[-2])
    assert earlier["rewound"] is False and earlier["error"] == "stale target"
    kept = whole
    for uuid, place in list(zip(uuids, places))[::-1][:depth]:
        answer = rewind(uuid)
        if place == 0 and version == "2.1.197":
            assert answer["rewound"] is False and answer["error"] == "no preceding assistant"
        else:
            assert answer["rewound"] is True and answer["targetMessageUuid"] == uuid, answer
            assert answer["prefillText"] == whole[place][1] + "\n"
            kept = whole[:place]
    assert texts_known(driver, fake, api) == merged([*kept, ("user", "[[dialogue]]")])


@pytest.mark.parametrize("version", CLI_VERSIONS)
@pytest.mark.parametrize("fake", [False, True], ids=["real", "fake"])
def test_line_without_an_answer_before_it_is_taken_back_by_newer_versions_only(drive, api, fake,
                                                                              version):
    driver = drive(fake_cli() if fake else installed_cli(version), f"[[version:{version}]]")
    driver.seed([("user", "s1")])
    uuid = driver.user("[[say:a2]]")
    driver.until(is_result)
    answer = driver.control("rewind_conversation", target_message_uuid=uuid)["response"]
    assert answer["rewound"] is (version != "2.1.197")
    assert answer["precedingAssistantUuid"] is None
    kept = [("user", "s1")]
    if version == "2.1.197":
        assert answer["error"] == "no preceding assistant"
        kept += [("user", "[[say:a2]]"), ("assistant", "a2")]
    assert texts_known(driver, fake, api) == merged([*kept, ("user", "[[dialogue]]")])


@pytest.mark.parametrize("version", CLI_VERSIONS)
@pytest.mark.parametrize("fake", [False, True], ids=["real", "fake"])
def test_other_model_before_the_first_turn_leaves_a_trace_in_the_old_version_only(drive, api, fake,
                                                                                 version):
    driver = drive(fake_cli() if fake else installed_cli(version), f"[[version:{version}]]")
    driver.control("set_model", model="sonnet")
    assert driver.control("set_model", model="haiku")["subtype"] == "success"
    driver.control("initialize", systemPrompt=["s"])
    if fake:
        told = json.loads("".join(deltas(driver.turn("[[dialogue]]"))))
        model, text = told["model"], told["messages"][0][1]
    else:
        driver.turn("[[dialogue]]")
        model, text = api.last().body["model"], "\n".join(api.last().raw_texts())
    assert "haiku" in model
    assert ("<command-name>/model</command-name>" in text) is (version == "2.1.197")


def test_line_of_the_past_fixes_the_system_prompt_of_the_new_version(drive, api):
    for program in (installed_cli(NEWEST_CLI), fake_cli()):
        driver = drive(program)
        driver.seed([("user", "u1"), ("assistant", "a1")])
        driver.control("initialize", systemPrompt=["late"])
        answer = "".join(deltas(driver.turn("[[dialogue]]")))
        system = json.loads(answer)["system"] if program == fake_cli() else "".join(
            api.last().system_blocks())
        assert "late" not in system


def test_command_without_the_closing_empty_block_is_swallowed(drive, program):
    driver = drive(program)
    driver.send({"type": "user", "message": {"role": "user", "content": "/clear"}})
    assert driver.until(is_result)[-1]["num_turns"] == 0
    assert is_result(driver.turn("/clear")[-1])
    assert driver.seen[-1][1]["num_turns"] == 1


def test_malformed_line_ends_the_process_with_1(drive, program):
    driver = drive(program)
    version_of(driver)
    driver.send(b'{"type": ')
    assert driver.process.wait(10) == 1


def test_end_of_input_ends_the_process(drive, program):
    driver = drive(program)
    driver.turn("x")
    assert driver.close() == 0


def test_sigterm_ends_the_process_with_143(drive, program):
    driver = drive(program)
    version_of(driver)
    driver.process.terminate()
    assert driver.process.wait(10) == 143


# -- the fake's own ways

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
