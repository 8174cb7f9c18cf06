"""Requests that are sent again with their Idempotency-Key: worked on once, paid once."""

import concurrent.futures
import json

import pytest

from proc_tree import wait_until
from sse import ChatStream
from test_auth import ADMIN, ALICE, BOB, record
from test_reload import House

SLOW = "[[text:200]][[delay:20]]"


def keyed(key="k"):
    return {"Idempotency-Key": key}


def ask(gateway, text="[[say:Well]]", key="k", api_key=..., **fields):
    """(status, headers, body) of a whole answer."""
    body = {"messages": [{"role": "user", "content": text}], **fields}
    status, headers, answer = gateway.request("POST", "/v1/chat/completions", body, keyed(key),
                                              key=api_key)
    return status, headers, json.loads(answer)


def replayed(headers):
    return headers.get("idempotent-replayed") == "true"


def test_official_client_gets_the_same_answer_and_pays_once(fake_gateway, ledger):
    client = fake_gateway.client()
    asked = {"model": "sonnet", "messages": [{"role": "user", "content": "[[text:20]]"}]}
    answers = [client.chat.completions.create(**asked, extra_headers=keyed()) for _ in range(3)]
    assert answers[0].id and all(each == answers[0] for each in answers)
    streams = [list(client.chat.completions.create(**asked, stream=True,
                                                   extra_headers=keyed("s"))) for _ in range(2)]
    assert streams[0] == streams[1] and len(streams[0]) > 5
    assert len(ledger.prompts()) == 2
    assert fake_gateway.stats()["idempotency"] == {"replays": 3}


@pytest.mark.parametrize("threads", [1, 3])
def test_a_retry_finds_the_turn_that_its_client_left(start_fake, ledger, threads):
    gateway = start_fake(server__io_threads=threads)
    for turn in range(4):
        first = ChatStream(gateway, SLOW, headers=keyed(str(turn))).open()
        first.read_contents(3)
        first.close()
        again = ChatStream(gateway, SLOW, headers=keyed(str(turn))).open()
        assert again.status == 200 and replayed(again.headers)
        again.read_all()
        assert again.done() and len(again.text().split()) == 200
        assert again.frames[0][1] == first.frames[0][1], "the same id from the beginning"
    assert len(ledger.prompts()) == 4
    assert gateway.stats()["turns"]["cancelled"] == 0


@pytest.mark.parametrize("threads", [1, 3])
def test_many_at_a_time_are_one_turn(start_fake, ledger, threads):
    gateway = start_fake(server__io_threads=threads)
    with concurrent.futures.ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(lambda _: ask(gateway, "[[text:30]][[first:300]]"), range(40)))
    assert {status for status, _, _ in answers} == {200}
    assert len({json.dumps(body) for _, _, body in answers}) == 1
    assert sum(replayed(headers) for _, headers, _ in answers) == 39
    assert len(ledger.prompts()) == 1


def test_streams_joined_late_have_all_of_it(start_fake):
    gateway = start_fake(server__io_threads=2)
    streams = []
    for count in (1, 20, 60, 100):
        streams.append(ChatStream(gateway, SLOW, headers=keyed()).open())
        streams[0].read_contents(count)
    for stream in streams:
        stream.read_all()
        assert stream.done() and stream.text() == streams[0].text()


def test_choices_and_calls_come_again(fake_gateway, ledger):
    first = ask(fake_gateway, "[[text:5]]", n=2)[2]
    assert ask(fake_gateway, "[[text:5]]", n=2)[2] == first and len(first["choices"]) == 2
    assert len(ledger.prompts()) == 2


def test_key_belongs_to_one_request_of_one_tenant(start_fake, ledger):
    keys = json.dumps([record("root", ADMIN, admin=True), record("alice", ALICE),
                       record("bob", BOB)])
    gateway = start_fake(key=ADMIN, auth__keys=keys)
    first = ask(gateway, api_key=ALICE)[2]
    status, headers, other = ask(gateway, api_key=BOB)
    assert status == 200 and not replayed(headers) and other["id"] != first["id"]
    status, headers, refusal = ask(gateway, "another", api_key=ALICE)
    assert status == 422 and refusal["error"]["code"] == "idempotency_key_reused"
    assert headers["x-should-retry"] == "false"
    assert ask(gateway, api_key=ALICE)[2] == first
    assert len(ledger.prompts()) == 2


@pytest.mark.killed
@pytest.mark.parametrize("way", ["stopped", "killed"])
def test_a_retry_after_a_restart_gets_the_same_answer(start_fake, ledger, tmp_path, way):
    def start():
        return start_fake(store__path=tmp_path / "kept.sqlite")
    asked = {"conversation_id": "alice"}
    gateway = start()
    first = ask(gateway, **asked)[2]
    stream = ChatStream(gateway, "[[text:20]]", headers=keyed("s")).open()
    stream.read_all()
    wait_until(lambda: gateway.stats()["store"]["writes"] == 4, 10, "the answers to be kept")
    end = {"killed": gateway.kill, "stopped": gateway.stop}[way]
    end()
    gateway = start()
    status, headers, again = ask(gateway, **asked)
    assert status == 200 and replayed(headers) and again == first
    streamed = ChatStream(gateway, "[[text:20]]", headers=keyed("s")).open()
    streamed.read_all()
    assert replayed(streamed.headers)
    assert [data for _, data in streamed.frames] == [data for _, data in stream.frames]
    assert ask(gateway, "another", **asked)[0] == 422
    assert len(ledger.prompts()) == 2
    assert gateway.request("GET", "/v1/conversations/alice")[0] == 200
    assert gateway.stats()["turns"]["submitted"] == 0


@pytest.mark.killed
def test_kept_answers_belong_to_their_tenant_and_end_in_time(start_fake, ledger, tmp_path):
    keys = json.dumps([record("root", ADMIN, admin=True), record("alice", ALICE),
                       record("bob", BOB)])

    def start(**settings):
        return start_fake(key=ADMIN, auth__keys=keys, store__path=tmp_path / "kept.sqlite",
                          **settings)
    gateway = start()
    first = ask(gateway, api_key=ALICE)[2]
    gateway.stop()
    gateway = start()
    status, headers, other = ask(gateway, api_key=BOB)
    assert status == 200 and not replayed(headers) and other["id"] != first["id"]
    assert ask(gateway, api_key=ALICE)[2] == first
    gateway.stop()
    gateway = start(idempotency__ttl_seconds=1)
    wait_until(lambda: not replayed(ask(gateway, api_key=ALICE)[1]), 10,
               "the answer to be forgotten")


def test_a_store_that_does_not_work_keeps_no_turn_back(start_fake, ledger, tmp_path):
    (tmp_path / "kept.sqlite").write_bytes(b"no database" * 1000)
    gateway = start_fake(store__path=tmp_path / "kept.sqlite")
    first = ask(gateway)
    assert first[0] == 200 and ask(gateway)[2] == first[2]
    assert len(ledger.prompts()) == 1


def test_losses_are_tried_again(start_fake, ledger):
    gateway = start_fake(retry__attempts=0)
    for _ in range(2):
        status, headers, _ = ask(gateway, "[[die_at:4]]")
        assert status >= 500 and not replayed(headers)
    assert len(ledger.prompts()) == 2


def test_audit_line_tells_what_became_of_each(fake_gateway):
    def is_end(line):
        return line.get("msg") == "request ended" and "outcome" in line
    line = fake_gateway.wait_next_log(is_end, lambda: ask(fake_gateway))
    assert line["outcome"] == "finished" and line["completion_tokens"] > 0
    line = fake_gateway.wait_next_log(is_end, lambda: ask(fake_gateway))
    assert line["outcome"] == "replayed" and line["cost_micro_usd"] == 0

    def leave():
        stream = ChatStream(fake_gateway, SLOW, headers=keyed("left")).open()
        stream.read_contents(1)
        stream.close()
    line = fake_gateway.wait_next_log(
        lambda line: line.get("msg") == "request went on without its client", leave)
    assert line["outcome"] == "finished" and line["completion_tokens"] > 0


def test_keys_change_by_a_reload(start_fake, tmp_path, ledger):
    house = House(start_fake, tmp_path / "mine.toml", "[idempotency]\ngrace_seconds = 0\n")
    gateway = house.gateway
    stream = ChatStream(gateway, SLOW, headers=keyed("gone")).open()
    stream.read_contents(1)
    stream.close()
    wait_until(lambda: gateway.stats()["turns"]["cancelled"] == 1, 10, "the turn to end")
    assert not replayed(ask(gateway)[1]) and replayed(ask(gateway)[1])
    house.reload("[idempotency]\nttl_seconds = 1")
    wait_until(lambda: not replayed(ask(gateway)[1]), 10, "the answer to be forgotten")
    house.reload("[idempotency]\nbytes_max = 65536")
    text = "[[text:20000]]"
    assert len(ask(gateway, text, "long")[2]["choices"][0]["message"]["content"]) > 65536
    assert not replayed(ask(gateway, text, "long")[1])


@pytest.mark.real_cli
def test_real_cli_is_asked_once(gateway, api):
    first = ask(gateway, "Hello", model="claude-haiku-4-5")
    again = ask(gateway, "Hello", model="claude-haiku-4-5")
    assert first[0] == 200 and again[2] == first[2] and replayed(again[1])
    assert len(api.posts()) == 1
