"""A process that is lost at any moment of a turn with calls: the client gets all of an answer or a
clear end, and no call that reached it is made again behind its back."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from sse import ChatStream
from tool_agent import LOOK, TOUCH, joined
from tool_driver import ToolDriver, declared, given, lines_of_a_turn, type_of_event

QUESTION = '[[call:look:{"a": "b"}]][[call:touch:]][[text:3]]'
CALLS = [("look", '{"a": "b"}'), ("touch", "{}")]
WORDS = "w0 w1 w2 "
FAULTS = {"exit": "die_at:{}:exit", "kill": "die_at:{}:kill", "hang": "hang_at:{}",
          "garbage": "garbage_at:{}:3"}


class Places:
    """Where things stand among the lines of such a turn."""

    def __init__(self, lines):
        shown = [n for n, line in enumerate(lines) if type_of_event(line) == "content_block_delta"]
        self.called = next(n for n, line in enumerate(lines)
                           if type_of_event(line) == "message_delta")
        self.first = shown[0]
        self.calls = next(n for n, line in enumerate(lines)
                          if type_of_event(line) == "content_block_start"
                          and line["event"]["content_block"]["type"] == "tool_use")
        self.first_behind_results = next(n for n in shown if n > self.called)
        self.count = len(lines)


@pytest.fixture
def places(tmp_path, fake_claude):
    driver = ToolDriver(fake_claude, tmp_path, {}, model="opus")
    driver.declare(tools=declared("look", "touch"))
    driver.extra_body(tools=given("look", "touch"))
    driver.until_quiet(0.05)
    found = Places(lines_of_a_turn(driver, QUESTION))
    driver.close()
    assert 0 < found.first < found.calls < found.called < found.first_behind_results < found.count
    return found


class Client:
    """One that notes each call of which it hears."""

    def __init__(self, gateway, question, stream):
        self.gateway, self.stream = gateway, stream
        self.messages = [{"role": "user", "content": question}]
        self.heard = []  # names and arguments, of all answers
        self.ids = []

    def turn(self):
        """(message, finish reason); the reason of a failure is None."""
        if self.stream:
            answer = ChatStream(self.gateway, self.messages, tools=[LOOK, TOUCH]).open()
            assert answer.status == 200
            answer.read_all()
            assert answer.done() != answer.failed(), answer.frames[-2:]
            message, reason = joined([c for _, c in answer.chunks() if "error" not in c])
        else:
            status, headers, body = self.gateway.chat(self.messages, tools=[LOOK, TOUCH])
            message, reason = {}, None
            if status == 200:
                choice = body["choices"][0]
                message, reason = choice["message"], choice["finish_reason"]
            else:
                assert status in (502, 504) and headers["x-should-retry"] == "false", body
        calls = message.get("tool_calls") or []
        self.ids += [call["id"] for call in calls]
        assert len(set(self.ids)) == len(self.ids), "a call is made again"
        if reason:
            self.heard.append([(c["function"]["name"], c["function"]["arguments"]) for c in calls])
            self.messages.append(message)
        return message, reason

    def bring(self):
        """What an answer to these results must say."""
        self.messages += [{"role": "tool", "tool_call_id": call["id"], "content": "x"}
                          for call in self.messages[-1]["tool_calls"]]
        return "Results:\n" + "\n".join(f"{m['tool_call_id']}: x" for m in self.messages[-2:])


def check(gateway, ledger, places, fault, at, stream):
    key = f"{'stream' if stream else 'plain'}-{at}"
    client = Client(gateway, f"[[once:{key}]][[{fault.format(at)}]]{QUESTION} {key}", stream)
    message, reason = client.turn()
    lost = places.first < at <= places.called
    assert reason == (None if lost else "tool_calls"), (at, message)
    runs = len([p for p in ledger.prompts() if key + "]]" in p])
    assert runs == (2 if at <= places.first else 1), at
    if lost:
        if stream:
            assert message["content"] and WORDS.startswith(message["content"]), at
            assert bool(message.get("tool_calls")) == (at > places.calls), at
        _, reason = client.turn()  # asks again
        assert reason == "tool_calls", at
    assert client.messages[-1]["content"] == WORDS and client.heard == [CALLS], at
    told = client.bring()
    message, reason = client.turn()
    lost = places.first_behind_results < at < places.count
    assert reason == (None if lost else "stop"), (at, message)
    if lost:
        if stream:
            assert message["content"] and told.startswith(message["content"]), at
        message, reason = client.turn()  # brings the same once more
        assert reason == "stop", at
    assert message["content"] == told and client.heard == [CALLS, []], at


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", FAULTS)
def test_process_lost_at_any_line_of_a_turn_with_calls(start_fake, ledger, places, kind):
    gateway = start_fake(claude__first_event_timeout_seconds=2,
                         claude__event_idle_timeout_seconds=2, claude__close_grace_seconds=0.2,
                         claude__max_concurrent_sessions=100, retry__budget_percent=100)
    cases = [(at, stream) for at in range(places.count) for stream in (True, False)]
    with ThreadPoolExecutor(6) as pool:
        for outcome in [pool.submit(check, gateway, ledger, places, FAULTS[kind], *case)
                        for case in cases]:
            outcome.result()
    assert not ledger.lines("api_refusal")
