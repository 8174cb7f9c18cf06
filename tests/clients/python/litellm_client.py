"""litellm as a client library, with the provider "openai" at another address."""

import json
import os

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # no look-up of prices over the network

import litellm  # noqa: E402

from city import City, report_of  # noqa: E402
from driver import TOOLS, Collector, openai_usage, serve, tell  # noqa: E402

litellm.telemetry = False


def options(order):
    return {"model": "openai/" + order["model"], "messages": order["messages"],
            "api_base": os.environ["GATEWAY"], "api_key": "unused", "num_retries": 0,
            "max_retries": 0, "timeout": order["timeout"]}


def chat(order):
    done = litellm.completion(**options(order))
    choice = done.choices[0]
    return {"text": choice.message.content, "finish": choice.finish_reason,
            "usage": openai_usage(done.usage)}


def stream(order):
    collected, finish, usage = Collector(order), None, None
    include = {"stream_options": {"include_usage": True}} if order["usage"] else {}
    chunks = litellm.completion(**options(order), stream=True, **include)
    for chunk in chunks:
        usage = getattr(chunk, "usage", None) or usage
        for choice in chunk.choices:
            finish = choice.finish_reason or finish
            if collected.add(choice.delta.content):
                chunks.completion_stream.close()  # the stream of the openai package inside
                return {"text": collected.text, "finish": "left", "usage": None}
    return {"text": collected.text, "finish": finish, "usage": openai_usage(usage)}


PARAMETERS = {"type": "object", "required": ["step", "number"],
              "properties": {"step": {"type": "integer"}, "number": {"type": "integer"}}}
OFFERED = [{"type": "function", "function": {"name": name, "description": tool.__doc__,
                                             "parameters": PARAMETERS}}
           for name, tool in TOOLS.items()]


def answer(asked, streamed):
    """The next answer of a loop; of a stream by the package's function that puts it together."""
    if not streamed:
        return litellm.completion(**asked)
    chunks = []
    for chunk in litellm.completion(**asked, stream=True):
        chunks.append(chunk)
        if text := chunk.choices[0].delta.content:
            tell("delta", text=text)
    return litellm.stream_chunk_builder(chunks, messages=asked["messages"])


def tools(order):
    asked = {**options(order), "tools": OFFERED}
    while True:
        choice = answer(asked, order["streamed"]).choices[0]
        if choice.finish_reason != "tool_calls":
            return {"text": choice.message.content, "finish": choice.finish_reason}
        asked["messages"].append(choice.message)
        for call in choice.message.tool_calls:
            result = TOOLS[call.function.name](**json.loads(call.function.arguments))
            asked["messages"].append(
                {"role": "tool", "tool_call_id": call.id, "content": result})


def structured(order):
    asked = {**options(order), "response_format": City}
    if not order["streamed"]:
        done = litellm.completion(**asked)
    else:
        done = litellm.stream_chunk_builder(list(litellm.completion(**asked, stream=True)))
    return report_of(City.model_validate_json(done.choices[0].message.content))


serve({"chat": chat, "stream": stream, "tools": tools, "structured": structured})
