"""The container file, as far as it can be checked without an engine that builds it: a parser reads
it, and what it copies, runs and promises fits the rest."""

import io
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from dockerfile_parse import DockerfileParser

from conftest import PACKAGING, ROOT

FILE = PACKAGING / "Containerfile"


@pytest.fixture(scope="module")
def instructions():
    parser = DockerfileParser(fileobj=io.BytesIO(FILE.read_bytes()))
    return [(item["instruction"], item["value"]) for item in parser.structure
            if item["instruction"] != "COMMENT"]


@pytest.fixture(scope="module")
def last_stage(instructions):
    begin = max(i for i, (name, _) in enumerate(instructions) if name == "FROM")
    return instructions[begin:]


def values(instructions, wanted):
    return [value for name, value in instructions if name == wanted]


def test_only_known_instructions_are_used(instructions):
    assert {name for name, _ in instructions} <= {
        "FROM", "ARG", "ENV", "WORKDIR", "COPY", "RUN", "VOLUME", "EXPOSE", "USER", "HEALTHCHECK",
        "ENTRYPOINT"}


def test_stages_that_files_are_taken_from_exist(instructions):
    stages = {match[1] for value in values(instructions, "FROM")
              if (match := re.search(r" AS (\w+)$", value))}
    used = {match[1] for value in values(instructions, "COPY")
            if (match := re.match(r"--from=(\w+)", value))}
    assert used and used <= stages


def test_files_that_are_copied_exist(instructions):
    sources = [value.split()[0] for value in values(instructions, "COPY")
               if not value.startswith("--from")]
    assert sources and all((ROOT / source).exists() for source in sources)


def test_shell_commands_are_valid(instructions):
    for command in values(instructions, "RUN"):
        done = subprocess.run(["sh", "-n", "-c", command], capture_output=True, text=True)
        assert done.returncode == 0, f"{command}: {done.stderr}"


def test_it_runs_the_installed_program_as_an_ordinary_user(last_stage):
    assert values(last_stage, "USER") == ["10001:10001"]
    assert json.loads(values(last_stage, "ENTRYPOINT")[0]) == ["/usr/bin/claude-code-api"]


def test_variables_are_keys_that_the_program_takes(last_stage, binary, tmp_path):
    variables = dict(word.split("=", 1) for word in " ".join(values(last_stage, "ENV")).split())
    assert variables["CLAUDE_CODE__SERVER__HOST"] == "0.0.0.0"
    base = {"PATH": "/usr/bin:/bin", **variables}
    printed = subprocess.run([binary, "--print-config"], env=base, cwd=tmp_path,
                             capture_output=True, text=True)
    assert printed.returncode == 0, printed.stderr
    # Open to everybody is refused, by the program itself.
    checked = subprocess.run([binary, "--check-config"], env=base, cwd=tmp_path,
                             capture_output=True, text=True)
    assert checked.returncode == 78 and "Refusing to listen on 0.0.0.0" in checked.stderr


def test_no_secret_is_part_of_the_image(instructions):
    for name, value in instructions:
        if name in ("ENV", "ARG"):
            assert not re.search(r"KEY|TOKEN|SECRET|PASSWORD", value), value
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {".git", ".env", "config/local.toml", "build"} <= set(ignored)


def test_the_pinned_cli_is_one_that_is_tested(instructions):
    version = dict(value.split("=") for value in values(instructions, "ARG"))["CLAUDE_CLI_VERSION"]
    assert version in (ROOT / "scripts/test.sh").read_text()


def test_the_program_of_the_cli_runs_alone(tmp_path):
    """The image takes one file of the npm package, without Node.js."""
    folder = Path(os.environ.get("CCAPI_CLI_DIR", ROOT / "build/cli"))
    cli = folder / "2.1.332/node_modules/@anthropic-ai/claude-code/bin/claude.exe"
    if not cli.exists():
        pytest.skip("run scripts/install_cli.sh 2.1.332")
    alone = Path(shutil.copy(cli, tmp_path / "claude"))
    said = subprocess.run([alone, "--version"], capture_output=True, text=True, timeout=60,
                          env={"PATH": "/nonexistent", "HOME": "/nonexistent"}).stdout
    assert said.startswith("2.1.332 ")
