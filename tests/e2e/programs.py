"""Where the programs under test are: the pinned real CLIs and what the build made."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# The oldest that is supported and the newest that was tested; scripts/test.sh --long also has those
# between them.
OLDEST_CLI, NEWEST_CLI = "2.1.197", "2.1.332"
CLI_VERSIONS = os.environ.get("CCAPI_CLI_VERSIONS", f"{OLDEST_CLI} {NEWEST_CLI}").split()


def first_that_exists(*candidates):
    return next((Path(c).resolve() for c in candidates if c and Path(c).exists()), None)


def gateway_binary():
    found = first_that_exists(os.environ.get("CCAPI_BINARY"), ROOT / "build/dev/claude-code-api",
                              ROOT / "build/release/claude-code-api")
    return found or pytest.fail("no gateway binary: build it or set CCAPI_BINARY")


def fake_cli():
    given = os.environ.get("CCAPI_BINARY")
    found = first_that_exists(os.environ.get("CCAPI_FAKE_CLAUDE"),
                              given and Path(given).parent / "fake_claude",
                              ROOT / "build/dev/fake_claude", ROOT / "build/bench/fake_claude")
    return found or pytest.fail("no fake_claude: build it or set CCAPI_FAKE_CLAUDE")


def installed_cli(version):
    """Path of a pinned CLI. Where it must be there (CI), its absence is a failure, not a skip."""
    folder = Path(os.environ.get("CCAPI_CLI_DIR", ROOT / "build/cli"))
    program = folder / version / "node_modules/.bin/claude"
    if not program.exists():
        text = f"Claude CLI {version} is not installed in {folder}: run scripts/test.sh"
        if os.environ.get("CI") or os.environ.get("CCAPI_REQUIRE_CLI"):
            pytest.fail(text)
        pytest.skip(text)
    said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=30,
                          env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"}).stdout
    assert said.startswith(version + " "), f"{program} is {said!r}"
    return program.resolve()
