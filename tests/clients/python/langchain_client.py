"""langchain-openai, LangChain's client for Python."""

import os

from langchain.agents import create_agent
from langchain_core.chat_history import InMemoryChatMessageHistory
from langchain_core.runnables.history import RunnableWithMessageHistory
from langchain_openai import ChatOpenAI

from city import City, report_of
from driver import TOOLS, Collector, serve


def model_for(order):
    return ChatOpenAI(base_url=os.environ["GATEWAY"], api_key="unused", model=order["model"],
                      timeout=order["timeout"], max_retries=0, stream_usage=order["usage"])


def usage_of(message):
    found = message.usage_metadata
    return found and {"prompt": found["input_tokens"], "completion": found["output_tokens"],
                      "total": found["total_tokens"],
                      "cached": found.get("input_token_details", {}).get("cache_read")}


def chat(order):
    message = model_for(order).invoke(order["messages"])
    return {"text": message.content, "finish": message.response_metadata["finish_reason"],
            "usage": usage_of(message)}


def stream(order):
    collected, whole = Collector(order), None
    chunks = model_for(order).stream(order["messages"])
    for chunk in chunks:
        whole = chunk if whole is None else whole + chunk
        if collected.add(chunk.content):
            chunks.close()
            return {"text": collected.text, "finish": "left", "usage": None}
    return {"text": collected.text, "finish": whole.response_metadata.get("finish_reason"),
            "usage": usage_of(whole)}


MEMORIES = {}


def remember(order):
    """One message of a dialogue that LangChain keeps, one per `session`."""
    talk = RunnableWithMessageHistory(
        model_for(order),
        lambda session: MEMORIES.setdefault(session, InMemoryChatMessageHistory()))
    message = talk.invoke(order["messages"][0]["content"],
                          {"configurable": {"session_id": order["session"]}})
    return {"text": message.content, "finish": message.response_metadata["finish_reason"],
            "usage": usage_of(message)}


def tools(order):
    """An agent, which runs what the model calls."""
    agent = create_agent(model_for(order), tools=list(TOOLS.values()))
    asked = {"messages": order["messages"]}
    if not order["streamed"]:
        message = agent.invoke(asked)["messages"][-1]
        return {"text": message.content, "finish": message.response_metadata["finish_reason"],
                "usage": usage_of(message)}
    collected = Collector(order)
    for message, where in agent.stream(asked, stream_mode="messages"):
        if where["langgraph_node"] == "model":
            collected.add(message.content)
    return {"text": collected.text, "finish": None, "usage": None}


def structured(order):
    model = model_for(order).with_structured_output(City, method=order["way"])
    if order["streamed"]:
        return report_of(list(model.stream(order["messages"]))[-1])
    return report_of(model.invoke(order["messages"]))


serve({"chat": chat, "stream": stream, "remember": remember, "tools": tools,
       "structured": structured})
