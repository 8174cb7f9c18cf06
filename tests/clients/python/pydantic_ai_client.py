"""Pydantic AI: an agent with tools."""

import os

from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

from driver import TOOLS, Collector, serve


def agent_for(order):
    provider = OpenAIProvider(base_url=os.environ["GATEWAY"], api_key="unused")
    return Agent(OpenAIChatModel(order["model"], provider=provider), tools=list(TOOLS.values()),
                 instructions="You seek.")


def tools(order):
    agent, asked = agent_for(order), order["messages"][0]["content"]
    if not order["streamed"]:
        return {"text": agent.run_sync(asked).output, "finish": None, "usage": None}
    collected = Collector(order)
    for piece in agent.run_stream_sync(asked).stream_text(delta=True):
        collected.add(piece)
    return {"text": collected.text, "finish": None, "usage": None}


serve({"tools": tools})
