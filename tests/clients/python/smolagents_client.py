"""smolagents: its agent that calls tools. It tells the model of calls and results as plain text."""

import os

from smolagents import OpenAIModel, ToolCallingAgent, tool

from driver import serve, tell


@tool
def look(text: str) -> str:
    """Looks at a text.

    Args:
        text: what to look at.
    """
    return text


def tools(order):
    model = OpenAIModel(model_id=order["model"], api_base=os.environ["GATEWAY"], api_key="unused",
                        client_kwargs={"max_retries": 0, "timeout": order["timeout"]})
    agent = ToolCallingAgent(tools=[look], model=model, stream_outputs=order["streamed"],
                             verbosity_level=0, max_steps=3)
    asked = order["messages"][0]["content"]
    if not order["streamed"]:
        return {"text": agent.run(asked), "finish": None, "usage": None}
    for step in agent.run(asked, stream=True):
        tell("delta", text=getattr(step, "content", None) or "")
    return {"text": step.output, "finish": None, "usage": None}


serve({"tools": tools})
