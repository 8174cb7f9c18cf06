"""A client that goes away is noticed in every phase; its turn is stopped and harms nobody."""

import http.client
import json
import random
import statistics
import time

import pytest

from proc_tree import wait_until
from sse import ChatStream

LONG = "[[text:10000]][[delay:20]]"


def interrupt_delay(gateway, ledger, number, reset):
    stream = ChatStream(gateway, LONG, conversation_id=f"c{number}").open()
    stream.read_contents(2)
    gone_at = stream.hang_up(reset)
    return ledger.wait("interrupt", number + 1)[-1]["t"] - gone_at


@pytest.mark.parametrize("reset", [False, True], ids=["fin", "reset"])
def test_hang_up_in_mid_answer_interrupts_the_cli_within_100_ms(fake_gateway, ledger, reset):
    delays = [interrupt_delay(fake_gateway, ledger, n, reset) for n in range(5)]
    # A loaded machine may be late now and then, but not each time.
    assert min(delays) < 0.1 and max(delays) < 1.0, delays


def test_conversation_goes_on_after_a_hang_up(fake_gateway, ledger):
    fake_gateway.answer("[[say:one]]", conversation_id="c")
    stream = ChatStream(fake_gateway, LONG, conversation_id="c").open()
    stream.read_contents(2)
    stream.hang_up()
    ledger.wait("interrupt")
    told = json.loads(fake_gateway.answer("[[dialogue]]", conversation_id="c"))
    assert told["messages"] == [["user", "[[say:one]]"], ["assistant", "one"],
                                ["user", "[[dialogue]]"]]


def test_hang_up_before_the_first_token_is_noticed(fake_gateway, ledger):
    stream = ChatStream(fake_gateway, "[[first:20000]]")
    ledger.wait("prompt")
    stream.hang_up()
    ledger.wait("interrupt")


def test_hang_up_of_a_plain_request_is_noticed(fake_gateway, ledger):
    connection = http.client.HTTPConnection(fake_gateway.host, fake_gateway.port, timeout=10)
    body = json.dumps({"messages": [{"role": "user", "content": LONG}]}).encode()
    connection.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
    ledger.wait("token", 2)
    connection.sock.close()
    ledger.wait("interrupt")


def test_hang_up_while_waiting_for_a_process_frees_the_place(start_fake, ledger):
    gateway = start_fake(claude__max_concurrent_sessions=1)
    first = ChatStream(gateway, LONG, conversation_id="a").open()
    first.read_contents(1)
    second = ChatStream(gateway, "never", conversation_id="b")
    wait_until(lambda: gateway.stats()["queue"]["length"] == 1, 5, "one to wait")
    second.hang_up()
    wait_until(lambda: gateway.stats()["queue"]["length"] == 0, 5, "the place to be free")
    first.hang_up()
    assert gateway.answer("later", conversation_id="c") == "You said: later"
    assert "never" not in ledger.prompts()


@pytest.mark.real_cli
def test_hang_up_reaches_upstream_of_a_real_cli(gateway, api):
    gateway.answer("[[say:one]]", conversation_id="c")
    stream = ChatStream(gateway, "[[text:50]][[hold:3]]", conversation_id="c").open()
    stream.read_contents(3)
    gone_at = stream.hang_up()
    api.wait(lambda posts: posts[-1].client_gone)
    assert api.last().gone_at - gone_at < 1.0
    gateway.answer("next", conversation_id="c")
    assert api.last().messages() == [("user", "[[say:one]]"), ("assistant", "one"),
                                     ("user", "next")]


@pytest.mark.real_cli
def test_process_of_an_interrupted_turn_goes_on_as_if_it_had_never_been(gateway, api):
    gateway.answer("[[say:one]]", conversation_id="c")
    pids = gateway.cli_pids()
    for _ in range(3):
        stream = ChatStream(gateway, "[[text:50]][[hold:3]]", conversation_id="c").open()
        stream.read_contents(3)
        stream.hang_up()
    assert gateway.answer("[[say:two]]", conversation_id="c") == "two"
    assert api.last().messages() == [("user", "[[say:one]]"), ("assistant", "one"),
                                     ("user", "[[say:two]]")]
    assert not any("interrupted" in text for text in api.last().raw_texts())
    assert gateway.cli_pids() == pids


def test_slow_reader_stops_the_cli_and_loses_nothing(start_fake, ledger):
    gateway = start_fake(limits__write_stall_timeout_seconds=60)
    stream = ChatStream(gateway, "[[big:12000000]][[size:4096]]", timeout=60).open()
    stream.read_contents(1)
    previous, deadline = -1, time.monotonic() + 20
    while (now := len(ledger.lines("token"))) != previous and time.monotonic() < deadline:
        previous = now
        time.sleep(0.5)
    assert now * 4096 < 8_000_000, "the CLI was not held back"
    assert gateway.answer("meanwhile") == "You said: meanwhile"
    assert len(stream.read_all().text()) == 12_000_000 and not stream.errors()


def test_slot_of_a_client_that_left_is_free_within_a_second(start_fake):
    gateway = start_fake(claude__max_concurrent_sessions=1)
    waits = []
    for number in range(3):
        stream = ChatStream(gateway, LONG, conversation_id=f"a{number}").open()
        stream.read_contents(2)
        gone_at = stream.hang_up()
        assert gateway.answer("x", conversation_id=f"b{number}") == "You said: x"
        waits.append(time.monotonic() - gone_at)
    assert statistics.median(waits) < 1 and max(waits) < 1.5, waits


@pytest.mark.real_cli
def test_many_hang_ups_leave_a_real_cli_in_order(gateway, api):
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    delays = []
    for number in range(20):
        text = dice.choice(["[[text:50]][[delay:5]]", "[[first:2000]]", "[[hold:0]]"])
        known = len(api.posts())
        stream = ChatStream(gateway, f"{number} {text}", conversation_id=f"c{number % 4}")
        if "delay" in text:
            stream.open().read_contents(dice.randrange(1, 20))
        else:
            api.wait(lambda posts, known=known: len(posts) > known)
        gone_at = stream.hang_up(dice.random() < 0.5)
        api.wait(lambda posts: posts[-1].client_gone)
        delays.append(api.last().gone_at - gone_at)
        wait_until(lambda: gateway.stats()["turns"]["active"] == 0, 2, "the turn to be over")
    print("upstream hears of it after ms:", sorted(round(delay * 1000) for delay in delays))
    assert sorted(delays)[10] < 0.3
    for number in range(4):
        assert gateway.answer("[[say:here]]", conversation_id=f"c{number}") == "here"
        assert api.last().messages() == [("user", "[[say:here]]")]
