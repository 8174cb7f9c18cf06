"""litellm as a client library, with the provider "openai" at another address."""

import os

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # no look-up of prices over the network

import litellm  # noqa: E402

from driver import Collector, openai_usage, serve  # noqa: E402

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


serve({"chat": chat, "stream": stream})
