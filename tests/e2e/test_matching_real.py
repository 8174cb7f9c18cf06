"""Clients that send the whole dialogue with every request, in front of the real CLIs: one process
per dialogue, and upstream sees what the client sent."""

import json
import re
import time

import pytest

import proc_tree
from conftest import ANSWERS
from programs import OLDEST_CLI
from resend import at_once

pytestmark = pytest.mark.real_cli

TITLE = ("### Task:\nGenerate a concise, 3-5 word title with an emoji summarizing the chat history."
         "\n### Chat History:\n<chat_history>\nUSER: {}\nASSISTANT: {}\n</chat_history>")
TAGS = TITLE.replace("a concise, 3-5 word title with an emoji", "1-3 broad tags")


class Chat:
    """An application with the official client that keeps the history itself."""

    def __init__(self, gateway, api, messages=()):
        self.client, self.api = gateway.client(), api
        self.messages = list(messages)
        self.matches, self.ids = [], []

    def say(self, text):
        """One turn, after which upstream must have seen the dialogue and the question, no more."""
        self.messages.append({"role": "user", "content": text})
        raw = self.client.chat.completions.with_raw_response.create(model="sonnet",
                                                                    messages=self.messages)
        answer = raw.parse()
        self.matches.append(raw.headers.get("x-ccapi-match"))
        self.ids.append(answer.conversation_id)
        sent = [(m["role"], m["content"]) for m in self.messages]
        posts = [post for post in self.api.posts() if post.last_user_text() == text]
        assert posts[-1].messages() == sent
        # As an application keeps it: the whole message object, with all that the client adds.
        self.messages.append(answer.choices[0].message.model_dump())
        return raw

    def fork(self, gateway, count):
        return Chat(gateway, self.api, self.messages[:count])


def test_chat_that_sends_everything_again_uses_one_process(gateway, api):
    chat = Chat(gateway, api)
    for turn in range(10):
        chat.say(f"question {turn}")
        assert len(gateway.cli_pids()) == 1
        before = before if turn else gateway.cli_pids()
        assert gateway.cli_pids() == before
    assert len(api.posts()) == 10
    # Each message came once, and in order.
    assert [text for _, text in api.last().messages()] == [
        text for turn in range(10) for text in (f"question {turn}", f"You said: question {turn}")
    ][:-1]
    assert chat.matches == ["fresh", *["continued"] * 9]
    assert len(set(chat.ids)) == 1


def test_stream_of_a_chat_that_sends_everything_again_uses_one_process(gateway, api):
    client, messages = gateway.client(), []
    for turn in range(3):
        messages.append({"role": "user", "content": f"question {turn}"})
        stream = client.chat.completions.create(model="sonnet", messages=messages, stream=True)
        text = "".join(c.choices[0].delta.content or "" for c in stream if c.choices)
        assert api.last().messages() == [(m["role"], m["content"]) for m in messages]
        messages.append({"role": "assistant", "content": text})
    assert len(gateway.cli_pids()) == 1


def test_regenerated_and_edited_turns_and_the_old_line_are_right_upstream(gateway, api):
    chat = Chat(gateway, api)
    for turn in range(8):
        chat.say(f"question {turn}")
    again = chat.fork(gateway, 14)  # the answer of the last turn anew
    again.say("question 7")
    assert again.matches == ["rewound"] and len(gateway.cli_pids()) == 1
    edited = chat.fork(gateway, 10)  # the fifth question put otherwise, twice
    edited.say("question 5, in other words")
    edited.say("and further")
    assert edited.matches[-1] == "continued"
    for turn in range(2):  # the line as it was before
        chat.say(f"back {turn}")
        edited.say(f"forth {turn}")
    first = Chat(gateway, api)  # the very first question edited
    first.say("question 0, in other words")
    assert len(gateway.cli_pids()) <= 4


def test_first_answer_asked_for_again_is_right_upstream(gateway, api):
    for _ in range(3):
        chat = Chat(gateway, api)
        chat.say("only question")
        chat.say("next")


def test_seeded_dialogue_is_taken_back_into_its_past(gateway, api):
    past = [{"role": role, "content": f"{role} {n}"} for n in range(4)
            for role in ("user", "assistant")]
    chat = Chat(gateway, api, past)
    chat.say("now")
    assert chat.matches == ["seeded"]
    other = Chat(gateway, api, past[:4])
    other.say("instead")
    other.say("and so on")
    assert other.matches[0] in ("rewound", "branched") and other.matches[1] == "continued"


def test_calls_for_titles_in_between_do_not_disturb_a_chat(gateway, api):
    """As Open WebUI does: after an answer it asks for a title and tags, by requests of their own
    that run beside the next turn."""
    chat = Chat(gateway, api)
    chat.say("question 0")
    own = gateway.cli_pids()
    for turn in range(1, 5):
        said = chat.messages[-2]["content"], chat.messages[-1]["content"]
        at_once(lambda: Chat(gateway, api).say(TITLE.format(*said)),
                lambda: Chat(gateway, api).say(TAGS.format(*said)),
                lambda: chat.say(f"question {turn}"))
        assert own[0] in gateway.cli_pids()
    assert chat.matches == ["fresh", *["continued"] * 4]
    assert len(set(chat.ids)) == 1


def test_system_prompt_is_part_of_what_is_known(gateway, api):
    prompts = [{"role": "system", "content": text} for text in ("Speak Latin.", "Speak Greek.")]
    chats = [Chat(gateway, api, [prompt]) for prompt in prompts]
    for turn in range(2):
        for chat, prompt in zip(chats, prompts):
            chat.messages.append({"role": "user", "content": f"question {turn}"})
            chat.client.chat.completions.create(model="sonnet", messages=chat.messages)
            assert api.last().system_blocks() == [prompt["content"]]
            assert len(api.last().messages()) == 2 * turn + 1
            chat.messages.append({"role": "assistant", "content": f"You said: question {turn}"})
    assert len(gateway.cli_pids()) == 2


def test_process_that_is_led_back_to_nothing_tells_upstream_nothing_of_before(start, api, cli):
    """Many dialogues of one turn, of which the last ones come after a rest. Only the newer version
    can take back its first message."""
    gateway = start(cli, {**ANSWERS, "ANTHROPIC_BASE_URL": api.url},
                    server__io_threads=1)  # each thread counts for itself

    def ask(number):
        question = [{"role": "system", "content": "Translate."},
                    {"role": "user", "content": f"text {number}"}]
        raw = gateway.client().chat.completions.with_raw_response.create(
            model="sonnet", messages=question)
        assert raw.headers["x-ccapi-match"] == "fresh"
        return comparable(api.last().body)

    first = [ask(number) for number in range(8)]
    began = time.monotonic()
    proc_tree.wait_until(lambda: time.monotonic() - began > 3.1, 10, "a rest")
    before = set(gateway.cli_pids())
    again = [ask(number) for number in range(8, 11)]
    added = len(set(gateway.cli_pids()) - before)
    assert (added == 0) == (OLDEST_CLI not in str(cli))
    for number, body in enumerate(again, 8):
        assert json.dumps(body).replace(f"text {number}", "text 0") == json.dumps(first[0])


def test_primed_spare_tells_upstream_nothing_of_what_it_was_told_ahead(start, api, cli):
    environment = {**ANSWERS, "ANTHROPIC_BASE_URL": api.url}
    plain = start(cli, environment, process_pool__size=0)
    primed = start(cli, environment, process_pool__size=2, process_pool__min_idle=2,
                   process_pool__reuse="false")

    def wait_spares(ready_and_primed):
        def found():
            shown = primed.stats()["spares"]
            return (shown["ready"], shown["primed"]) == ready_and_primed
        proc_tree.wait_until(found, 20, f"spares, not {primed.stats()['spares']}")

    def ask(gateway, text, before=(), **fields):
        """How the process was started, and what upstream was sent."""
        raw = gateway.client().chat.completions.with_raw_response.create(
            model="sonnet", **fields, messages=[{"role": "system", "content": "You cook."}, *before,
                                                {"role": "user", "content": text}])
        how = re.search(r'boot;[^,]*desc="([^"]*)"', raw.headers["server-timing"])
        return how and how[1], json.dumps(comparable(api.last().body))

    for number in range(2):
        wait_spares((2, 0))
        assert ask(primed, f"a habit {number}")[0] == "spare"
    history = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    for turn in ({}, {"temperature": 0.5, "max_tokens": 77}, {"before": history}):
        wait_spares((2, 1))
        how, body = ask(primed, "question", **turn)
        assert how == "primed spare"
        assert (None, body) == ask(plain, "question", **turn)


def comparable(body):
    """All of a request's body but what names the process."""
    return {name: value for name, value in body.items() if name != "metadata"}
