"""Looks at processes through /proc: descendants, marked environments, descriptors, zombies."""

import os
import time
from pathlib import Path


def stat(pid):
    """(state, parent, start time) or None if there is no such process."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text[text.rindex(")") + 2:].split()
    return fields[0], int(fields[1]), int(fields[19])


def all_pids():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def descendants(root):
    """Pids below root, zombies included."""
    children = {}
    for pid in all_pids():
        if found := stat(pid):
            children.setdefault(found[1], []).append(pid)
    below, queue = [], [root]
    while queue:
        for child in children.get(queue.pop(), []):
            below.append(child)
            queue.append(child)
    return below


def children(pid):
    """Direct children; far cheaper than descendants()."""
    found = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            found += Path(f"/proc/{pid}/task/{task}/children").read_text().split()
    except OSError:
        pass
    return [int(child) for child in found]


def arguments(pid):
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return []
    return [part.decode(errors="replace") for part in raw.split(b"\0")[:-1]]


def environment(pid):
    try:
        raw = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return {}
    return dict(part.decode(errors="replace").split("=", 1)
                for part in raw.split(b"\0") if b"=" in part)


def marked(name, value):
    """Living processes that carry NAME=value, wherever they hang in the tree."""
    return [pid for pid in all_pids() if environment(pid).get(name) == value]


def zombies(root):
    return [pid for pid in descendants(root) if (found := stat(pid)) and found[0] == "Z"]


def descriptors(pid):
    """Number of open descriptors by kind: socket, pipe, pidfd, other."""
    kinds = {"socket": 0, "pipe": 0, "pidfd": 0, "other": 0}
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            target = os.readlink(f"/proc/{pid}/fd/{name}")
        except OSError:
            continue
        kind = ("socket" if target.startswith("socket:") else "pipe" if target.startswith("pipe:")
                else "pidfd" if "pidfd" in target else "other")
        kinds[kind] += 1
    return kinds


def wait_until(condition, seconds, what):
    """Polls until condition() is true; fails with `what` when the time is over."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.005)
