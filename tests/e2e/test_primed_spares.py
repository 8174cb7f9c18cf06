"""Spares that were told a system prompt before anybody asked, and whom they answer."""

import pytest

from conftest import CLI_VERSIONS
from resend import TELLS, Talk, assistant, system, user
from spare_pool import how_started, spares, wait_primed, wait_ready
from test_auth import ADMIN, ALICE, BOB, key_list, record


@pytest.mark.parametrize("version", CLI_VERSIONS)
def test_spare_is_told_the_usual_prompt_ahead(with_spares, ledger, version):
    gateway = with_spares(2, f"[[version:{version}]]")
    prompt = [system("You cook.")]
    for turn in range(2):
        assert how_started(Talk(gateway, prompt).say(f"one {turn}")) == "spare"
        wait_ready(gateway, 2)
    wait_primed(gateway, 1)
    primed = Talk(gateway, prompt)
    replies = primed.say_all("two", "three")
    assert how_started(replies[0]) == "primed spare" and replies[1].pid == replies[0].pid
    assert gateway.stats()["spares"]["primed_hits"] == 1
    assert primed.fork(3).say("three, in other words").status == 200
    history = Talk(gateway, [*prompt, user("a"), assistant("b")])
    wait_primed(gateway, 1)
    reply = history.say("c")
    assert (how_started(reply), reply.match) == ("primed spare", "seeded")
    wait_primed(gateway, 1)
    other = Talk(gateway, [system("You sing.")]).say("four")
    assert how_started(other) == "spare"
    # Nothing of what was told ahead is a question.
    assert {entry["text"] for entry in ledger.lines("prompt")} & {"Hello."} == set()


def test_dialogues_without_a_system_prompt_are_expected_too(with_spares):
    gateway = with_spares(2, "[[version:2.1.330]]")
    for turn in range(2):
        Talk(gateway).say(f"one {turn}")
        wait_ready(gateway, 2)
    wait_primed(gateway, 1)
    assert how_started(Talk(gateway).say("two")) == "primed spare"
    wait_primed(gateway, 1)
    assert how_started(Talk(gateway, [system("You sing.")]).say("three")) == "spare"


def test_primed_spare_serves_the_tenant_of_its_prompt_only(start_fake):
    gateway = start_fake(TELLS, key=ADMIN, **spares(2, auth__keys=key_list(
        record("alice", ALICE), record("bob", BOB))))
    prompt = [system("You cook.")]
    for turn in range(2):
        wait_ready(gateway, 2)
        Talk(gateway, prompt, key=ALICE).say(f"one {turn}")
    wait_primed(gateway, 1)
    assert how_started(Talk(gateway, prompt, key=BOB).say("two")) == "spare"
    wait_ready(gateway, 2)
    assert how_started(Talk(gateway, prompt, key=ALICE).say("two")) == "primed spare"


def test_no_spare_is_primed_if_that_is_not_wanted(with_spares):
    gateway = with_spares(2, process_pool__prime="false")
    for turn in range(3):
        assert how_started(Talk(gateway, [system("You cook.")]).say(f"{turn}")) == "spare"
        assert wait_ready(gateway, 2)["primed"] == 0


def test_prompt_that_is_too_long_for_it_is_told_with_the_first_turn(with_spares):
    gateway = with_spares(2)
    prompt = [system("x" * 100_000)]
    for turn in range(3):
        assert how_started(Talk(gateway, prompt).say(f"{turn}")) == "spare"
        assert wait_ready(gateway, 2)["primed"] == 0


def test_prompt_of_some_size_is_told_ahead_in_one_piece(with_spares):
    gateway = with_spares(2)
    prompt = [system("Grüße! " * 3_000)]
    for turn in range(2):
        Talk(gateway, prompt).say(f"{turn}")
        wait_ready(gateway, 2)
    wait_primed(gateway, 1)
    assert how_started(Talk(gateway, prompt).say("two")) == "primed spare"
