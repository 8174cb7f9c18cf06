"""Pydantic AI: an agent with tools."""

import os

from pydantic_ai import Agent, NativeOutput, PromptedOutput, ToolOutput
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

from city import City, report_of
from driver import TOOLS, Collector, serve


def model_for(order):
    provider = OpenAIProvider(base_url=os.environ["GATEWAY"], api_key="unused")
    return OpenAIChatModel(order["model"], provider=provider)


def agent_for(order):
    return Agent(model_for(order), tools=list(TOOLS.values()), instructions="You seek.")


def tools(order):
    agent, asked = agent_for(order), order["messages"][0]["content"]
    if not order["streamed"]:
        return {"text": agent.run_sync(asked).output, "finish": None, "usage": None}
    collected = Collector(order)
    for piece in agent.run_stream_sync(asked).stream_text(delta=True):
        collected.add(piece)
    return {"text": collected.text, "finish": None, "usage": None}


WAYS = {each.__name__: each for each in (NativeOutput, PromptedOutput, ToolOutput)}


def structured(order):
    agent = Agent(model_for(order), output_type=WAYS[order["way"]](City), retries=0)
    asked = order["messages"][0]["content"]
    if order["streamed"]:
        return report_of(agent.run_stream_sync(asked).get_output())
    return report_of(agent.run_sync(asked).output)


serve({"tools": tools, "structured": structured})
