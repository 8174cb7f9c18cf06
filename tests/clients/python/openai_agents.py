"""OpenAI Agents, Python: an agent on chat completions, without the traces sent to OpenAI."""

import asyncio
import os

from agents import Agent, ModelSettings, OpenAIChatCompletionsModel, Runner, function_tool
from agents import set_tracing_disabled
from openai import AsyncOpenAI

from driver import TOOLS, Collector, serve

set_tracing_disabled(True)


def agent_for(order):
    client = AsyncOpenAI(base_url=os.environ["GATEWAY"], api_key="unused", max_retries=0,
                         timeout=order["timeout"])
    return Agent(name="Seeker", instructions="You seek.",
                 model=OpenAIChatCompletionsModel(order["model"], client),
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


serve({"tools": tools})
