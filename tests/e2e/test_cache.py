"""Answers that are kept for equal requests, and runs that such requests share."""

import json
import socket
import time

import pytest

from proc_tree import wait_until
from sse import ChatStream
from test_auth import ADMIN, ALICE, BOB, record
from test_reload import House

COLD = {"temperature": 0}
LONG = "[[text:10000]][[delay:20]]"


def use(headers):
    return headers["x-ccapi-cache"]


def ask(gateway, text="[[say:Well]]", headers=None, key=..., **fields):
    """(what the cache had to do with it, headers, body) of a request for an equal answer."""
    body = {"messages": [{"role": "user", "content": text}], **COLD, **fields}
    status, given, answer = gateway.request("POST", "/v1/chat/completions", body, headers, key=key)
    assert status == 200, answer
    return use(given), given, json.loads(answer)


def test_second_request_is_answered_from_the_cache(fake_gateway, ledger):
    first, headers, before = ask(fake_gateway)
    assert first == "miss" and "age" not in headers and before["conversation_id"]
    second, headers, after = ask(fake_gateway)
    assert second == "hit" and 0 <= int(headers["age"]) < 60
    assert after["choices"] == before["choices"] and after["usage"] == before["usage"]
    assert after["model"] == before["model"] == headers["x-ccapi-mapped-model"]
    assert after["id"] != before["id"] and after["conversation_id"] is None
    assert "x-ccapi-match" not in headers and "x-ccapi-conversation-id" not in headers
    assert len(ledger.prompts()) == 1
    cache = fake_gateway.stats()["cache"]
    assert list(cache)[:3] == ["total_entries", "total_hits", "enabled"]
    assert (cache["total_entries"], cache["total_hits"], cache["enabled"]) == (1, 1, True)
    assert (cache["hits"], cache["misses"], cache["entries"]) == (1, 1, 1) and cache["bytes"] > 100


def test_answers_are_whole_or_streamed_whatever_the_first_one_was(fake_gateway, ledger):
    text = "[[text:40]]"
    first = ChatStream(fake_gateway, text, **COLD).open().read_all()
    assert use(first.headers) == "miss"
    for _ in range(2):
        again = ChatStream(fake_gateway, text, **COLD).open().read_all()
        assert use(again.headers) == "hit" and again.headers["age"].isdigit()
        assert again.text() == first.text() and again.done()
        assert again.chunks()[-1][1]["usage"] == first.chunks()[-1][1]["usage"]
    whole = ask(fake_gateway, text)
    assert whole[0] == "hit" and whole[2]["choices"][0]["message"]["content"] == first.text()
    assert len(ledger.prompts()) == 1


def test_official_client_reads_both(fake_gateway):
    client = fake_gateway.client()
    asked = {"model": "sonnet", "messages": [{"role": "user", "content": "[[say:Well]]"}],
             "seed": 7}
    texts = [client.chat.completions.create(**asked).choices[0].message.content for _ in range(2)]
    streamed = "".join(chunk.choices[0].delta.content or ""
                       for chunk in client.chat.completions.create(**asked, stream=True)
                       if chunk.choices)
    assert texts == ["Well", "Well"] and streamed == "Well"
    assert fake_gateway.stats()["cache"]["hits"] == 2


def test_regenerate_gives_another_answer(fake_gateway, ledger):
    for fields in ({}, {"temperature": 0.7}, {"temperature": 1}):
        for _ in range(2):
            _, headers, _ = fake_gateway.chat("[[say:x]]", **fields)
            assert use(headers) == "bypass"
    assert len(ledger.prompts()) == 6
    assert fake_gateway.stats()["cache"]["bypasses"] == 6


def test_a_seed_asks_for_equal_answers_and_is_still_named_as_ignored(fake_gateway):
    for wanted in ("miss", "hit"):
        _, headers, _ = fake_gateway.chat("x", seed=7, temperature=1)
        assert use(headers) == wanted
        assert "seed" in headers["x-ccapi-ignored-params"]
    assert use(fake_gateway.chat("x", seed=8, temperature=1)[1]) == "miss"


def test_what_a_conversation_holds_is_not_in_the_request(fake_gateway):
    for text in ("a", "a"):
        _, headers, _ = fake_gateway.chat(text, conversation_id="c", **COLD)
        assert use(headers) == "bypass"


def test_tools_strictness_and_choices_are_passed_by(fake_gateway):
    tool = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
    assert ask(fake_gateway, tools=[tool])[0] == "bypass"
    assert ask(fake_gateway, headers={"x-ccapi-strict": "true"},
               model="claude-haiku-4-5")[0] == "bypass"
    assert ask(fake_gateway, n=2)[0] == "bypass"


def test_dialogue_goes_on_from_a_cached_answer(fake_gateway):
    ask(fake_gateway, "one")
    answer = ask(fake_gateway, "one")[2]["choices"][0]["message"]["content"]
    history = [{"role": "user", "content": "one"}, {"role": "assistant", "content": answer},
               {"role": "user", "content": "[[dialogue]]"}]
    told = json.loads(fake_gateway.answer(history))
    assert told["messages"] == [[m["role"], m["content"]] for m in history]


def test_clients_decide_about_the_cache(fake_gateway, ledger):
    def with_control(value):
        return ask(fake_gateway, headers={"Cache-Control": value})
    assert ask(fake_gateway)[0] == "miss"
    assert with_control("max-age=60")[0] == "hit"
    assert with_control("no-cache")[0] == "bypass"
    assert with_control("no-store")[0] == "bypass"
    assert with_control("max-age=0")[0] == "miss"
    assert len(ledger.prompts()) == 4
    assert ask(fake_gateway)[0] == "hit"
    # What no-store brings is not kept, what no-cache brings is.
    for control, then in (("no-store", "miss"), ("no-cache", "hit")):
        text = f"[[say:{control}]]"
        ask(fake_gateway, text, {"Cache-Control": control})
        assert ask(fake_gateway, text)[0] == then


def test_answers_get_old(start_fake):
    gateway = start_fake(cache__ttl_seconds=1)
    assert ask(gateway)[0] == "miss"
    kept = time.monotonic()
    wait_until(lambda: ask(gateway)[0] == "miss", 10, "the answer to get old")
    assert time.monotonic() - kept > 0.9


def test_tenants_never_share_answers(start_fake, ledger):
    keys = json.dumps([record("root", ADMIN, admin=True), record("alice", ALICE),
                       record("bob", BOB)])
    gateway = start_fake(key=ADMIN, auth__keys=keys)
    for key in (ALICE, BOB):
        assert [ask(gateway, key=key)[0] for _ in range(2)] == ["miss", "hit"]
    assert len(ledger.prompts()) == 2


def test_failures_are_not_kept(start_fake, ledger):
    gateway = start_fake(retry__attempts=0)
    for _ in range(2):
        status, headers, _ = gateway.chat("[[die_at:4]]", **COLD)
        assert status >= 500 and "x-ccapi-cache" not in headers
    assert len(ledger.prompts()) == 2
    gateway.chat("[[text:50]][[honour]]", max_tokens=5, **COLD)
    assert gateway.stats()["cache"]["entries"] == 0, "it was cut"


def test_a_thousand_equal_requests_at_a_time_are_one_turn(start_fake, ledger):
    gateway = start_fake(limits__queue_max=10)
    body = json.dumps({"messages": [{"role": "user", "content": "[[text:30]][[first:3000]]"}],
                       **COLD}).encode()
    head = (f"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost:{gateway.port}\r\n"
            f"Content-Type: application/json\r\nConnection: close\r\n"
            f"Content-Length: {len(body)}\r\n\r\n").encode()
    sockets = [socket.create_connection((gateway.host, gateway.port), 60) for _ in range(1000)]
    for each in sockets:
        each.settimeout(60)
        each.sendall(head + body)
    words = "".join(f"w{i} " for i in range(30))
    for each in sockets:
        answer = b""
        while piece := each.recv(65536):
            answer += piece
        each.close()
        assert answer.startswith(b"HTTP/1.1 200") and words.encode() in answer
        assert b"x-ccapi-cache: miss" in answer or b"x-ccapi-cache: hit" in answer
    assert len(ledger.prompts()) == 1
    assert gateway.stats()["turns"]["active"] == 0


def test_turn_goes_on_until_the_last_one_leaves(fake_gateway, ledger):
    one = ChatStream(fake_gateway, LONG, **COLD).open()
    one.read_contents(2)
    two = ChatStream(fake_gateway, LONG, **COLD).open()
    two.read_contents(1)
    assert len(ledger.prompts()) == 1
    one.hang_up()
    wait_until(lambda: fake_gateway.stats()["turns"]["cancelled"] == 1, 10, "the first to leave")
    two.read_contents(5)
    assert not ledger.lines("interrupt")
    two.hang_up()
    ledger.wait("interrupt")
    assert len(ledger.prompts()) == 1


def test_who_comes_later_has_the_answer_from_its_beginning(fake_gateway, ledger):
    text = "[[text:60]][[delay:20]]"
    one = ChatStream(fake_gateway, text, **COLD).open()
    one.read_contents(10)
    two = ChatStream(fake_gateway, text, **COLD).open()
    assert two.read_all().text() == one.read_all().text() == "".join(f"w{i} " for i in range(60))
    assert len(ledger.prompts()) == 1
    assert fake_gateway.stats()["cache"]["shared"] == 1


def test_keys_change_by_a_reload(start_fake, tmp_path):
    house = House(start_fake, tmp_path / "mine.toml")
    gateway = house.gateway
    assert [ask(gateway)[0] for _ in range(2)] == ["miss", "hit"]
    house.reload("[cache]\nenabled = false")
    _, headers, _ = gateway.chat("[[say:Well]]", **COLD)
    assert "x-ccapi-cache" not in headers
    cache = gateway.stats()["cache"]
    assert not cache["enabled"] and cache["entries"] == 0
    house.reload('[cache]\nscope = "all"')
    assert [use(gateway.chat("y")[1]) for _ in range(2)] == ["miss", "hit"]
    house.reload("[cache]\nentry_bytes_max = 1024")
    long = "x" * 2000
    assert ask(gateway, long)[0] == "bypass", "its key alone is too long"
    text = "[[text:1000]]"
    assert [ask(gateway, text)[0] for _ in range(2)] == ["miss", "miss"]


def entries_kept(start_fake, **settings):
    gateway = start_fake(server__io_threads=1, **settings)
    for number in range(5):
        assert ask(gateway, f"[[text:3000]] {number}")[0] == "miss"
    figures = gateway.stats()["cache"]
    assert ask(gateway, "[[text:3000]] 4")[0] == "hit"
    assert ask(gateway, "[[text:3000]] 0")[0] == "miss", "the least recently used one is gone"
    return figures


def test_no_more_answers_are_kept_than_allowed(start_fake):
    figures = entries_kept(start_fake, cache__max_entries=3)
    assert figures["entries"] == 3 and figures["evictions"] == 2


def test_answers_take_no_more_memory_than_allowed(start_fake):
    figures = entries_kept(start_fake, cache__bytes_max=64 << 10, cache__max_entries=1000)
    assert 0 < figures["entries"] < 5 and figures["bytes"] <= 64 << 10


@pytest.mark.real_cli
def test_real_cli_is_asked_once(gateway, api):
    for wanted in ("miss", "hit"):
        assert ask(gateway, model="claude-haiku-4-5")[0] == wanted
    assert len(api.posts()) == 1
