"""A child process that goes wrong: the client gets its answer or a clear error, once."""

import os
import signal
import time

import pytest

from proc_tree import wait_until
from resend import in_background
from sse import ChatStream


def test_process_that_dies_before_saying_anything_is_an_error_and_no_fake_answer(fake_gateway):
    for at in range(5):
        status, _, body = fake_gateway.chat(f"[[die_at:{at}]]", conversation_id=f"c{at}")
        assert (status, body["error"]["type"]) == (502, "claude_process_error")
        assert body["error"]["code"] == "upstream_crash"
        assert fake_gateway.answer("x", conversation_id=f"c{at}") == "You said: x"


@pytest.mark.parametrize("how", ["exit", "kill", "segv"])
def test_process_that_dies_in_mid_answer_ends_the_stream_with_an_error(fake_gateway, ledger, how):
    for at in range(5, 9):
        stream = ChatStream(fake_gateway, f"[[die_at:{at}:{how}]][[text:20]]").open().read_all()
        said = at - 4
        assert stream.text() == "".join(f"w{i} " for i in range(said))
        assert [e["code"] for e in stream.errors()] == ["upstream_crash"]
        assert stream.failed()
    wait_until(lambda: sum(1 for line in list(fake_gateway.log_lines) if line.get("cut")) == 4, 5,
               "the log to tell of them")
    assert len(ledger.prompts()) == 4
    status, headers, _ = fake_gateway.chat(f"[[die_at:6:{how}]][[text:20]]")
    assert status == 502 and headers["x-should-retry"] == "false"


def test_conversation_survives_the_death_of_its_process(fake_gateway):
    fake_gateway.answer("[[say:one]]", conversation_id="c")
    assert fake_gateway.chat("[[die_at:6]][[text:9]]", conversation_id="c")[0] == 502
    answer = fake_gateway.answer("[[dialogue]]", conversation_id="c")
    assert '["user","[[say:one]]"],["assistant","one"]' in answer


def test_idle_process_that_is_killed_is_replaced(fake_gateway):
    fake_gateway.answer("[[say:one]]", conversation_id="c")
    os.kill(fake_gateway.cli_pids()[0], signal.SIGKILL)
    fake_gateway.wait_cli_count(0)
    assert '["assistant","one"]' in fake_gateway.answer("[[dialogue]]", conversation_id="c")


def test_hanging_process_is_given_up_at_the_deadline(start_fake):
    gateway = start_fake(claude__timeout_seconds=1, claude__interrupt_timeout_seconds=0.3,
                         claude__close_grace_seconds=0.3)
    began = time.monotonic()
    status, _, body = gateway.chat("[[hang_at:2]]")
    assert (status, body["error"]["code"]) == (504, "timeout")
    assert 0.9 < time.monotonic() - began < 5
    stream = ChatStream(gateway, "[[hang_at:8]][[text:20]]").open().read_all()
    assert stream.text() == "w0 w1 w2 w3 " and stream.errors()[0]["code"] == "timeout"
    gateway.wait_cli_count(0)
    assert gateway.answer("x") == "You said: x"


def test_process_that_never_gets_ready_is_an_error_in_time(start_fake):
    gateway = start_fake("[[mute]]", claude__boot_timeout_seconds=0.5)
    began = time.monotonic()
    status, _, body = gateway.chat("x")
    assert status in (502, 503, 504), body
    assert time.monotonic() - began < 6
    gateway.wait_cli_count(0)


def test_process_that_fails_at_start_is_an_error_with_its_reason_in_the_log(start_fake):
    gateway = start_fake("[[boot_exit:3]]")
    status, _, body = gateway.chat("x")
    assert status in (502, 503), body
    assert "told to fail at start" not in body["error"]["message"]
    assert b"told to fail at start" in gateway.log_raw


def test_noise_between_the_lines_is_skipped(fake_gateway):
    assert fake_gateway.answer("[[garbage_at:5:2]][[unknown]][[say:clear]]") == "clear"
    assert fake_gateway.stats()["cli"]["lines_malformed"] == 2


def test_line_without_end_kills_the_process_not_the_gateway(start_fake):
    gateway = start_fake(limits__cli_line_bytes_max=1 << 20)
    stream = ChatStream(gateway, "[[giant:4000000]][[giant_at:6]][[text:9]]").open().read_all()
    assert stream.text() == "w0 w1 " and stream.failed()
    assert gateway.answer("x") == "You said: x"


def test_text_that_is_no_text_is_repaired(fake_gateway):
    text = fake_gateway.answer("[[bad_utf8]]")
    assert text.startswith("bad:") and text.endswith(":end") and "\ufffd" in text
    assert "\u2028" in text and "\u0000" in text


def test_lines_that_come_byte_by_byte_are_joined(fake_gateway):
    assert fake_gateway.answer("[[split]][[utf8]]").startswith("Grüße, 世界! 🦊")


def test_flood_on_stderr_neither_blocks_nor_grows(fake_gateway):
    assert fake_gateway.answer("[[stderr:20000000]][[say:fine]]", timeout=60) == "fine"


def test_process_that_does_not_read_leaves_others_alone(start_fake):
    gateway = start_fake(claude__timeout_seconds=5, claude__control_timeout_seconds=1,
                         claude__interrupt_timeout_seconds=0.3)
    gateway.answer("[[no_read]]", conversation_id="deaf")
    deaf = in_background(gateway.chat, "y" * 1_000_000, conversation_id="deaf")
    wait_until(lambda: gateway.stats()["turns"]["active"] == 1, 5, "the deaf one to be asked")
    assert gateway.answer("x", conversation_id="other") == "You said: x"
    assert deaf.is_alive(), "the other waited for the deaf one's deadline"
    deaf.join(20)
    assert deaf.result[0] in (200, 502, 504)


def test_what_comes_after_the_result_is_not_taken_for_an_answer(fake_gateway):
    assert fake_gateway.answer("[[result_twice]][[late]][[say:one]]", conversation_id="c") == "one"
    assert fake_gateway.answer("[[say:two]]", conversation_id="c") == "two"


@pytest.mark.parametrize("pause", [0, 1, 20])
def test_continuation_behind_the_token_limit_is_neither_shown_nor_kept(fake_gateway, pause):
    fake_gateway.answer("[[say:one]]", conversation_id="c")
    pids = fake_gateway.cli_pids()
    for n in range(5):
        question = f"{n} [[text:2]][[stop:max_tokens]][[continue:{pause}]]"
        stream = ChatStream(fake_gateway, question, conversation_id="c").open().read_all()
        assert stream.text() == "w0 w1 " and stream.finish_reasons() == ["length"]
        assert stream.done()
    told = fake_gateway.answer("[[dialogue]]", conversation_id="c")
    assert told.count('["assistant","w0 w1 "]') == 5 and "CONTINUED" not in told
    assert "token limit" not in told and fake_gateway.cli_pids() == pids


def test_answer_that_upstream_started_anew_is_never_said_twice(fake_gateway):
    stream = ChatStream(fake_gateway, "[[abandon:2]][[text:5]]").open().read_all()
    assert stream.text() == "w0 w1 " and stream.failed()


def test_program_that_can_not_be_started_is_unavailable(start, tmp_path):
    broken = tmp_path / "claude"
    broken.write_text("#!/nonexistent/interpreter\n")
    broken.chmod(0o755)
    gateway = start(broken, {"ANTHROPIC_API_KEY": "x"})
    status, _, body = gateway.chat("x")
    assert (status, body["error"]["code"]) == (503, "cli_unavailable")
