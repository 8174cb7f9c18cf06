"""Demo mode: the whole gateway without a CLI, an account or a network, and every answer says so."""

import datetime
import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pydantic
import pytest

import proc_tree
from programs import ROOT
from sse import ChatStream

README = (ROOT / "README.md").read_text()
ADDRESS = "http://127.0.0.1:8080"


@pytest.fixture
def start_demo(start):
    def start_in_demo_mode(**settings):
        return start("/nonexistent/claude", arguments=["--demo"], **settings)

    return start_in_demo_mode


@pytest.fixture
def demo(start_demo):
    return start_demo()


def test_curl_of_the_readme_works(demo):
    command = re.search(rf"^curl {ADDRESS}/v1/chat/completions[^`]*", README, re.M)[0]
    said = subprocess.run(["bash", "-c", command.replace(ADDRESS, demo.url)], capture_output=True,
                          text=True, timeout=30, check=True).stdout
    body = json.loads(said)
    text = body["choices"][0]["message"]["content"]
    assert text.startswith("[demo] No Claude was asked") and "Hello!" in text
    assert body["model"] == "demo"


def test_python_program_of_the_readme_works(demo):
    program = re.search(r"```python\n(from openai.*?)```", README, re.S)[1]
    said = subprocess.run([sys.executable, "-c", program.replace(ADDRESS, demo.url)],
                          capture_output=True, text=True, timeout=60)
    assert said.returncode == 0, said.stderr
    assert said.stdout.count("[demo] No Claude was asked") == 2
    assert 'knows 3 messages: 2 of yours and 1 answer. It began with: "My name is Alice."' \
        in said.stdout


def test_history_sent_again_finds_its_process_in_the_demo_as_well(demo):
    messages, matches = [], []

    def say(text):
        messages.append({"role": "user", "content": text})
        _, headers, body = demo.chat(messages)
        matches.append(headers["x-ccapi-match"])
        messages.append({"role": "assistant", "content": body["choices"][0]["message"]["content"]})
        return messages[-1]["content"]

    say("My name is Alice.")
    assert "knows 3 messages" in say("Who am I?")
    del messages[-2:]
    assert "knows 3 messages" in say("Who are you?")
    assert "knows 5 messages" in say("And now?")
    assert matches == ["fresh", "continued", "rewound", "continued"]
    assert len(demo.cli_pids()) == 1


def test_every_answer_is_marked_errors_too(demo):
    assert demo.chat("x")[1]["x-ccapi-demo"] == "1"
    status, headers, _ = demo.chat("x", temperature="warm")
    assert status == 400 and headers["x-ccapi-demo"] == "1"
    status, headers, _ = demo.chat("x", model="no-such-model")
    assert status == 404 and headers["x-ccapi-demo"] == "1"
    assert ChatStream(demo, "x").open().headers["x-ccapi-demo"] == "1"


def test_gateway_with_a_cli_marks_nothing(fake_gateway):
    assert "x-ccapi-demo" not in fake_gateway.chat("x")[1]
    assert "demo" not in fake_gateway.health()[1]


def test_health_and_log_say_demo(demo):
    status, health = demo.health()
    assert (status, health["status"], health["demo"]) == (200, "ok", True)
    assert health["cli"] == {"path": None, "version": None}, "the simulator is no CLI"
    demo.wait_log(lambda line: line.get("msg", "").startswith("DEMO"), 5)


def test_models_are_listed_and_the_answering_one_can_be_asked_for(demo):
    names = [model.id for model in demo.client().models.list()]
    assert names[0] == "demo" and "sonnet" in names
    status, headers, body = demo.chat("x", model="demo")
    assert (status, body["model"]) == (200, "demo") and "x-ccapi-mapped-model" not in headers
    assert demo.chat("x", model="gpt-4o")[1]["x-ccapi-mapped-model"] == "demo"


def test_answer_is_streamed_word_by_word(demo):
    stream = ChatStream(demo, "Tell me something").open().read_all()
    times = [t for t, _ in stream.contents()]
    assert len(times) > 10 and times[-1] - times[0] > 0.1
    assert stream.text().startswith("[demo] ") and '"Tell me something"' in stream.text()
    assert stream.finish_reasons() == ["stop"] and stream.done()
    usage = stream.chunks()[-1][1]["usage"]
    assert usage["completion_tokens"] == len(times) and usage["prompt_tokens"] > 0


def test_answer_has_the_form_of_a_schema(demo):
    schema = {"type": "object", "properties": {
        "name": {"type": "string"}, "kind": {"enum": ["a", "b"]},
        "parts": {"type": "array", "items": {"$ref": "#/$defs/part"}, "minItems": 1}},
        "required": ["name", "kind", "parts"], "additionalProperties": False, "$defs": {"part": {
            "type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"],
            "additionalProperties": False}}}
    wanted = {"type": "json_schema", "json_schema": {"name": "thing", "schema": schema}}
    status, _, body = demo.chat("Make one up.", response_format=wanted)
    assert status == 200, body
    assert json.loads(body["choices"][0]["message"]["content"]) == {
        "name": "demo", "kind": "a", "parts": [{"n": 1}]}
    assert demo.answer("And now?").startswith("[demo]")


class Node(pydantic.BaseModel):
    name: str
    made: datetime.date
    sizes: list[int] = pydantic.Field(min_length=2)
    scores: dict[str, int]
    children: list["Node"]


class Shelf(pydantic.BaseModel):
    label: str = ""
    node: Node | None = None


@pytest.mark.parametrize("form", [Node, Shelf])
def test_answer_fits_what_clients_say_of_their_types(demo, form):
    answer = demo.client().chat.completions.parse(
        model="sonnet", messages=[{"role": "user", "content": "Make one up."}],
        response_format=form)
    made = answer.choices[0].message.parsed
    node = made if form is Node else made.node
    assert node.made.year == 2026 and len(node.sizes) == 2 and node.scores == {"demo": 1}


def test_calls_that_are_demanded_are_made_until_the_last_tool_has_the_result(demo):
    tools = [{"type": "function", "function": {"name": name, "parameters": {
        "type": "object", "properties": {"a": {"type": "string"}}}}}
        for name in ("look_up", "final_result")]
    messages = [{"role": "user", "content": "Use look_up for Rome"}]
    for name in ("look_up", "final_result"):
        status, _, body = demo.chat(messages, tools=tools, tool_choice="required")
        assert status == 200, body
        message = body["choices"][0]["message"]
        call, = message["tool_calls"]
        assert (call["function"]["name"], call["function"]["arguments"]) == (name, '{"a":"demo"}')
        messages += [message, {"role": "tool", "tool_call_id": call["id"], "content": "sunny"}]


def test_conversation_is_remembered_by_its_process(demo):
    demo.answer("I am Bob.", conversation_id="c")
    pids = demo.cli_pids()
    assert 'began with: "I am Bob."' in demo.answer("Who am I?", conversation_id="c")
    assert "knows 5 messages" in demo.answer("And now?", conversation_id="c")
    assert demo.cli_pids() == pids


def test_history_and_system_prompt_of_a_request_are_known(demo):
    said = demo.answer([{"role": "system", "content": "Be brief."},
                        {"role": "user", "content": "I am Carol."},
                        {"role": "assistant", "content": "Hello Carol."},
                        {"role": "user", "content": "Who am I?"}])
    assert 'knows 3 messages: 2 of yours and 1 answer. It began with: "I am Carol."' in said
    assert "system prompt has 9 bytes" in said


def test_cancelled_turn_is_taken_back_and_the_process_goes_on(demo):
    demo.answer("one", conversation_id="c")
    pids = demo.cli_pids()
    stream = ChatStream(demo, "two", conversation_id="c").open().read_contents(3)
    stream.hang_up()
    proc_tree.wait_until(lambda: demo.stats()["turns"]["cancelled"] == 1, 5, "the turn to end")
    said = demo.answer("three", conversation_id="c")
    assert "knows 3 messages" in said and '"three"' in said
    assert demo.cli_pids() == pids


def test_max_tokens_and_stop_are_honoured(demo):
    _, _, body = demo.chat("x", max_tokens=4)
    assert body["choices"][0]["finish_reason"] == "length"
    assert body["choices"][0]["message"]["content"] == "[demo] No Claude was "
    assert body["usage"]["completion_tokens"] == 4
    _, _, body = demo.chat("x", stop=["Claude"])
    assert body["choices"][0]["finish_reason"] == "stop"
    assert body["choices"][0]["message"]["content"] == "[demo] No "


def test_twenty_at_once_each_get_their_own_answer(demo):
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda n: demo.answer(f"question-{n}."), range(20)))
    for n, text in enumerate(answers):
        assert f'"question-{n}."' in text and "knows 1 message," in text
    assert len(demo.cli_pids()) <= 10


def test_sigterm_lets_the_answer_finish_and_leaves_nothing(demo):
    demo.answer("x", conversation_id="idle")
    stream = ChatStream(demo, "x").open().read_contents(2)
    assert len(demo.cli_pids()) == 2
    assert demo.stop() == 0
    stream.read_all()
    assert stream.done() and stream.finish_reasons() == ["stop"]
    proc_tree.wait_until(lambda: not demo.survivors(), 1, "the whole tree to be gone")


@pytest.mark.killed
def test_killed_gateway_takes_its_simulators_along(demo):
    ChatStream(demo, "x").open().read_contents(2)
    assert demo.cli_pids()
    demo.kill()
    proc_tree.wait_until(lambda: not demo.survivors(), 1.5, "the tree to be gone")


def test_simulator_runs_as_the_gateway_program_itself(demo, binary):
    demo.answer("x", conversation_id="c")
    (pid,) = demo.cli_pids()
    arguments = proc_tree.arguments(pid)
    assert arguments[0] == str(binary) and arguments[1] == "run-cli-simulator"
    assert "--model=sonnet" in arguments
