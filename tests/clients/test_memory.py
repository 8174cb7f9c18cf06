"""A library that keeps the dialogue and sends all of it each time uses one process per dialogue."""

import pytest

from conftest import Row
from roster import ROSTER


@pytest.fixture(params=[client for client in ROSTER if client.name == "LangChain (Python)"],
                ids=lambda client: client.title)
def langchain(request, tmp_path):
    made = Row(request.param, tmp_path)
    yield made
    made.finish()


def test_memory_of_langchain_finds_its_process_again(langchain):
    pids, texts = {}, {"a": [], "b": []}
    for turn in range(5):
        for session, known in texts.items():
            text = f"question {turn} of {session}"
            report = langchain.process.ask("remember", text, session=session)
            known.append(("user", text))
            assert langchain.api.last().messages() == known
            known.append(("assistant", report["text"]))
            pids.setdefault(session, langchain.gateway.cli_pids())
    assert len(langchain.api.posts()) == 10
    assert langchain.gateway.cli_pids() == sorted({*pids["a"], *pids["b"]})
    assert len(langchain.gateway.cli_pids()) == 2
    assert langchain.gateway.stats()["matches"]["continued"] == 8
