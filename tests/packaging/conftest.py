"""Where the program under test and the files of the package are."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGING = ROOT / "packaging"
FLAG = re.compile(r"(?<![\w-])(-[A-Za-z]|--[a-z][a-z-]+)(?![\w-])")


@pytest.fixture(scope="session")
def binary():
    candidates = (os.environ.get("CCAPI_BINARY"), ROOT / "build/release/claude-code-api",
                  ROOT / "build/dev/claude-code-api")
    found = next((Path(c).resolve() for c in candidates if c and Path(c).exists()), None)
    return found or pytest.fail("no gateway binary: build it or set CCAPI_BINARY")


@pytest.fixture(scope="session")
def flags_of_help(binary):
    """Every flag in the left column of --help."""
    text = subprocess.run([binary, "--help"], capture_output=True, text=True, check=True).stdout
    flags = set()
    for line in text.split("Options:")[1].split("Example:")[0].splitlines():
        if re.match(r" +-", line):
            flags |= set(FLAG.findall(re.split(r" {2,}", line.strip())[0]))
    assert "--help" in flags and "--port" in flags, text
    return flags


def required_program(name):
    """A program of the test packages; where it must be there (CI), its absence is a failure."""
    if shutil.which(name):
        return name
    if os.environ.get("CI") or os.environ.get("CCAPI_REQUIRE_PACKAGING"):
        pytest.fail(f"{name} is not installed: run scripts/install_dependencies.sh test")
    return pytest.skip(f"{name} is not installed")
