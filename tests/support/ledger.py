"""Reads the ledger that fake_claude processes write."""

import json
import time


def entry_of(line):
    """What a line says. Ahead of it may be the beginning of another one, by a process that was
    killed as it wrote: the kernel gives up between two pages."""
    return json.loads(line[line.rfind('{"t":'):])


class Ledger:
    """The lines of one ledger file; it may still grow."""

    def __init__(self, path):
        self.path = path

    def lines(self, kind=None, **fields):
        """Entries of a kind whose fields have the given values, oldest first."""
        try:
            text = self.path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return []
        whole = text[:text.rfind("\n") + 1].splitlines()
        return [entry for entry in map(entry_of, whole)
                if (kind is None or entry["kind"] == kind)
                and all(entry.get(name) == value for name, value in fields.items())]

    def wait(self, kind, count=1, timeout=5.0, **fields):
        """Waits for `count` such entries and gives them."""
        deadline = time.monotonic() + timeout
        while len(found := self.lines(kind, **fields)) < count:
            if time.monotonic() > deadline:
                others = [entry for entry in self.lines() if entry["kind"] != "token"]
                raise AssertionError(f"ledger has {len(found)} of {count} {kind} {fields};"
                                     f" last lines: {others[-8:]}")
            time.sleep(0.005)
        return found

    def prompts(self):
        return [entry["text"] for entry in self.lines("prompt")]

    def tokens(self):
        return "".join(entry["text"] for entry in self.lines("token"))
