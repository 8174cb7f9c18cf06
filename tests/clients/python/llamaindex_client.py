"""LlamaIndex with OpenAILike, its class for servers that speak OpenAI's API."""

import asyncio
import os

import httpx
from llama_index.core.agent.workflow import AgentStream, FunctionAgent
from llama_index.core.llms import ChatMessage
from llama_index.llms.openai_like import OpenAILike

from driver import TOOLS, Collector, openai_usage, serve, tell


def model_for(order, **options):
    return OpenAILike(model=order["model"], api_base=os.environ["GATEWAY"], api_key="unused",
                      is_chat_model=True, context_window=200_000, max_retries=0,
                      timeout=order["timeout"], **options)


def messages_of(order):
    return [ChatMessage(role=m["role"], content=m["content"]) for m in order["messages"]]


def chat(order):
    answer = model_for(order).chat(messages_of(order))
    return {"text": answer.message.content, "finish": answer.raw.choices[0].finish_reason,
            "usage": openai_usage(answer.raw.usage)}


def stream(order):
    collected, finish, usage = Collector(order), None, None
    options = {"stream_options": {"include_usage": True}} if order["usage"] else {}
    connections = httpx.Client(timeout=order["timeout"])
    model = model_for(order, http_client=connections)
    answers = model.stream_chat(messages_of(order), **options)
    for answer in answers:
        usage = answer.raw.usage or usage
        for choice in answer.raw.choices:
            finish = choice.finish_reason or finish
        if collected.add(answer.delta):
            connections.close()  # answers.close() would leave the connection open
            return {"text": collected.text, "finish": "left", "usage": None}
    return {"text": collected.text, "finish": finish, "usage": openai_usage(usage)}


async def run(order):
    # It believes that a model has tools only if it is told so.
    agent = FunctionAgent(llm=model_for(order, is_function_calling_model=True),
                          tools=list(TOOLS.values()), streaming=order["streamed"])
    running = agent.run(order["messages"][0]["content"])
    if order["streamed"]:
        async for event in running.stream_events():
            if isinstance(event, AgentStream) and event.delta:
                tell("delta", text=event.delta)
    return str(await running)


def tools(order):
    """An agent, which runs what the model calls."""
    return {"text": asyncio.run(run(order)), "finish": None, "usage": None}


serve({"chat": chat, "stream": stream, "tools": tools})
