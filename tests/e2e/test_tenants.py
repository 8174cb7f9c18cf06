"""Two tenants, every route, every id of the other one: nothing of it is told, nothing is done."""

import json

import pytest

from test_auth import ADMIN, ALICE, BOB, described_routes, key_list, record

MARK = "alices-secret"
BODIES = {
    "/v1/chat/completions": {"messages": [{"role": "user", "content": "[[dialogue]]"}]},
    "/v1/conversations": {"metadata": {"mine": "bob"}},
    "/v1/conversations/{id}": {"metadata": {"mine": "bob"}},
}


def conversation(gateway, identity, key):
    _, _, body = gateway.request("GET", f"/v1/conversations/{identity}", key=key)
    return json.loads(body)


def start_house(start_fake, tmp_path):
    return start_fake("[[tell]]", key=ADMIN, store__path=tmp_path / "kept.sqlite",
                      auth__keys=key_list(record("alice", ALICE), record("bob", BOB)),
                      auth__failures_per_minute_max=1_000_000)


def requests_of(route, methods, ids):
    """(method, path, body) of all that can be asked of a route about these ids."""
    for method in methods - {"parameters"}:
        body = BODIES.get(route) if method == "post" else None
        if "{id}" in route:
            for identity in ids:
                yield method, route.replace("{id}", identity), body
        elif route == "/v1/chat/completions" and method == "post":
            for identity in ids:
                yield method, route, {**body, "conversation_id": identity}
        elif route == "/v1/conversations" and method == "get":
            for identity in ids:
                yield method, f"{route}?after={identity}", None
            yield method, route, None
        else:
            yield method, route.replace("{model}", "sonnet"), body


@pytest.mark.parametrize("restarts", [False, True])
def test_nothing_of_another_tenant_is_told_or_done(start_fake, tmp_path, restarts):
    gateway = start_house(start_fake, tmp_path)
    asked = [{"role": "user", "content": f"[[say:{MARK}]] {MARK}"}]
    keyed = {"Idempotency-Key": MARK}
    whole = {"messages": asked, "temperature": 0, "model": "sonnet"}
    gateway.request("POST", "/v1/chat/completions", {**whole, "conversation_id": MARK}, key=ALICE)
    for headers in (keyed, {}):
        _, _, body = gateway.request("POST", "/v1/chat/completions", whole, headers, key=ALICE)
        assert MARK in body.decode()
    unnamed = json.loads(body)["conversation_id"] or json.loads(
        gateway.request("POST", "/v1/chat/completions", {"messages": asked}, key=ALICE)[2]
    )["conversation_id"]
    _, _, made = gateway.request("POST", "/v1/conversations", {"metadata": {MARK: MARK}},
                                 key=ALICE)
    ids = [MARK, unnamed, json.loads(made)["id"]]
    before = [conversation(gateway, identity, ALICE) for identity in ids]
    if restarts:
        gateway.stop()
        gateway = start_house(start_fake, tmp_path)

    told = []
    # Turns last: the conversations that they make under her ids are his.
    for route, methods in sorted(described_routes(gateway).items(), key=lambda each: "chat" in each[0]):
        for method, path, body in requests_of(route, set(methods), ids):
            for headers in ({}, keyed) if "chat" in path else ({},):
                status, fields, answer = gateway.request(method.upper(), path, body, headers,
                                                         key=BOB)
                told.append((method, path, status))
                text = answer.decode().replace(json.dumps(path), "")
                if body and "conversation_id" in body:  # now one of his own
                    text = text.replace(f'"conversation_id":"{body["conversation_id"]}"', "")
                    fields.pop("x-ccapi-conversation-id", None)
                for identity in ids:
                    assert identity not in text, (method, path, status, text)
                    assert identity not in json.dumps(fields), (method, path, fields)
                if "{id}" in route and method in ("get", "head"):
                    assert status in (200, 404)
    assert len(told) > 30
    # What a stranger made under her ids is his; what she has is as it was.
    assert [conversation(gateway, identity, ALICE) for identity in ids] == before
    status, headers, body = gateway.request("POST", "/v1/chat/completions", whole, {}, key=BOB)
    assert status == 200 and headers["x-ccapi-cache"] == "miss" and json.loads(body)


def test_figures_are_an_admins(start_fake, tmp_path):
    gateway = start_house(start_fake, tmp_path)
    gateway.answer(f"[[say:x]] {MARK}", key=ALICE)
    for path in ("/stats", "/metrics"):
        status, _, body = gateway.request("GET", path, key=BOB)
        assert status == 403 and "alice" not in body.decode()
    for path in ("/health", "/health?verbose", "/readyz", "/livez", "/"):
        _, _, body = gateway.request("GET", path, key=BOB)
        assert "alice" not in body.decode(), path
    assert "alice" in gateway.stats()["keys"]
