"""instructor: plain answers, and models filled in each of its modes."""

import asyncio
import os

import instructor
import openai

from city import City, report_of
from driver import Collector, openai_usage, serve, tell

openai_client = openai.OpenAI(base_url=os.environ["GATEWAY"], api_key="unused", max_retries=0)
client = instructor.from_openai(openai_client, mode=instructor.Mode.MD_JSON)


def chat(order):
    done = client.chat.completions.create(
        response_model=None, model=order["model"], messages=order["messages"],
        timeout=order["timeout"])
    choice = done.choices[0]
    return {"text": choice.message.content, "finish": choice.finish_reason,
            "usage": openai_usage(done.usage)}


def stream(order):
    collected, finish, usage = Collector(order), None, None
    options = {"stream_options": {"include_usage": True}} if order["usage"] else {}
    with client.chat.completions.create(
            response_model=None, model=order["model"], messages=order["messages"],
            timeout=order["timeout"], stream=True, **options) as chunks:
        for chunk in chunks:
            usage = chunk.usage or usage
            for choice in chunk.choices:
                finish = choice.finish_reason or finish
                if collected.add(choice.delta.content):
                    return {"text": collected.text, "finish": "left", "usage": None}
    return {"text": collected.text, "finish": finish, "usage": openai_usage(usage)}


def fill(order, mode):
    asked = {"response_model": City, "model": order["model"], "messages": order["messages"],
             "timeout": order["timeout"], "max_retries": 0}
    made = instructor.from_openai(openai_client, mode=mode).chat.completions
    if order["streamed"]:
        return list(made.create_partial(**asked))[-1]
    return made.create(**asked)


def tools(order):
    return report_of(fill(order, instructor.Mode.TOOLS))


async def show_parts(order):
    """The client for asyncio gives the parts of a model as they come; the other one in the end."""
    async with openai.AsyncOpenAI(base_url=os.environ["GATEWAY"], api_key="unused",
                                  max_retries=0) as inner:
        made = instructor.from_openai(inner, mode=instructor.Mode.TOOLS)
        shown = ""
        async for city in made.chat.completions.create_partial(
                response_model=City, model=order["model"], messages=order["messages"]):
            name = city.name or ""
            tell("delta", text=name[len(shown):])
            shown = name
    return report_of(city)


def structured(order):
    if order["way"] == "parts":
        return asyncio.run(show_parts(order))
    if order["way"] == "iterable":
        made = instructor.from_openai(openai_client, mode=instructor.Mode.TOOLS)
        city, = made.chat.completions.create_iterable(
            response_model=City, model=order["model"], messages=order["messages"])
        return report_of(city)
    return report_of(fill(order, instructor.Mode[order["way"]]))


serve({"chat": chat, "stream": stream, "structured": structured, "tools": tools})
