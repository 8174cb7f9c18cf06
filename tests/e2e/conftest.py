"""Fixtures: the stand-in for the Messages API, the fake and the real CLIs, gateways to test."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))

from cli_driver import CliDriver  # noqa: E402
from configuration import Program  # noqa: E402
from gateway import Gateway  # noqa: E402
from ledger import Ledger  # noqa: E402
from messages_api import MessagesApi  # noqa: E402
from programs import CLI_VERSIONS, fake_cli, gateway_binary, installed_cli  # noqa: E402
from resend import TELLS  # noqa: E402
from spare_pool import spares, wait_ready  # noqa: E402

ANSWERS = {"ANTHROPIC_API_KEY": "sk-ant-unused"}


# Files whose tests look at times, memory or load: nothing else runs beside them.
SERIAL = {"test_storm.py", "test_hostile_clients.py", "test_client_gone.py", "test_drain.py",
          "test_process_cap.py", "test_memory.py", "test_fair_waiting.py", "test_matching_model.py",
          "test_matching_real.py", "test_many_dialogues.py", "test_tools_model.py",
          "test_reload.py", "test_spares.py", "test_primed_spares.py", "test_browser.py"}


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.name in SERIAL:
            item.add_marker(pytest.mark.serial)


@pytest.fixture(scope="session")
def binary():
    return gateway_binary()


@pytest.fixture
def program(binary, tmp_path):
    return Program(binary, tmp_path)


@pytest.fixture(scope="session")
def fake_claude():
    return fake_cli()


@pytest.fixture(scope="session", params=CLI_VERSIONS)
def cli(request):
    """A real CLI; every test that uses it runs once per pinned version."""
    return installed_cli(request.param)


@pytest.fixture
def api():
    """The stand-in for the Messages API. Its own defects fail the test."""
    server = MessagesApi().start()
    yield server
    server.release()
    server.stop()
    assert not server.defects, server.defects[0]


@pytest.fixture
def ledger(tmp_path):
    return Ledger(tmp_path / "ledger.jsonl")


@pytest.fixture
def drive(tmp_path, api):
    """drive(program, script="", **options) -> CliDriver; closed at the end."""
    running = []

    def start(program, script="", environment=None, **options):
        driver = CliDriver(program, tmp_path, {
            **ANSWERS, "ANTHROPIC_BASE_URL": api.url, "ANTHROPIC_FAKE_SCRIPT": script,
            "ANTHROPIC_FAKE_LEDGER": str(tmp_path / "ledger.jsonl"),
            "ANTHROPIC_FAKE_STATE": str(tmp_path), **(environment or {})}, **options)
        running.append(driver)
        return driver

    yield start
    for driver in running:
        if driver.process.poll() is None:
            driver.process.kill()
        driver.close()


@pytest.fixture
def start(binary, tmp_path, request):
    """start(command, environment, arguments, key, **settings) -> Gateway, checked at the end."""
    running = []

    def start_gateway(command, environment=None, arguments=(), key=None, **settings):
        directory = tmp_path / f"gateway{len(running)}"
        directory.mkdir()
        keys = {name.replace("__", "."): value for name, value in settings.items()}
        gateway = Gateway(binary, directory, command, environment or {}, keys, arguments, key)
        running.append(gateway)
        gateway.take_baseline()
        return gateway

    yield start_gateway
    clean = request.node.get_closest_marker("killed") is None
    failures = []
    for gateway in running:  # all of them, whatever one has left behind
        try:
            gateway.finish(clean)
        except AssertionError as failure:
            failures.append(failure)
    if failures:
        raise failures[0]


@pytest.fixture
def gateway(start, cli, api):
    """A gateway with a real CLI that talks to the stand-in."""
    return start(cli, {**ANSWERS, "ANTHROPIC_BASE_URL": api.url})


@pytest.fixture
def start_fake(start, fake_claude, ledger, tmp_path):
    """start_fake(script, environment, arguments, key, **settings): a gateway with the fake CLI."""
    state = tmp_path / "state"
    state.mkdir()

    def start_with_fake(script="", environment=None, arguments=(), key=None, **settings):
        return start(fake_claude, {**ANSWERS, "ANTHROPIC_FAKE_LEDGER": str(ledger.path),
                                   "ANTHROPIC_FAKE_STATE": str(state),
                                   "ANTHROPIC_FAKE_FIXTURES": str(ROOT / "tests/fixtures/claude"),
                                   "ANTHROPIC_FAKE_SCRIPT": script, **(environment or {})},
                     arguments, key, **settings)

    return start_with_fake


@pytest.fixture
def fake_gateway(start_fake):
    return start_fake()


@pytest.fixture(params=CLI_VERSIONS)
def tells(request, start_fake):
    """tells(script, **settings): a gateway whose fake CLI rewinds as one of the versions does, and
    says in each answer what it was told."""
    return lambda script="", **settings: start_fake(
        f"{TELLS}[[version:{request.param}]]{script}", **settings)


@pytest.fixture
def newest(start_fake):
    """The same with the newest version only."""
    return lambda **settings: start_fake(TELLS, **settings)


@pytest.fixture
def with_spares(start_fake):
    """with_spares(count, script, **settings): a gateway whose spares are ready."""

    def start(count, script="", **settings):
        gateway = start_fake(TELLS + script, **spares(count, **settings))
        wait_ready(gateway, count)
        return gateway

    return start
