"""A gateway with a real CLI and one client process per row; keeps the matrix."""

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
for folder in (HERE, ROOT / "tests/e2e", ROOT / "tests/support"):
    sys.path.insert(0, str(folder))

from client_process import ClientProcess  # noqa: E402
from gateway import Gateway  # noqa: E402
from matrix import Matrix  # noqa: E402
from messages_api import MessagesApi  # noqa: E402
from programs import gateway_binary, installed_cli  # noqa: E402
from roster import CELLS, ROSTER  # noqa: E402

MATRIX = pytest.StashKey()


class Row:
    """What the tests of one row share: the client, its gateway, and what the gateway talks to."""

    def __init__(self, client, directory):
        self.client = client
        self.api = MessagesApi().start()
        self.gateway = Gateway(
            gateway_binary(), directory, installed_cli(client.cli),
            {"ANTHROPIC_API_KEY": "sk-ant-unused", "ANTHROPIC_BASE_URL": self.api.url}, {})
        self.gateway.take_baseline()
        self.process = ClientProcess(client, self.gateway.url, directory)
        self.order, self.ask = self.process.order, self.process.ask
        self.kept = {}  # reports that a later cell looks at again: every turn starts a CLI

    def finish(self):
        try:
            self.process.close()
        finally:
            self.gateway.finish()  # nothing left behind: processes, descriptors, turns
            self.api.stop()
        assert not self.api.defects, self.api.defects[0]


def pytest_addoption(parser):
    parser.addoption("--long", action="store_true", help="also the clients that are large")


def cell_of(test_name):
    return test_name.split("_")[1]


def pytest_configure(config):
    config.stash[MATRIX] = Matrix()


def pytest_generate_tests(metafunc):
    if "row" in metafunc.fixturenames:
        cell = cell_of(metafunc.function.__name__)
        chosen = [c for c in ROSTER if cell in c.cells
                  and (metafunc.config.getoption("--long") or not c.long)]
        metafunc.parametrize("row", chosen, ids=[c.title for c in chosen], indirect=True,
                             scope="module")


@pytest.fixture(scope="module")
def row(request, tmp_path_factory):
    made = Row(request.param, tmp_path_factory.mktemp("client"))
    for cell in set(CELLS) - set(request.param.cells):
        request.config.stash[MATRIX].record(request.param.title, made.process.version, cell, "-")
    yield made
    made.finish()


@pytest.fixture(autouse=True)
def _fresh(request):
    """Skips what does not apply to a client; every test starts with an empty record upstream."""
    if "row" not in request.fixturenames:
        yield
        return
    row = request.getfixturevalue("row")
    request.node.row = row
    cell = cell_of(request.node.originalname)
    if cell in row.client.not_applicable:
        pytest.skip(row.client.not_applicable[cell])
    row.api.clear()
    yield
    row.api.release()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    row = getattr(item, "row", None)
    if row and (report.when == "call" or report.outcome != "passed"):
        cell = cell_of(item.originalname)
        outcome = {"passed": "pass", "failed": "FAIL", "skipped": "n/a"}[report.outcome]
        item.config.stash[MATRIX].record(row.client.title, row.process.version, cell, outcome)
    return report


@pytest.fixture
def matrix(request):
    return request.config.stash[MATRIX]


def pytest_terminal_summary(terminalreporter, config):
    rows = config.stash[MATRIX].rows
    if rows:
        text = config.stash[MATRIX].markdown()
        terminalreporter.section("clients")
        terminalreporter.write(text)
        (ROOT / "build").mkdir(exist_ok=True)
        (ROOT / "build/clients.md").write_text("# Clients\n\n" + text)
