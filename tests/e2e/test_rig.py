"""The rig itself: the stand-in satisfies the real CLIs, and the fake CLI behaves like them."""

import json

import pytest

from cli_driver import deltas, is_result, shape, version_of
from messages_answer import OUTPUT_TOKENS, PROMPT_TOKENS, UTF8_SAMPLE
from programs import NEWEST_CLI, CLI_VERSIONS, fake_cli, installed_cli


@pytest.fixture(params=[*CLI_VERSIONS, "fake"])
def program(request):
    """The same test on each real CLI and on the fake."""
    return fake_cli() if request.param == "fake" else installed_cli(request.param)


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
