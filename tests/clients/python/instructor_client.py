"""instructor: plain answers, and models filled from a forced call or from JSON in the text."""

import os

import instructor
import openai
from pydantic import BaseModel

from driver import Collector, openai_usage, serve

openai_client = openai.OpenAI(base_url=os.environ["GATEWAY"], api_key="unused", max_retries=0)
client = instructor.from_openai(openai_client, mode=instructor.Mode.MD_JSON)
calling = instructor.from_openai(openai_client, mode=instructor.Mode.TOOLS)


class City(BaseModel):
    name: str
    people: int


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


def structured(order):
    city, done = client.chat.completions.create_with_completion(
        response_model=City, model=order["model"], messages=order["messages"], max_retries=0,
        timeout=order["timeout"])
    return {"text": city.model_dump_json(), "finish": done.choices[0].finish_reason,
            "usage": openai_usage(done.usage)}


def tools(order):
    asked = {"response_model": City, "model": order["model"], "messages": order["messages"],
             "timeout": order["timeout"], "max_retries": 0}
    if order["streamed"]:
        city = list(calling.chat.completions.create_partial(**asked))[-1]
    else:
        city = calling.chat.completions.create(**asked)
    return {"text": city.model_dump_json(), "finish": None, "usage": None}


serve({"chat": chat, "stream": stream, "structured": structured, "tools": tools})
