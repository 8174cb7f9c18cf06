"""What fake_claude answers to [[told]]: a digest of all that it was told. A client that knows its
dialogue computes the same and sees in each answer whether the process behind it knew just that."""

import re

SPACE = " \t\n\v\f\r"
ANSWER = re.compile(r"told:([0-9a-f]{16})(?: by (\d+)\.\d+)?")


def canonical(content):
    """The text of a message's content, however the client wrote it."""
    if content is None:
        return ""
    if not isinstance(content, str):
        content = "".join(part["text"] for part in content if part["text"].strip())
    return content.rstrip(SPACE) if content.strip() else ""


def _mix(state, text):
    data = text.encode()
    for byte in b"%d:%b" % (len(data), data):
        state = (state ^ byte) * 0x100000001b3 & 0xffffffffffffffff
    return state


class Told:
    """The digest's state after some messages. Values: extending one gives another."""

    __slots__ = ("state",)

    def __init__(self, system="", model="sonnet", state=None):
        self.state = state if state is not None else _mix(
            _mix(0xcbf29ce484222325, canonical(system)), model)

    def then(self, role, content):
        text = canonical(content)
        return Told(state=_mix(_mix(self.state, role), text)) if text else self

    def answer(self):
        return f"told:{self.state:016x}"


def expected(messages, model="sonnet"):
    """The answer that a request with these messages must get. System messages: those that it begins
    with, joined as the gateway does."""
    system = [canonical(m["content"]) for m in messages if m["role"] in ("system", "developer")]
    state = Told("\n\n".join(system), model)
    for message in messages:
        if message["role"] not in ("system", "developer"):
            state = state.then(message["role"], message["content"])
    return state.answer()


def process_of(answer):
    """The pid in an answer to [[told:by]]."""
    return int(ANSWER.fullmatch(answer)[2])
