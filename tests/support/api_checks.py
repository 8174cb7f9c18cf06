"""Checks that the language of the rules can't express: pairs of tool blocks, schemas.

Each takes a Request and its rule and gives the names that the rule's text uses ({} if none), or
None where there is nothing to refuse.
"""

import base64
import hashlib
import json
import re

ESCAPES = re.compile(r"\\u(d[89ab]..)\\ud[c-f]..|\\u(?P<high>d[89ab]..)|\\u(?P<low>d[c-f]..)|\\.", re.I | re.S)
THINKING = ("thinking", "redacted_thinking")
JSON_TYPES = {"array", "boolean", "integer", "null", "number", "object", "string"}


# -- the body as a whole

def body_bytes(request, rule):
    return {} if len(request.raw) > rule["limit"] else None


def json_text(request, _):
    if not request.raw:
        return None
    text = request.raw.decode("utf-8", "replace")
    try:
        json.loads(text)
    except ValueError as error:
        return {"WHY": str(error)}
    half = next((each for each in ESCAPES.finditer(text) if each["high"] or each["low"]), None)
    if half is None:
        return None
    # The reader is behind the escape when it misses the other half, at its digits otherwise.
    at = half.end() if half["high"] else half.start() + 2
    line = text.count("\n", 0, at) + 1
    column = at - (text.rfind("\n", 0, at) + 1) + 1
    which = "low" if half["high"] else "high"
    return {"WHY": f"no {which} surrogate in string: line {line} column {column} (char {at})"}


# -- messages

def messages_of(request):
    """[(index, message)] of those that are objects."""
    found = request.body.get("messages")
    return [(n, m) for n, m in enumerate(found) if isinstance(m, dict)] \
        if isinstance(found, list) else []


def blocks_of(message, *types):
    """[(index, block)] of a message, of some types or all."""
    content = message.get("content")
    return [(m, b) for m, b in enumerate(content) if isinstance(b, dict)
            and (not types or b.get("type") in types)] if isinstance(content, list) else []


def is_directive(message):
    return message.get("role") == "system" and message.get("content") == [] \
        and "output_config" in message


def system_follows(request, _):
    before = None
    for n, message in messages_of(request):
        if message.get("role") == "system" and not is_directive(message):
            results = before and any(str(b.get("type", "")).endswith("_tool_result")
                                     for _, b in blocks_of(before)[-1:])
            if not before or before.get("role") != "user" and not results:
                return {"N": n}
        if not is_directive(message):
            before = message
    return None


def system_precedes(request, _):
    said = [(n, m) for n, m in messages_of(request) if not is_directive(m)]
    for (n, message), (_, after) in zip(said, said[1:]):
        if message.get("role") == "system" and after.get("role") != "assistant":
            return {"N": n}
    return None


def turns_of(request):
    """[(role, [(message index, block index, block)])]: neighbours of one role joined, as the API
    does; strings are text blocks; messages of role system don't part neighbours."""
    turns = []
    for n, message in messages_of(request):
        if message.get("role") == "system":
            continue
        content = message.get("content")
        blocks = [(n, 0, {"type": "text", "text": content})] if isinstance(content, str) \
            else [(n, m, b) for m, b in blocks_of(message)]
        if turns and turns[-1][0] == message.get("role"):
            turns[-1][1].extend(blocks)
        else:
            turns.append((message.get("role"), blocks))
    return turns


def leading_results(blocks):
    """Ids of the results that a turn begins with."""
    found = []
    for _, _, block in blocks:
        if block.get("type") != "tool_result":
            break
        found.append(block.get("tool_use_id"))
    return found


def tool_use_answered(request, _):
    turns = turns_of(request)
    for at, (role, blocks) in enumerate(turns):
        uses = [(n, b.get("id")) for n, _, b in blocks if b.get("type") == "tool_use"]
        if role != "assistant" or not uses:
            continue
        answered = leading_results(turns[at + 1][1]) if at + 1 < len(turns) else []
        missing = [(n, use) for n, use in uses if use not in answered]
        if missing:
            return {"N": missing[0][0], "ID": ", ".join(str(use) for _, use in missing)}
    return None


def tool_result_known(request, _):
    known = set()
    for role, blocks in turns_of(request):
        if role == "user":
            for n, m, block in blocks:
                if block.get("type") == "tool_result" and block.get("tool_use_id") not in known:
                    return {"N": n, "M": m, "ID": block.get("tool_use_id")}
        known = {b.get("id") for _, _, b in blocks if b.get("type") == "tool_use"}
    return None


def repeated(request, kind, field):
    for seen, blocks in ((set(), blocks) for _, blocks in turns_of(request)):
        for n, m, block in blocks:
            if block.get("type") == kind:
                if block.get(field) in seen:
                    return {"N": n, "M": m, "ID": block.get(field)}
                seen.add(block.get(field))
    return None


def tool_result_single(request, _):
    return repeated(request, "tool_result", "tool_use_id")


def tool_use_unique(request, _):
    seen = set()
    for _, blocks in turns_of(request):
        for n, m, block in blocks:
            if block.get("type") == "tool_use":
                if block.get("id") in seen:
                    return {"N": n, "M": m}
                seen.add(block.get("id"))
    return None


def thinking_first(request, _):
    """With enabled thinking, the turn of an open tool loop begins with thinking."""
    thinking = request.body.get("thinking")
    if not isinstance(thinking, dict) or thinking.get("type") != "enabled":
        return None
    loop = None
    for role, blocks in reversed(turns_of(request)):
        if role == "assistant":
            loop = blocks
        elif any(b.get("type") != "tool_result" for _, _, b in blocks):
            break
    turns = turns_of(request)
    if not loop or turns[-1][0] != "user" or loop[0][2].get("type") in THINKING:
        return None
    return {"N": loop[0][0], "TYPE": loop[0][2].get("type")}


def sign(text):
    """The signature of a thinking block of this stand-in."""
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    return base64.b64encode(f"stand-in:{digest}".encode()).decode()


def signatures(request, _):
    for n, message in messages_of(request):
        for m, block in blocks_of(message, "thinking"):
            text = block.get("thinking")
            if text and block.get("signature") != sign(text) or not block.get("signature"):
                return {"N": n, "M": m}
    return None


# -- tools

def tools_of(request):
    tools = request.body.get("tools")
    return [(n, t) for n, t in enumerate(tools) if isinstance(t, dict)] \
        if isinstance(tools, list) else []


SCHEMAS_BY_NAME = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
SCHEMAS_IN_LIST = ("anyOf", "allOf", "oneOf", "prefixItems")
SCHEMAS = ("items", "additionalProperties", "not", "if", "then", "else", "contains",
           "propertyNames", "unevaluatedItems", "unevaluatedProperties")


def schemas_in(schema):
    """The schema and all in it."""
    if not isinstance(schema, dict):
        return
    yield schema
    inner = [s for key in SCHEMAS_BY_NAME if isinstance(schema.get(key), dict)
             for s in schema[key].values()]
    inner += [s for key in SCHEMAS_IN_LIST if isinstance(schema.get(key), list)
              for s in schema[key]]
    inner += [schema.get(key) for key in SCHEMAS]
    for each in inner:
        yield from schemas_in(each)


def is_of_2020_12(schema):
    types = schema.get("type", "object")
    types = types if isinstance(types, list) else [types]
    return (all(isinstance(t, str) and t in JSON_TYPES for t in types)
            and not isinstance(schema.get("items"), list)
            and not any(isinstance(schema.get(k), bool)
                        for k in ("exclusiveMinimum", "exclusiveMaximum"))
            and isinstance(schema.get("properties", {}), dict)
            and isinstance(schema.get("required", []), list))


def schema_of_2020_12(request, _):
    for n, tool in tools_of(request):
        if not all(is_of_2020_12(s) for s in schemas_in(tool.get("input_schema"))):
            return {"N": n}
    return None


def strict_schemas(request):
    return [(n, list(schemas_in(t.get("input_schema")))) for n, t in tools_of(request)
            if t.get("strict") is True]


def strict_tools(request, _):
    count = len(strict_schemas(request))
    return {"COUNT": count} if count > 20 else None


def strict_size(request, _):
    schemas = [s for _, found in strict_schemas(request) for s in found]
    optional = sum(name not in s.get("required", []) for s in schemas
                   for name in s.get("properties", {}))
    unions = sum("anyOf" in s or isinstance(s.get("type"), list) for s in schemas)
    return {} if optional > 24 or unions > 16 else None


def is_open(schema):
    return schema.get("type") == "object" and schema.get("additionalProperties") is not False


def strict_closed(request, _):
    return next(({"N": n} for n, found in strict_schemas(request) if any(map(is_open, found))), None)


def cache_marks(request):
    """[(where, ttl)] of every cache_control block in the API's order."""
    found = [(f"tools.{n}", t.get("cache_control")) for n, t in tools_of(request)]
    system = request.body.get("system")
    if isinstance(system, list):
        found += [(f"system.{n}", b.get("cache_control")) for n, b in enumerate(system)
                  if isinstance(b, dict)]
    found += [(f"messages.{n}.content.{m}", b.get("cache_control"))
              for n, message in messages_of(request) for m, b in blocks_of(message)]
    return [(where, mark.get("ttl", "5m")) for where, mark in found if isinstance(mark, dict)]


def cache_control_count(request, _):
    count = len(cache_marks(request))
    return {"COUNT": count} if count > 4 else None


def cache_control_order(request, _):
    short = False
    for where, ttl in cache_marks(request):
        if ttl == "1h" and short:
            return {"WHERE": where}
        short = short or ttl == "5m"
    return None


# -- structured output

def output_schemas(request):
    config = request.body.get("output_config")
    config = config if isinstance(config, dict) else {}
    form = config.get("format") or request.body.get("output_format")
    return list(schemas_in(form.get("schema"))) if isinstance(form, dict) else []


def output_closed(request, _):
    return {} if any(map(is_open, output_schemas(request))) else None


def unsupported(request, keywords):
    for schema in output_schemas(request):
        for key in keywords:
            if key in schema:
                return {"TYPE": schema.get("type", "any"), "KEY": key}
    return None


def output_keywords(request, _):
    return unsupported(request, ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
                                 "multipleOf", "maxItems"))


def output_text_keywords(request, _):
    return unsupported(request, ("minLength", "maxLength", "pattern", "format"))


def output_min_items(request, _):
    return {} if any(s.get("minItems", 0) not in (0, 1) for s in output_schemas(request)) else None


def output_references(request, _):
    schemas = output_schemas(request)
    if not schemas:
        return None
    targets = [s["$ref"] for s in schemas if isinstance(s.get("$ref"), str)]
    if any(not t.startswith("#") for t in targets):
        return {"WHY": "External references"}
    named = {f"#/{kind}/{name}": inner for kind in ("$defs", "definitions")
             for name, inner in (schemas[0].get(kind) or {}).items()}
    named["#"] = {k: v for k, v in schemas[0].items() if k not in ("$defs", "definitions")}
    leads = {name: {s["$ref"] for s in schemas_in(inner) if isinstance(s.get("$ref"), str)}
             for name, inner in named.items()}
    for start in leads:
        reached, front = set(), set(leads[start])
        while front:
            reached |= front
            front = {t for name in front for t in leads.get(name, ())} - reached
        if start in reached:
            return {"WHY": "Recursive definitions"}
    return None
