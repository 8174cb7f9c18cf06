"""The clients of the matrix: which program runs them, what to expect of each, what does not apply.

A client that is added here needs a script that understands the orders in README.md, and a row in
docs/clients.md.
"""

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
NEWEST_CLI, OLDEST_CLI = "2.1.332", "2.1.197"

CHAT = ("text", "stream", "history", "system", "error", "cut", "timeout", "usage")
CELLS = (*CHAT, "tools", "structured")
TOOLS_ONLY = ("tools",)  # of a program or a library of agents
AGENT = ("tools", "structured")
NOT_STRUCTURED = (*CHAT, "tools")


@dataclass(frozen=True)
class Errors:
    """What the client's user gets for 404, 429 and 503 answers and for a stream that is cut."""
    names: tuple  # of exception classes: not found, rate limit, overloaded
    cut: str  # the exception's name where the upstream fails in mid-stream
    shown: str = "fields"  # status and code in "fields" or "message"; "status", "status in message"
    cut_shown: str = "code"  # also its "words" only, or "nothing" of what went wrong


OPENAI = Errors(("NotFoundError", "RateLimitError", "InternalServerError"), cut="APIError")
JSON_ERRORS = Errors(("invalid_request_error", "rate_limit_error", "service_unavailable"),
                     cut="service_unavailable")


@dataclass(frozen=True)
class Loop:
    """What the client is asked in the cell `tools`, and what has to come of it."""
    question: str
    told: tuple  # what the answer that the user sees tells
    posts: int  # requests upstream
    in_place: bool = True  # all of them by one process, which waits for the results
    streamed: tuple = (False, True)  # the ways that it is asked in
    result: str = ""  # what the last request upstream tells of a call


STEPS = Loop("[[steps:2:2]]Find it.", ("look 1.1", "touch 1.2", "look 2.1", "touch 2.2"), posts=3)

# The client forces the call; in streams of parts the tool has another name.
FORCED = Loop('[[call:City:{"name":"Oslo","people":717710}]]'
              '[[call:PartialCity:{"name":"Oslo","people":717710}]]',
              ('{"name":"Oslo","people":717710}',), posts=1)
# The tool's result is the model's next order, since this client tells results as a user's text.
RETOLD = Loop('[[call:look:{"text": "[[call:final_answer:{\\"answer\\": \\"found\\"}\\u005d]"}]]',
              ("found",), posts=2, in_place=False)


def reads_file(tool, arguments):
    """An agent program reads a file with a tool of its own; its user sees the model's answer."""
    says = "the harbour freezes in march"  # written by terminal/agent_program.py
    return Loop(f"What does notes.txt say? [[call:{tool}:{arguments}]]", ("Results:", says),
                posts=2, streamed=(True,), result=says)


CITY = '{"name":"Oslo","people":717710}'


@dataclass(frozen=True)
class Form:
    """A way in which a client gets an object of its own type: the stand-in's answer, and what the
    API is to be told."""
    way: str = ""  # in the client's words
    streamed: bool = False
    call: str = ""  # the tool that the object is the arguments of; empty: the object is the text
    said: str = CITY
    told: bool = False  # the API is told the form of the text
    shown_at: int = 0  # the client shows the name of the city after so many deltas, if it does

    @property
    def question(self):
        return f"[[call:{self.call}:{self.said}]]" if self.call else f"[[say:{self.said}]]"


def both(way="", **fields):
    return Form(way, **fields), Form(way, streamed=True, **fields)


@dataclass(frozen=True)
class Client:
    name: str
    package: str
    script: str
    environment: str = "clients"  # of those that interpreter() knows
    cli: str = NEWEST_CLI
    long: bool = False
    errors: Errors = OPENAI
    not_applicable: dict = field(default_factory=dict)  # cell -> reason
    variables: dict = field(default_factory=dict)  # environment that its script wants
    finishes: dict = field(default_factory=dict)  # OpenAI's finish_reason -> the client's word
    usage_fields: tuple = ("prompt", "completion", "total", "cached")  # that it shows its user
    cells: tuple = CELLS  # that are tried
    loop: Loop = STEPS
    shows_deltas: bool = True  # it shows the answer of a loop while the model speaks
    forms: tuple = ()  # of the cell `structured`
    can_decline_usage: bool = True  # it can stream without asking for usage
    streams_usage: bool = True  # it can ask for usage in streams
    shows_bytes: bool = False  # it checks them, also of answers over HTTP/1.0

    @property
    def title(self):
        return f"{self.name}, CLI {self.cli}" if self.cli != NEWEST_CLI else self.name

    def finish(self, reason):
        return self.finishes.get(reason, reason)

    def usage(self, exact):
        return {name: exact[name] for name in self.usage_fields}


PARSED = both(told=True)
LANGCHAIN_FORMS = (*both("json_schema", told=True), *both("function_calling", call="City"),
                   *both("json_mode"))
LANGCHAIN_JS_FORMS = (*both("jsonSchema", told=True), *both("functionCalling", call="city"),
                      *both("jsonMode"))
AI_SDK_FORMS = (Form("schema", told=True),
                Form("schema", streamed=True, told=True, shown_at=1), *both("json"),
                Form("output", told=True))
INSTRUCTOR_FORMS = (
    Form("TOOLS", call="City"), Form("TOOLS", streamed=True, call="PartialCity"),
    *both("JSON_SCHEMA", told=True), *both("JSON"),
    *both("MD_JSON", said=f"```json\n{CITY}\n```"),
    Form("parts", streamed=True, call="PartialCity", shown_at=3),
    Form("iterable", call="IterableCity", said=f'{{"tasks":[{CITY}]}}'))
PYDANTIC_AI_FORMS = (*both("NativeOutput", told=True), *both("ToolOutput", call="final_result"),
                     *both("PromptedOutput"))

ROSTER = [
    Client("openai (Python)", "openai", "python/openai_client.py", environment="e2e",
           forms=PARSED),
    Client("openai (Python)", "openai", "python/openai_client.py", environment="e2e",
           cli=OLDEST_CLI, forms=PARSED),
    Client("openai (Python), 2.x", "openai", "python/openai_client.py", forms=PARSED),
    Client("openai (Node)", "openai", "node/openai.mjs", forms=PARSED),
    Client("LangChain (Python)", "langchain-openai", "python/langchain_client.py",
           errors=Errors(("OpenAIModelNotFoundError", "OpenAIRateLimitError", "OpenAIAPIError"),
                         cut="APIError"), forms=LANGCHAIN_FORMS),
    Client("LangChain (JavaScript)", "@langchain/openai", "node/langchain.mjs",
           forms=LANGCHAIN_JS_FORMS),
    Client("Vercel AI SDK", "ai", "node/vercel_ai.mjs",
           errors=Errors(("APICallError",) * 3, cut="Object"), forms=AI_SDK_FORMS),
    Client("chatgpt (Node)", "chatgpt", "node/chatgpt.mjs",
           errors=Errors(("ChatGPTError",) * 3, cut="TypeError", shown="message",
                         cut_shown="nothing"), streams_usage=False,
           not_applicable={"tools": "it sends none", "structured": "it fills no objects"}),
    Client("LangChainGo", "github.com/tmc/langchaingo", "go/langchaingo",
           errors=Errors(("*errors.errorString",) * 3, cut="*fmt.wrapError",
                         shown="status in message", cut_shown="nothing"),
           can_decline_usage=False, shows_deltas=False,
           not_applicable={"structured": "it fills no objects"}),
    Client("LangChain4j", "langchain4j-open-ai", "java/LangChain4j",
           errors=Errors(("ModelNotFoundException", "RateLimitException",
                          "InternalServerException"), cut="LangChain4jException",
                         shown="status", cut_shown="nothing"),
           finishes={"stop": "STOP", "length": "LENGTH"}, can_decline_usage=False,
           forms=(Form("service", told=True),)),
    Client("instructor", "instructor", "python/instructor_client.py",
           forms=INSTRUCTOR_FORMS, shows_deltas=False, loop=FORCED),
    Client("OpenAI Agents (Python)", "openai-agents", "python/openai_agents.py",
           environment="agents", cells=AGENT, forms=PARSED),
    Client("Pydantic AI", "pydantic-ai-slim", "python/pydantic_ai_client.py",
           environment="agents", cells=AGENT, forms=PYDANTIC_AI_FORMS),
    Client("smolagents", "smolagents", "python/smolagents_client.py", environment="agents",
           cells=TOOLS_ONLY, shows_deltas=False, loop=RETOLD),
    Client("llm (command line)", "llm", "python/llm_client.py",
           errors=Errors(("Failed",) * 3, cut="Failed", shown="message", cut_shown="words"),
           finishes={"stop": None, "length": None},  # it does not show them
           usage_fields=("prompt", "completion"), can_decline_usage=False, forms=PARSED),
    Client("curl", "", "python/curl_client.py", environment="e2e", errors=JSON_ERRORS,
           not_applicable={"tools": "it runs none", "structured": "it fills no objects"}),
    Client("bytes of the stream", "", "python/raw_sse.py", environment="e2e", errors=JSON_ERRORS,
           shows_bytes=True, cells=CHAT),
    Client("litellm (library)", "litellm", "python/litellm_client.py", long=True,
           errors=Errors(("NotFoundError", "RateLimitError", "ServiceUnavailableError"),
                         cut="MidStreamFallbackError", shown="status", cut_shown="words"),
           forms=PARSED),
    Client("LlamaIndex", "llama-index-llms-openai-like", "python/llamaindex_client.py", long=True,
           cells=NOT_STRUCTURED),
    Client("openai (Go)", "github.com/openai/openai-go/v3", "go/openai", long=True,
           cells=NOT_STRUCTURED,
           errors=Errors(("*apierror.Error",) * 3, cut="*ssestream.StreamError")),
    Client("openai (Java)", "openai-java-core", "java/OpenAi", long=True, cells=NOT_STRUCTURED,
           errors=Errors(("NotFoundException", "RateLimitException", "InternalServerException"),
                         cut="SseException")),
    Client("async-openai (Rust)", "async-openai", "rust/async-openai", long=True,
           cells=NOT_STRUCTURED,
           errors=Errors(("ApiError",) * 3, cut="JSONDeserialize", shown="message")),
    Client("opencode", "opencode-linux-x64", "terminal/opencode", long=True, cells=TOOLS_ONLY,
           shows_deltas=False, loop=reads_file("read", '{"filePath":"notes.txt"}')),
    Client("Continue (cn)", "@continuedev/cli", "terminal/cn", long=True, cells=TOOLS_ONLY,
           shows_deltas=False, loop=reads_file("Read", '{"filepath":"notes.txt"}')),
    Client("cline", "@cline/cli-linux-x64", "terminal/cline", long=True, cells=TOOLS_ONLY,
           shows_deltas=False, loop=reads_file("read_files", '{"files":[{"path":"notes.txt"}]}')),
]

VENVS = {"e2e": ("CCAPI_VENV", "build/venv"),
         "clients": ("CCAPI_CLIENTS_VENV", "build/venv-clients"),
         "agents": ("CCAPI_AGENTS_VENV", "build/venv-agents")}


def installed(client, *candidates):
    for program in candidates:
        if program and Path(program).exists():
            return str(program)
    raise FileNotFoundError(f"{client.name} is not installed: run scripts/install_clients.sh")


def folder_of(language):
    return Path(os.environ.get(f"CCAPI_{language.upper()}_CLIENTS",
                               ROOT / f"build/{language}-clients"))


def terminal_command(client, name):
    """Runs agent_program.py, which is told the program's manifest and how to start it."""
    folder = folder_of("terminal") / "node_modules" / client.package
    program = [installed(client, folder / {"cn": "dist/cn.js"}.get(name, f"bin/{name}"))]
    if name == "cn":
        program.insert(0, installed(client, folder_of("node") / "node", shutil.which("node")))
    return [python_of(client, "e2e"), str(HERE / "terminal/agent_program.py"), name,
            str(folder / "package.json"), *program]


def python_of(client, environment):
    variable, folder = VENVS[environment]
    return installed(client, Path(os.environ.get(variable, ROOT / folder)) / "bin/python")


def command(client):
    """The command line that runs a client's script, or what was built of it."""
    language, name = client.script.split("/")
    if language == "node":
        # Node looks for packages beside the script only, so the scripts go to the packages.
        folder = folder_of("node")
        installed(client, folder / "node_modules")
        for script in (HERE / "node").glob("*.mjs"):
            shutil.copy(script, folder)
        return [installed(client, folder / "node", shutil.which("node")), str(folder / name)]
    if language == "java":
        folder = Path(installed(client, folder_of("java") / name))
        return [installed(client, shutil.which("java")), "-XX:TieredStopAtLevel=1", "-cp",
                f"{folder}/classes:{folder}/lib/*", name]
    if language in ("go", "rust"):
        return [installed(client, folder_of(language) / name / "client")]
    if language == "terminal":
        return terminal_command(client, name)
    return [python_of(client, client.environment), str(HERE / client.script)]
