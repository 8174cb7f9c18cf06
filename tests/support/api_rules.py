"""What the real API would refuse: evaluates the rules of src/anthropic/api_rules.json on a request.

Pure. README.md describes the language of the rules; what it can't express is a named check in
api_checks.py or api_images.py. The same file is evaluated in C++ by api_rules/, and both must agree.
"""

import copy
import json
import re
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import api_checks
import api_images

RULES = Path(__file__).resolve().parents[2] / "src/anthropic/api_rules.json"
DATED = re.compile(r"-\d{8}\Z")
STEP = re.compile(r"([^.\[\]]+)|\[(\*|-?\d+)\]")
CHECKS = {**vars(api_checks), **vars(api_images)}
PLACE = re.compile(r"\$\{([^}]*)\}")
TYPES = {"string": str, "object": dict, "array": list, "boolean": bool}


# Checks that api_rules/checks.cpp has, too.
CHECKS_OF_BOTH = ("tool_use_answered", "tool_result_known", "tool_result_single", "tool_use_unique",
                  "thinking_first", "schema_of_2020_12", "strict_closed")


@dataclass(frozen=True)
class Refusal:
    """Why a request is not answered."""
    rule: str
    status: int
    type: str
    text: str


@dataclass
class Request:
    """What rules may look at. `raw` is the body as it came, `only` its endpoint."""
    body: dict
    betas: list = field(default_factory=list)
    version: str = "2023-06-01"
    raw: bytes = b""
    endpoint: str = "messages"
    traits: dict | None = None
    items: dict = field(default_factory=dict)


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def same(one, other):
    """JSON equality: 1 is 1.0, but true is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return one == other


def is_of(value, name):
    if name == "number":
        return is_number(value)
    if name == "integer":
        return is_number(value) and float(value).is_integer()
    return isinstance(value, TYPES[name])


def size(value):
    return len(value) if isinstance(value, (str, list, dict)) else -1


def blank(value):
    return isinstance(value, str) and bool(value) and not value.strip()


@lru_cache(maxsize=None)
def char_set(spec):
    """The characters of a set such as a-zA-Z0-9_-; a - at the end is itself."""
    found, at = set(), 0
    while at < len(spec):
        if at + 2 < len(spec) and spec[at + 1] == "-":
            found |= {chr(c) for c in range(ord(spec[at]), ord(spec[at + 2]) + 1)}
            at += 3
        else:
            found.add(spec[at])
            at += 1
    return found


def first_key_beyond(value, known):
    return next((key for key in value if key not in known), None) if isinstance(value, dict) \
        else None


def badly_shaped(value, shape):
    return isinstance(value, dict) and any(
        not key or len(key) > shape["longest"] or not set(key) <= char_set(shape["chars"])
        for key in value)


def starts(value, prefixes):
    return any(value.startswith(p) for p in prefixes)


def some_starts(value, prefixes):
    return any(isinstance(each, str) and starts(each, prefixes) for each in value or [])


# What a value must fulfil, by name: (value, operand) -> bool.
TESTS = {
    "is": same,
    "is_not": lambda v, x: not same(v, x),
    "in": lambda v, x: any(same(v, each) for each in x),
    "not_in": lambda v, x: not any(same(v, each) for each in x),
    "type": is_of,
    "not_type": lambda v, x: not is_of(v, x),
    "above": lambda v, x: is_number(v) and is_number(x) and v > x,
    "below": lambda v, x: is_number(v) and is_number(x) and v < x,
    "longer": lambda v, x: size(v) > x,
    "empty": lambda v, x: (size(v) == 0) is x,
    "blank": lambda v, x: blank(v) is x,
    "ends_blank": lambda v, x: (isinstance(v, str) and v[-1:].isspace()) is x,
    "chars_beyond": lambda v, x: isinstance(v, str) and not set(v) <= char_set(x),
    "key_shape": badly_shaped,
    "starts_not": lambda v, x: isinstance(v, str) and not starts(v, x),
    "has": lambda v, x: isinstance(v, list) and x in v,
    "has_not": lambda v, x: isinstance(v, list) and x not in v,
    "any_starts": some_starts,
    "none_starts": lambda v, x: not some_starts(v, x),
}


@lru_cache(maxsize=None)
def steps_of(path):
    """(where it begins, its steps)."""
    root, _, rest = path.partition(".")
    root, bracket, index = root.partition("[")
    return root, [int(index) if index not in ("", "*") else index or name
                  for name, index in STEP.findall(bracket + index + "." + rest)]


def descend(value, steps):
    """Every value that the steps lead to."""
    for at, step in enumerate(steps):
        if step == "*":
            rest = steps[at + 1:]
            return [found for each in (value if isinstance(value, list) else [])
                    for found in descend(each, rest)]
        if isinstance(step, int):
            if not isinstance(value, list) or not -len(value) <= step < len(value):
                return []
            value = value[step]
        else:
            if not isinstance(value, dict) or step not in value:
                return []
            value = value[step]
    return [value]


@dataclass
class Item:
    """What a rule with `each` looks at: the value, the list element around it, and its place."""
    value: object = None
    around: object = None
    where: str = ""
    last: bool = False


def items(value, steps, element=None, around=None, where="", last=False):
    """Every Item that the steps lead to."""
    for at, step in enumerate(steps):
        if step == "*":
            for index, each in enumerate(value if isinstance(value, list) else []):
                yield from items(each, steps[at + 1:], each, element, f"{where}.{index}",
                                 index == len(value) - 1)
            return
        if not isinstance(value, dict) or step not in value:
            return
        value, where = value[step], f"{where}.{step}" if where else step
    yield Item(value, around, where, last)


def items_of(request, place):
    """The same for a whole request; found once."""
    if place not in request.items:
        root, steps = steps_of(place)
        request.items[place] = list(items(getattr(request, root), steps,
                                          where="" if root == "body" else root))
    return request.items[place]


class Scene:
    """One rule on one item of one request: finds values and remembers what a text may name."""

    def __init__(self, request, item):
        self.request, self.item, self.names = request, item, {}

    def values(self, path):
        """The values at a path that are not null."""
        return [v for v in self.all_values(path) if v is not None]

    def all_values(self, path):
        root, steps = steps_of(path)
        start = self.item.value if root == "" else self.item.around if root == "^" \
            else getattr(self.request, root)
        return descend(start, steps)

    def operand(self, value):
        if not (isinstance(value, dict) and "at" in value):
            return value
        found = self.values(value["at"])
        if "[*]" in value["at"]:
            return found
        return found[0] if found else []

    def holds(self, test):
        if "any" in test:
            return any(self.holds(each) for each in test["any"])
        if "all" in test:
            return all(self.holds(each) for each in test["all"])
        if "not" in test:
            return not self.holds(test["not"])
        if "last" in test:
            return self.item.last is test["last"]
        if "null" in test:
            return any(v is None for v in self.all_values(test["at"])) is test["null"]
        values = self.values(test["at"])
        if "given" in test:
            return bool(values) is test["given"]
        if "repeats" in test:
            return any(any(same(v, w) for w in values[:i]) for i, v in enumerate(values))
        return any(self.fulfils(value, test) for value in values)

    def fulfils(self, value, test):
        for name, operand in test.items():
            if name == "keys_beyond":
                key = first_key_beyond(value, operand)
                if key is None:
                    return False
                self.names["KEY"] = key
            elif name != "at" and not TESTS[name](value, self.operand(operand)):
                return False
        return True

    def text(self, template):
        def fill(match):
            name = match[1]
            if name in self.names:
                return str(self.names[name])
            if name == "where":
                return self.item.where
            path, _, what = name.partition(":")
            found = self.values(path)
            return "" if not found else str(len(found[0]) if what == "length" else found[0])
        return PLACE.sub(fill, template)


class RuleBook:
    """The rules of one file."""

    def __init__(self, path=RULES):
        self.document = json.loads(Path(path).read_text())
        self.rules = self.document["rules"]
        self.by_id = {rule["id"]: rule for rule in self.rules}
        for rule in self.rules:
            each = rule.get("each", [])
            rule["places"] = [each] if isinstance(each, str) else each

    def traits(self, model):
        """What is known of a model; None if there is no such model."""
        if not isinstance(model, str):
            return None
        name = DATED.sub("", model)
        if any(name == r or r.endswith("*") and model.startswith(r[:-1])
               for r in self.document["retired"]):
            return None
        known = next((m for m in self.document["models"] if name in m["ids"]), None)
        if known is None and model.startswith("claude-"):
            return self.traits(self.document["newest"])
        return known

    def check(self, request, unsure=False, checks=True):
        """The first refusal, or None. `unsure`: with the rules that are off; `checks`: those that
        the language can't express, all or some by name."""
        request.traits = self.traits(request.body.get("model")) if isinstance(request.body, dict) \
            else None
        for rule in self.rules:
            if (unsure or rule["certainty"] != "U") and self.wanted(rule, checks) and \
                    rule.get("only", request.endpoint) == request.endpoint and \
                    (refusal := self.try_rule(rule, request)):
                return refusal
            if request.body is None and rule["id"] == "json_invalid":
                return None
        return None

    @staticmethod
    def wanted(rule, checks):
        return "check" not in rule or checks is True or rule["check"] in checks

    def try_rule(self, rule, request):
        scene = self.scene(rule, request)
        return scene and Refusal(rule["id"], rule.get("status", 400),
                                 rule.get("type", "invalid_request_error"),
                                 scene.text(rule["text"]))

    @staticmethod
    def scene(rule, request):
        """The scene in which the rule holds, if there is one."""
        if "check" in rule:
            scene = Scene(request, Item())
            names = CHECKS[rule["check"]](request, rule)
            if names is not None:
                scene.names = names
                return scene
            return None
        found = [Item()] if not rule["places"] else (
            item for place in rule["places"] for item in items_of(request, place))
        for item in found:
            scene = Scene(request, item)
            if all(scene.holds(test) for test in rule["when"]):
                return scene
        return None


# -- examples that prove a rule

def merge_patch(target, patch):
    """RFC 7396."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge_patch(result.get(key), value)
    return result


def example(book, rule, which):
    """The request that the rule's `good` or `bad` describes."""
    how = rule[which]
    body = copy.deepcopy(merge_patch(book.document["base"], how.get("body", {})))
    if "fill" in how:
        fill = how["fill"]
        copies = [copy.copy(body[fill["field"]][0]) for _ in range(fill["count"])]
        if "numbered" in fill:
            for number, each in enumerate(copies):
                each[fill["numbered"]] += str(number)
        body[fill["field"]] = copies
    if "stretch" in how:
        source = body["messages"][0]["content"][0]["source"]
        source["data"] = source["data"].ljust(how["stretch"], "A")
    raw = how["raw"].encode() if "raw" in how else json.dumps(body).encode()
    raw = raw.ljust(how.get("pad", 0))
    return Request(body=json.loads(raw), betas=how.get("betas", []), raw=raw,
                   version=how.get("version", "2023-06-01"))


def expected_text(rule):
    return rule.get("says", rule["text"])
