"""OpenAI Agents, Python: an agent on chat completions, without the traces sent to OpenAI."""

import asyncio
import os

from agents import Agent, ModelSettings, OpenAIChatCompletionsModel, Runner, function_tool
from agents import set_tracing_disabled
from openai import AsyncOpenAI

from city import City, report_of
from driver import TOOLS, Collector, serve

set_tracing_disabled(True)


def model_for(order):
    client = AsyncOpenAI(base_url=os.environ["GATEWAY"], api_key="unused", max_retries=0,
                         timeout=order["timeout"])
    return OpenAIChatCompletionsModel(order["model"], client)


def agent_for(order):
    return Agent(name="Seeker", instructions="You seek.", model=model_for(order),
                 model_settings=ModelSettings(include_usage=True),
                 tools=[function_tool(tool) for tool in TOOLS.values()])


async def run(order):
    asked = order["messages"][0]["content"]
    if not order["streamed"]:
        return (await Runner.run(agent_for(order), asked)).final_output
    collected = Collector(order)
    result = Runner.run_streamed(agent_for(order), asked)
    async for event in result.stream_events():
        if event.type == "raw_response_event" and event.data.type == "response.output_text.delta":
            collected.add(event.data.delta)
    return result.final_output


def tools(order):
    return {"text": asyncio.run(run(order)), "finish": None, "usage": None}


async def fill(order):
    agent = Agent(name="Filler", model=model_for(order), output_type=City)
    asked = order["messages"][0]["content"]
    if not order["streamed"]:
        return (await Runner.run(agent, asked)).final_output
    result = Runner.run_streamed(agent, asked)
    async for _ in result.stream_events():
        pass
    return result.final_output


def structured(order):
    return report_of(asyncio.run(fill(order)))


serve({"tools": tools, "structured": structured})
