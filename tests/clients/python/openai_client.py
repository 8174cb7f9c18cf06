"""openai, the official Python client."""

import os

import openai
from pydantic import BaseModel

from city import City, report_of
from driver import TOOLS, Collector, openai_usage, serve, tell

client = openai.OpenAI(base_url=os.environ["GATEWAY"], api_key="unused", max_retries=0)


def chat(order):
    done = client.chat.completions.create(model=order["model"], messages=order["messages"],
                                          timeout=order["timeout"])
    choice = done.choices[0]
    return {"text": choice.message.content, "finish": choice.finish_reason,
            "usage": openai_usage(done.usage)}


def stream(order):
    collected, finish, usage = Collector(order), None, None
    options = {"stream_options": {"include_usage": True}} if order["usage"] else {}
    with client.chat.completions.create(model=order["model"], messages=order["messages"],
                                        timeout=order["timeout"], stream=True,
                                        **options) as chunks:
        for chunk in chunks:
            usage = chunk.usage or usage
            for choice in chunk.choices:
                finish = choice.finish_reason or finish
                if collected.add(choice.delta.content):
                    return {"text": collected.text, "finish": "left", "usage": None}
    return {"text": collected.text, "finish": finish, "usage": openai_usage(usage)}


class Look(BaseModel):
    """Looks at one thing."""
    step: int
    number: int


class Touch(BaseModel):
    """Touches one thing."""
    step: int
    number: int


OFFERED = [openai.pydantic_function_tool(Look, name="look"),
           openai.pydantic_function_tool(Touch, name="touch")]


def answer(order, messages):
    """The next answer of a loop; of a stream by the package's helper that puts it together."""
    asked = {"model": order["model"], "messages": messages, "tools": OFFERED,
             "timeout": order["timeout"]}
    if not order["streamed"]:
        return client.chat.completions.parse(**asked)
    with client.chat.completions.stream(**asked) as events:
        for event in events:
            if event.type == "content.delta":
                tell("delta", text=event.delta)
        return events.get_final_completion()


def tools(order):
    messages = list(order["messages"])
    while True:
        done = answer(order, messages)
        choice = done.choices[0]
        if choice.finish_reason != "tool_calls":
            return {"text": choice.message.content, "finish": choice.finish_reason,
                    "usage": openai_usage(done.usage)}
        messages.append(choice.message)
        messages += [{"role": "tool", "tool_call_id": call.id,
                      "content": TOOLS[call.function.name](**dict(call.function.parsed_arguments))}
                     for call in choice.message.tool_calls]


def structured(order):
    asked = {"model": order["model"], "messages": order["messages"], "response_format": City,
             "timeout": order["timeout"]}
    if not order["streamed"]:
        done = client.chat.completions.parse(**asked)
    else:
        with client.chat.completions.stream(**asked) as events:
            done = events.get_final_completion()
    return report_of(done.choices[0].message.parsed)


serve({"chat": chat, "stream": stream, "tools": tools, "structured": structured})
