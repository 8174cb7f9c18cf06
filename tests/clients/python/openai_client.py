"""openai, the official Python client."""

import os

import openai

from driver import Collector, openai_usage, serve

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


serve({"chat": chat, "stream": stream})
