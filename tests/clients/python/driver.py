"""What all Python clients of the matrix share: orders come in as JSON lines, reports go out so.

An order: {"do": "chat"|"stream", "model", "messages", "timeout": seconds, "stop_after": text|null,
"usage": bool}. Reports: {"report": "ready"}, then per order any number of {"report": "delta",
"text"} and one {"report": "end", …} or {"report": "error", …}. README.md has the fields.
"""

import importlib.metadata
import json
import os
import sys
import traceback

# Some libraries print to stdout; the reports get it for themselves.
REPORTS = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)


def tell(report, **fields):
    REPORTS.write(json.dumps({"report": report, **fields}) + "\n")
    REPORTS.flush()


def look(step: int, number: int) -> str:
    """Looks at one thing."""
    return f"look {step}.{number}"


def touch(step: int, number: int) -> str:
    """Touches one thing."""
    return f"touch {step}.{number}"


TOOLS = {"look": look, "touch": touch}


class Stop(Exception):
    """The order's `stop_after` has come: leave the stream as an application would."""


class Collector:
    """Gathers a stream's text and reports each piece as it comes."""

    def __init__(self, order):
        self.stop_after = order.get("stop_after")
        self.text = ""

    def add(self, piece):
        """True once the application has seen enough and should leave."""
        if piece:
            self.text += piece
            tell("delta", text=piece)
        return self.stop_after is not None and self.stop_after in self.text


def openai_usage(usage):
    """Usage in the runner's words, from an object with OpenAI's names (or None)."""
    if usage is None:
        return None
    details = getattr(usage, "prompt_tokens_details", None)
    return {"prompt": usage.prompt_tokens, "completion": usage.completion_tokens,
            "total": usage.total_tokens, "cached": getattr(details, "cached_tokens", None)}


def kind_of(error):
    names = {cls.__name__ for cls in type(error).__mro__}
    return "timeout" if names & {"APITimeoutError", "Timeout", "TimeoutException"} else "api"


def report_error(error):
    """An exception of a client that is built on the openai package."""
    body = getattr(error, "body", None)
    body = body if isinstance(body, dict) else {}
    tell("error", kind=kind_of(error), name=type(error).__name__,
         status=getattr(error, "status_code", None),
         code=getattr(error, "code", None) or body.get("code"), message=str(error))


def serve(handlers, on_error=report_error, version=None):
    """Runs orders until the input ends. `handlers`: {"chat": function, "stream": function}."""
    package = os.environ["PACKAGE"]
    if package and not version:
        version = importlib.metadata.version(package)
    tell("ready", version=version)
    for line in sys.stdin:
        order = json.loads(line)
        try:
            tell("end", **handlers[order["do"]](order))
        except Exception as error:  # whatever a client raises is what the matrix is about
            traceback.print_exc()
            on_error(error)
