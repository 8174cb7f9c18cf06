"""Drives a `claude` process whose tools are the client's: serves them over the control channel as
an MCP server does, and lets calls wait until a test answers them.
"""

import json
import queue
import uuid
from dataclasses import dataclass

from cli_driver import CliDriver, is_result

SERVERS = ("client1", "client2")
ENVIRONMENT = {"CLAUDE_AGENT_SDK_MCP_NO_PREFIX": "1", "MAX_MCP_OUTPUT_TOKENS": "1000000"}


@dataclass
class OpenCall:
    """A tools/call that has not been answered."""
    request_id: str
    rpc_id: int
    name: str
    arguments: dict
    use: str


def declared(*names, read_only=True, whole=True, schema=None):
    """Tools as tools/list names them."""
    return [{"name": name, "description": f"{name}.",
             "inputSchema": schema or {"type": "object"},
             "annotations": {"readOnlyHint": True} if read_only else {},
             "_meta": {"anthropic/maxResultSizeChars": 1_000_000} if whole else {}}
            for name in names]


def given(*names):
    """The same names as the API's list."""
    return [{"name": name, "input_schema": {"type": "object"}} for name in names]


class ToolDriver(CliDriver):
    """`silent`: nothing of the handshake is answered."""

    def __init__(self, program, home, environment, arguments=(), **options):
        self.tools = {}
        self.calls = []
        self.cancelled = []
        self.asked = []
        self.silent = False
        super().__init__(program, home, {**ENVIRONMENT, **environment}, arguments=[
            "--allowedTools=" + ",".join(f"mcp__{name}" for name in SERVERS), *arguments],
            **options)

    def next(self, timeout=20.0):
        line = super().next(timeout)
        if isinstance(line, dict) and line.get("type") == "control_request":
            self.serve(line)
        return line

    def serve(self, line):
        request, message = line["request"], line["request"]["message"]
        method, server = message["method"], request["server_name"]
        self.asked.append((server, method))
        if method == "tools/call":
            params = message["params"]
            self.calls.append(OpenCall(line["request_id"], message["id"], params["name"],
                                       params["arguments"],
                                       params["_meta"]["claudecode/toolUseId"]))
        elif method == "notifications/cancelled":
            self.cancelled.append(message["params"]["requestId"])
            self.reply(line["request_id"], {}, 0)
        elif not self.silent:
            self.reply(line["request_id"], {
                "initialize": {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}},
                               "serverInfo": {"name": server, "version": "1"}},
                "tools/list": {"tools": self.tools.get(server, [])}}.get(method, {}),
                message.get("id", 0))

    def reply(self, request_id, result, rpc_id):
        self.send({"type": "control_response", "response": {
            "subtype": "success", "request_id": request_id,
            "response": {"mcp_response": {"jsonrpc": "2.0", "id": rpc_id, "result": result}}}})

    def declare(self, server="client1", tools=(), wait=True):
        """Makes this the only server. Without `wait`: gives the id of the request."""
        self.tools = {server: list(tools)} if server else {}
        servers = {name: {"type": "sdk", "name": name} for name in self.tools}
        if not wait:
            return self.control_later("mcp_set_servers", servers=servers)
        return self.control("mcp_set_servers", servers=servers)["response"]

    def extra_body(self, **fields):
        """EXTRA_BODY of the turns that follow, and of the next call of a parked one."""
        text = json.dumps(fields) if fields else ""
        self.control("apply_flag_settings", settings={"env": {"CLAUDE_CODE_EXTRA_BODY": text}})

    def park(self, text, count=1, timeout=20.0):
        """A turn until `count` calls wait and the answer that made them has ended; its lines."""
        self.user(text)
        return self.parked(count, timeout)

    def parked(self, count=1, timeout=20.0):
        """Lines until `count` calls wait and the answer that made them has ended."""
        stopped, lines = False, []
        while not stopped or len(self.calls) < count:
            lines += self.until(lambda m: True, timeout)
            if is_result(lines[-1]):
                raise AssertionError(f"the turn ended: {lines[-1]}")
            stopped = stopped or type_of_event(lines[-1]) == "message_stop"
        return lines

    def until_quiet(self, seconds=0.3):
        """What comes until nothing has come for a while."""
        lines = []
        while True:
            try:
                lines.append(self.next(seconds))
            except queue.Empty:
                return lines

    def seed_blocks(self, role, content):
        """Puts a message with these blocks into the history."""
        line = {"type": role, "uuid": str(uuid.uuid4()), "session_id": "",
                "parent_tool_use_id": None, "message": {"role": role, "content": content}}
        if role == "user":
            self.send({**line, "shouldQuery": False})
            self.until(is_result)
        else:
            line["message"] |= {"id": f"msg_{uuid.uuid4().hex}", "type": "message", "model": "x"}
            self.send(line)

    def answer(self, call, content, is_error=False):
        """Answers an open call: a text, or blocks as MCP has them."""
        self.calls.remove(call)
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        self.reply(call.request_id, {"content": blocks, **({"isError": True} if is_error else {})},
                   call.rpc_id)


def type_of_event(line):
    """What kind of stream event a line is; None if it is none."""
    return line["event"]["type"] if line.get("type") == "stream_event" else None


def lines_of_a_turn(driver, question):
    """The lines of a turn whose calls are answered when nothing more comes."""
    driver.user(question)
    lines = []
    while True:
        try:
            line = driver.next(0.15)
        except queue.Empty:
            for call in driver.calls[:]:
                driver.answer(call, "x")
            continue
        if line is None:
            return lines
        if line["type"] not in ("command_lifecycle", "control_response"):
            lines.append(line)
        if is_result(line):
            return lines
