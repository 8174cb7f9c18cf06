"""Completions: loaded into a real shell, asked as the shell asks them, compared with --help."""

import re
import subprocess

import pytest

from conftest import FLAG, PACKAGING, required_program

FOLDER = PACKAGING / "completions"
BASH = FOLDER / "claude-code-api.bash"

# Completes the words given as arguments, the last one being what is typed so far.
ASK = r"""
source "$1"; shift
words=$(complete -p "$1") || exit 1
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_claude_code_api
printf '%s\n' "${COMPREPLY[@]}"
"""


def complete(*words, cwd=None):
    done = subprocess.run(["bash", "--norc", "-c", ASK, "bash", BASH, *words],
                          capture_output=True, text=True, cwd=cwd)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return [line for line in done.stdout.splitlines() if line]


@pytest.mark.parametrize("program", ["claude-code-api", "ccapi"])
def test_bash_knows_both_names(program):
    assert complete(program, "--po") == ["--port"]


def test_bash_offers_exactly_the_flags_of_help(flags_of_help):
    assert set(complete("ccapi", "")) == flags_of_help


def test_bash_completes_values_in_both_forms():
    assert complete("ccapi", "--log-level", "w") == ["warning"]
    assert complete("ccapi", "--log-level", "=", "w") == ["warning"]
    assert "debug" in complete("ccapi", "--log-level", "=")
    assert complete("ccapi", "--host", "127") == ["127.0.0.1"]
    assert complete("ccapi", "--port", "8") == []


def test_bash_offers_configuration_files_and_folders(tmp_path):
    (tmp_path / "local.toml").touch()
    (tmp_path / "notes.txt").touch()
    (tmp_path / "later").mkdir()
    assert sorted(complete("ccapi", "--config", "l", cwd=tmp_path)) == ["later", "local.toml"]


def test_log_levels_are_those_that_the_program_takes(binary, tmp_path):
    for level in complete("ccapi", "--log-level", ""):
        done = subprocess.run([binary, "--check-config", "--log-level", level], cwd=tmp_path,
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def test_zsh_and_fish_name_the_same_flags(flags_of_help):
    zsh = set(FLAG.findall(re.sub(r"\[[^]]*\]", "", (FOLDER / "_claude-code-api").read_text())))
    assert zsh - {"-s", "-g", "-e"} == flags_of_help
    fish = (FOLDER / "claude-code-api.fish").read_text()
    flags = {"--" + name for name in re.findall(r" -l ([a-z-]+)", fish)}
    flags |= {"-" + name for name in re.findall(r" -s ([A-Za-z])", fish)}
    assert flags == flags_of_help


def test_zsh_reads_its_file():
    required_program("zsh")
    done = subprocess.run(["zsh", "-fn", FOLDER / "_claude-code-api"], capture_output=True,
                          text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_fish_completes():
    required_program("fish")
    done = subprocess.run(
        ["fish", "--no-config", "-c",
         f"source {FOLDER / 'claude-code-api.fish'}; complete -C 'ccapi --po'"],
        capture_output=True, text=True)
    assert done.stdout.split()[:1] == ["--port"], done.stdout + done.stderr
