"""Function calling in front of the real CLIs: clients run their own tools, in one live process per
dialogue, and the API is told exactly what they said."""

import os
import signal

import pytest

import pictures
import proc_tree
from conftest import ANSWERS
from tool_agent import LOOK, TOUCH, Agent, as_api, tool, upstream

pytestmark = pytest.mark.real_cli

PNG = pictures.url(pictures.PNG)


@pytest.fixture(params=[False, True], ids=["whole", "stream"])
def stream(request):
    return request.param


def check_upstream(api, agent):
    """The last request's dialogue is the client's, up to the answer."""
    assert upstream(api.last()) == as_api(agent.messages[:-1])


def test_loop_of_parallel_calls_is_one_run_of_one_process(gateway, api, stream):
    agent = Agent(gateway, stream=stream)
    reason = agent.ask("[[steps:5:3]]Find it.")
    process = gateway.cli_pids()
    assert gateway.stats()["processes"]["parked"] == 1
    for step in range(5):
        assert reason == "tool_calls" and len(agent.calls) == 3, step
        assert len({call["id"] for call in agent.calls}) == 3
        check_upstream(api, agent)
        reason = agent.bring()
        assert agent.headers["x-ccapi-match"] == "continued"
    assert reason == "stop" and agent.answer["content"]
    check_upstream(api, agent)
    assert gateway.cli_pids() == process and len(process) == 1
    assert len(api.posts()) == 6 and not api.refusals
    figures = gateway.stats()
    assert figures["processes"]["parked"] == 0 and figures["turns"]["with_calls"] == 5
    assert [t["name"] for t in api.last().body["tools"]] == ["look", "touch"]
    assert agent.ask("And now?") == "stop"
    check_upstream(api, agent)
    assert gateway.cli_pids() == process


def test_tools_reach_the_api_as_the_client_wrote_them(gateway, api):
    parameters = {"type": "object", "properties": {
        "z": {"$ref": "#/$defs/kind"}, "a": {"type": ["string", "null"], "description": "x" * 6000}},
        "required": ["z"], "additionalProperties": False, "$defs": {"kind": {"enum": [1, "b"]}}}
    given = {"type": "function", "function": {"name": "zeta", "description": "d" * 9000,
                                              "parameters": parameters}}
    agent = Agent(gateway, [given, tool("alpha")])
    assert agent.ask("Hello") == "stop"
    first, second = api.last().body["tools"]
    assert (first["name"], first["description"]) == ("zeta", "d" * 9000)
    assert first["input_schema"] == parameters
    assert list(first["input_schema"]["properties"]) == ["z", "a"]
    assert second["name"] == "alpha"


def test_names_that_the_api_does_not_take_come_back_as_they_were(gateway, api, stream):
    odd = tool("read file/v1.2 ü")
    agent = Agent(gateway, [odd], stream=stream)
    assert agent.ask("[[steps:1:1]]Go.") == "tool_calls"
    assert agent.calls[0]["function"]["name"] == "read file/v1.2 ü"
    assert agent.bring() == "stop"
    assert len(gateway.cli_pids()) == 1 and not api.refusals


def test_results_in_another_order_with_an_image(gateway, api):
    agent = Agent(gateway)
    agent.ask("[[steps:1:3]]Find it.")
    process = gateway.cli_pids()
    first, second, third = agent.results()
    second["content"] = [{"type": "text", "text": "a picture"},
                         {"type": "image_url", "image_url": {"url": PNG}}]
    assert agent.bring([third, second, first]) == "stop"
    assert gateway.cli_pids() == process
    results = [b for b in api.last().body["messages"][-1]["content"] if b["type"] == "tool_result"]
    pictures = [b for r in results for b in r["content"] if isinstance(r["content"], list)
                and b["type"] == "image"]
    assert len(results) == 3 and len(pictures) == 1
    assert pictures[0]["source"]["data"] == PNG.partition(",")[2]


def test_large_result_arrives_whole(gateway, api):
    agent = Agent(gateway)
    agent.ask("[[steps:1:1]]Find it.")
    large = "line of a file\n" * 14_000
    assert agent.bring(agent.results(lambda _: large)) == "stop"
    check_upstream(api, agent)
    assert len(gateway.cli_pids()) == 1


@pytest.mark.parametrize("size, match", [(500_000, "continued"), (500_001, None)])
def test_result_that_the_cli_would_cut_goes_to_another_process(gateway, api, size, match):
    agent = Agent(gateway)
    agent.ask("[[steps:1:1]]Find it.")
    assert agent.bring(agent.results(lambda _: "x" * size)) == "stop"
    assert (agent.headers["x-ccapi-match"] == "continued") == (match is not None)
    told = [b for m in api.last().body["messages"] if not isinstance(m["content"], str)
            for b in m["content"] if b["type"] == "tool_result"]
    assert "x" * size in str(told) and not api.refusals


def test_many_pictures_in_a_result_are_asked_once(gateway, api):
    """More than the CLI could write back in a line that the gateway reads."""
    agent = Agent(gateway)
    agent.ask("[[steps:1:1]]Find it.")
    noise = [{"type": "image_url", "image_url": {"url": pictures.url(pictures.noisy_png(400, number))}}
             for number in range(60)]
    posts = len(api.posts())
    assert agent.bring(agent.results(lambda _: noise)) == "stop"
    assert len(api.posts()) == posts + 1 and gateway.stats()["turns"]["retried"] == 0
    assert not api.refusals


def test_call_that_was_cut_off_can_be_sent_back(gateway, api):
    """What the gateway itself has answered, it takes."""
    for more in ([{"role": "user", "content": "[[say:Sorry.]]Again."}],
                 [{"role": "tool", "tool_call_id": None, "content": "no such thing"}]):
        agent = Agent(gateway, stream=False)
        assert agent.ask('[[stop:max_tokens]][[raw_call:look:{"a": "tr]]Go on.') == "length"
        for each in more:
            if each["role"] == "tool":
                each["tool_call_id"] = agent.calls[0]["id"]
        agent.bring(more)
        assert agent.headers["x-ccapi-ignored-params"] == "messages(arguments)"
        told, = [b for m in api.last().body["messages"] if not isinstance(m["content"], str)
                 for b in m["content"] if b["type"] == "tool_use"]
        assert told["input"] == {"unreadable_arguments": '{"a": "tr'} and not api.refusals


def test_run_that_its_client_has_left_keeps_no_process(gateway, api):
    """Some clients bring results without the text that stood beside the calls: another dialogue."""
    agent = Agent(gateway)
    assert agent.ask("[[say:Let me see.]][[steps:3:2]]Find it.") == "tool_calls"
    while agent.calls:
        assert agent.answer["content"]
        agent.answer["content"] = None
        agent.bring()
        assert agent.headers["x-ccapi-match"] == "branched"
        gateway.wait_cli_count(1)
    check_upstream(api, agent)


def test_results_that_come_again_do_not_become_words(gateway, api):
    agent = Agent(gateway, conversation_id="a")
    agent.ask("[[steps:1:1]]Find it.")
    results, agent.messages = agent.results(), []
    assert agent.bring(results) == "stop"
    status, _, body = gateway.chat(results, conversation_id="a", tools=agent.tools)
    assert status == 400 and results[0]["tool_call_id"] in body["error"]["message"], body


def test_arguments_are_the_models_own_text(gateway, api, stream):
    agent = Agent(gateway, stream=stream)
    text = '{"n": 12345678901234567890, "f": 1.10, "s": "ü \\" \\n"}'
    agent.ask(f"[[call:look:{text}]]Go.")
    assert agent.calls[0]["function"]["arguments"] == text
    agent.bring()
    agent = Agent(gateway, stream=stream)
    agent.ask("[[call:look:]]Go.")
    assert agent.calls[0]["function"]["arguments"] == "{}"


def test_text_before_calls_is_kept(gateway, api, stream):
    agent = Agent(gateway, stream=stream)
    agent.ask("[[say:Let me see.]][[call:look:{}]]Go.")
    assert agent.answer["content"] == "Let me see." and len(agent.calls) == 1
    agent.bring()
    check_upstream(api, agent)


@pytest.mark.killed
def test_loop_goes_on_when_its_process_was_killed(gateway, api, stream):
    agent = Agent(gateway, stream=stream)
    agent.ask("[[steps:3:2]]Find it.")
    agent.bring()
    [process] = gateway.cli_pids()
    os.kill(process, signal.SIGKILL)
    gateway.wait_cli_count(0)
    proc_tree.wait_until(lambda: gateway.stats()["processes"]["parked"] == 0, 2,
                         "the process to be missed")
    assert agent.bring() == "tool_calls"
    check_upstream(api, agent)
    assert agent.bring() == "stop"
    check_upstream(api, agent)
    assert not api.refusals and len(gateway.cli_pids()) == 1


def test_question_in_place_of_results(gateway, api):
    agent = Agent(gateway)
    agent.ask("[[steps:2:2]]Find it.")
    agent.messages.append({"role": "user", "content": "Never mind. What is the time?"})
    assert agent.turn() == "stop"
    told = upstream(api.last())
    assert [block[0] for block in told[-1][1]] == ["result", "result", "text"]
    assert all(block[3] for block in told[-1][1][:2]), "as errors"
    assert not api.refusals


def test_text_behind_the_results(gateway, api):
    agent = Agent(gateway)
    agent.ask("[[steps:1:2]]Find it.")
    agent.messages += [*agent.results(), {"role": "user", "content": "And be quick."}]
    agent.turn()
    check_upstream(api, agent)
    assert not api.refusals


def test_edited_history_of_a_loop(gateway, api):
    agent = Agent(gateway)
    agent.run("[[steps:2:2]]Find it.")
    other = Agent(gateway, messages=agent.messages[:2] + [
        {**result, "content": "something else"} for result in agent.messages[2:4]])
    assert other.turn() == "tool_calls"
    check_upstream(api, other)
    assert not api.refusals


def test_changed_tools_are_what_the_api_sees(gateway, api):
    agent = Agent(gateway, [LOOK])
    for tools in ([LOOK], [LOOK, TOUCH], [TOUCH], [tool("third"), LOOK], [], [LOOK]):
        agent.tools = tools
        assert agent.ask("Hello") == "stop"
        names = [t["name"] for t in api.last().body.get("tools") or []]
        assert names == [t["function"]["name"] for t in tools]
        check_upstream(api, agent)
    assert len(gateway.cli_pids()) == 1
    agent.ask("[[steps:1:1]]Look.")
    assert len(agent.calls) == 1 and agent.bring() == "stop"
    assert len(gateway.cli_pids()) == 1


def test_changed_tools_in_the_midst_of_a_loop(gateway, api):
    agent = Agent(gateway, [LOOK])
    agent.ask("[[steps:3:1]]Look.")
    agent.tools = [TOUCH, LOOK]
    assert agent.bring() == "tool_calls"
    check_upstream(api, agent)
    agent.tools = [LOOK]
    assert agent.bring() == "tool_calls" and agent.bring() == "stop"
    check_upstream(api, agent)
    assert not api.refusals


@pytest.mark.parametrize("model", ["claude-haiku-4-5", "claude-haiku-5-5"])
def test_choice_is_for_its_turn_only(gateway, api, model):
    agent = Agent(gateway, model=model, tool_choice="required", parallel_tool_calls=False)
    assert agent.ask("Hello") == "tool_calls"
    assert api.last().body["tool_choice"] == {"type": "any", "disable_parallel_tool_use": True}
    agent.fields = {"model": model}
    assert agent.bring() == "stop"
    assert "tool_choice" not in api.last().body
    agent.fields = {"model": model,
                    "tool_choice": {"type": "function", "function": {"name": "touch"}}}
    assert agent.ask("Again") == "tool_calls"
    assert [c["function"]["name"] for c in agent.calls] == ["touch"]
    assert api.last().body["tool_choice"] == {"type": "tool", "name": "touch"}
    agent.fields = {"model": model, "tool_choice": "none"}
    agent.messages += agent.results()
    assert agent.turn() == "stop" and not api.last().body.get("tools")
    assert not api.refusals and len(gateway.cli_pids()) == 1


def test_choice_where_the_api_forces_nothing(gateway, api, stream):
    named = {"type": "function", "function": {"name": "touch"}}
    agent = Agent(gateway, stream=stream, model="claude-opus-5-5", tool_choice=named)
    agent.ask("[[say:Let me see.]][[call:touch:{}]]Go.")
    assert agent.answer["content"] == "Let me see." and len(agent.calls) == 1
    assert [t["name"] for t in api.last().body["tools"]] == ["touch"]
    agent.fields = {"model": "claude-opus-5-5"}
    assert agent.bring() == "stop" and agent.headers["x-ccapi-match"] == "continued"
    check_upstream(api, agent)
    status, _, body = gateway.chat("Hello", model="claude-opus-5-5", tools=agent.tools,
                                   tool_choice="required")
    assert (status, body["error"]["code"]) == (502, "tool_choice_not_honoured")
    assert "Call one of the tools" in api.last().last_user_text()
    status, _, body = gateway.chat("Hello", model="claude-opus-5-5", tools=agent.tools,
                                   tool_choice="required", response_format={"type": "json_object"})
    assert (status, body["error"]["code"]) == (502, "tool_choice_not_honoured")
    assert "Call one of the tools" in api.last().last_user_text()
    assert not api.refusals


@pytest.mark.parametrize("model", ["claude-haiku-4-5", "claude-opus-5-5"])
def test_run_goes_on_when_the_choice_of_tools_is_widened(gateway, api, model):
    allowed = {"type": "allowed_tools", "allowed_tools": {
        "mode": "auto", "tools": [{"type": "function", "function": {"name": "touch"}}]}}
    agent = Agent(gateway, model=model, tool_choice=allowed)
    agent.ask("[[call:touch:{}]]Go.")
    assert [t["name"] for t in api.last().body["tools"]] == ["touch"]
    agent.fields = {"model": model}
    assert agent.bring() == "stop" and agent.headers["x-ccapi-match"] == "continued"
    assert len(api.last().body["tools"]) > 1 and not api.refusals
    check_upstream(api, agent)


@pytest.mark.parametrize("model", ["claude-haiku-4-5", "claude-sonnet-4-6", "claude-opus-5-5"])
def test_history_of_another_gateway(gateway, api, model):
    """Ids as other servers give them, or clients: some twice, or of one stem."""
    for ids in ("call_abc.XYZ", "call_abc.XYZ"), ("c", "c_2"), ("c_2", "c"), ("", "é" * 200):
        history = [{"role": "user", "content": f"q {ids}"}]
        for call_id, content in zip(ids, ("one", "two")):
            history += [{"role": "assistant", "content": None, "tool_calls": [
                {"id": call_id, "type": "function",
                 "function": {"name": "look", "arguments": '{"q": "a"}'}}]},
                        {"role": "tool", "tool_call_id": call_id, "content": content}]
        agent = Agent(gateway, messages=history, model=model)
        assert agent.turn() == "stop", "the results are the question"
        check_upstream(api, agent)
        assert agent.ask("Thanks") == "stop" and not api.refusals
        check_upstream(api, agent)


RENAMED = {"by place": lambda step, n: f"call_{step}_{n}", "all the same": lambda step, n: "call",
           "each step anew": lambda step, n: f"call_{n}", "none": lambda step, n: ""}


def test_client_that_renames_calls_goes_on_in_the_same_run(gateway, api):
    for kind, name in RENAMED.items():
        agent = Agent(gateway)
        reason = agent.ask(f"[[steps:3:2]]Find it. {kind}")
        for step in range(3):
            assert reason == "tool_calls"
            for n, call in enumerate(agent.calls):
                call["id"] = name(step, n)
            reason = agent.bring([{**result, "content": f"{step} {n}"}
                                  for n, result in enumerate(agent.results())])
            assert agent.headers["x-ccapi-match"] == "continued", kind
            check_upstream(api, agent)
        assert reason == "stop" and not api.refusals
    assert len(gateway.cli_pids()) <= len(RENAMED)


def test_loop_of_a_client_from_before_tools(gateway, api):
    """`functions`, calls without ids, and results by the name of the function."""
    agent = Agent(gateway, (), functions=[LOOK["function"], TOUCH["function"]])
    reason = agent.ask("[[steps:3:1]]Find it.")
    for step in range(3):
        assert reason == "function_call"
        reason = agent.bring([{"role": "function", "content": f"{step}",
                               "name": agent.answer["function_call"]["name"]}])
        assert agent.headers["x-ccapi-match"] == "continued"
    assert reason == "stop" and len(gateway.cli_pids()) == 1 and not api.refusals
    results = [b[1:3] for _, blocks in upstream(api.last()) for b in blocks if b[0] == "result"]
    assert results == [(1, "0"), (2, "1"), (3, "2")]


@pytest.mark.parametrize("arguments", ['{"q":' * 100 + "1" + "}" * 100, '{"q":1e999999}',
                                       '{"q":1,"q":2}'], ids=["deep", "huge number", "name twice"])
def test_history_with_odd_arguments(gateway, api, arguments):
    call = {"id": "c", "type": "function", "function": {"name": "look", "arguments": arguments}}
    agent = Agent(gateway, messages=[{"role": "user", "content": "q"},
                                     {"role": "assistant", "content": None, "tool_calls": [call]},
                                     {"role": "tool", "tool_call_id": "c", "content": "one"}])
    assert agent.turn() == "stop" and not api.refusals


def test_client_that_leaves_during_a_call_costs_nothing(gateway, api):
    """The turn is taken back; the next one on the same dialogue is told nothing of it."""
    agent = Agent(gateway)
    agent.ask("Hello")
    gone = Agent(gateway, messages=agent.messages, stream=True)
    gone.messages.append({"role": "user", "content": "[[first:500]][[steps:1:1]]Go."})
    from sse import ChatStream
    stream = ChatStream(gateway, gone.messages, tools=gone.tools)
    stream.close()
    assert agent.ask("Still there?") == "stop"
    check_upstream(api, agent)


def test_usage_of_a_turn_is_that_of_its_own_calls_to_the_api(gateway, api):
    agent = Agent(gateway)
    agent.ask("[[steps:2:1]]Find it.")
    first = agent.usage
    agent.bring()
    assert agent.usage == first and first["completion_tokens"] == 53


def test_named_conversation_takes_results_alone(gateway, api):
    agent = Agent(gateway, conversation_id="my-loop")
    agent.ask("[[steps:2:2]]Find it.")
    process = gateway.cli_pids()
    whole = list(agent.messages)
    for _ in range(2):
        results = agent.results()
        agent.messages = list(results)
        reason = agent.turn()
        whole += [*results, agent.answer]
    assert reason == "stop" and gateway.cli_pids() == process
    assert upstream(api.last()) == as_api(whole[:-1])
    status, _, body = gateway.chat([{"role": "user", "content": "[[steps:1:2]]More."}],
                                   tools=agent.tools, conversation_id="my-loop")
    calls = body["choices"][0]["message"]["tool_calls"]
    status, _, body = gateway.chat([{"role": "tool", "tool_call_id": calls[0]["id"],
                                     "content": "one"}], tools=agent.tools,
                                   conversation_id="my-loop")
    assert status == 400 and calls[1]["id"] in body["error"]["message"], body
    status, _, body = gateway.chat([{"role": "tool", "content": "one"},
                                    {"role": "function", "name": "touch", "content": "two"}],
                                   tools=agent.tools, conversation_id="my-loop")
    assert status == 200 and body["choices"][0]["finish_reason"] == "stop", body
    assert [b[2] for b in upstream(api.last())[-1][1] if b[0] == "result"] == ["one", "two"]


def test_parked_process_ends_after_its_time_and_the_loop_goes_on(start, cli, api):
    gateway = start(cli, {**ANSWERS, "ANTHROPIC_BASE_URL": api.url}, claude__tool_timeout_seconds=1)
    agent = Agent(gateway)
    agent.ask("[[steps:2:2]]Find it.")
    gateway.wait_cli_count(0)
    assert len(api.posts()) == 1, "the CLI asked the model once more, for nobody"
    assert agent.bring() == "tool_calls"
    check_upstream(api, agent)
    assert not api.refusals


def test_parked_process_makes_room(start, cli, api):
    gateway = start(cli, {**ANSWERS, "ANTHROPIC_BASE_URL": api.url},
                    claude__max_concurrent_sessions=1, limits__queue_timeout_seconds=4)
    agent = Agent(gateway)
    agent.ask("[[steps:1:1]]Find it.")
    assert Agent(gateway, ()).ask("Somebody else") == "stop"
    assert agent.bring() == "stop"
    check_upstream(api, agent)


def test_parked_process_does_not_hold_up_the_end(gateway, api):
    agent = Agent(gateway)
    agent.ask("[[steps:1:1]]Find it.")
    assert gateway.stop(4) == 0
    assert len(api.posts()) == 1, "the CLI asked the model once more, for nobody"


def test_parked_process_that_makes_way_asks_nothing_more(gateway, api):
    agent = Agent(gateway)
    agent.ask("[[steps:2:1]]Find it.")
    [process] = gateway.cli_pids()
    agent.tools.append(tool("third"))  # not for a run that has begun
    agent.bring()
    assert len(api.posts()) == 2 and process not in gateway.cli_pids()
    check_upstream(api, agent)


def test_calls_of_a_process_that_serves_one_request_cost_one_request(start, cli, api):
    gateway = start(cli, {**ANSWERS, "ANTHROPIC_BASE_URL": api.url},
                    claude__use_interactive_sessions=False)
    agent = Agent(gateway)
    assert agent.run("[[steps:2:2]]Find it.") == "stop"
    gateway.wait_cli_count(0)
    assert len(api.posts()) == 3
    check_upstream(api, agent)
