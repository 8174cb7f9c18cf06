"""The manual page says what --help says, and renders without a complaint."""

import re
import subprocess

from conftest import FLAG, PACKAGING, required_program

PAGE = PACKAGING / "man/claude-code-api.1"


def documented_flags():
    """The flags that have an entry of their own in the list of options."""
    options = PAGE.read_text().split(".Sh CONFIGURATION")[0].split(".Sh DESCRIPTION")[1]
    flags = set()
    for line in options.splitlines():
        if line.startswith(".It "):
            for word in re.findall(r"Fl (\S+)", line):
                flags.add("-" + word)
    return flags


def test_every_flag_is_in_the_manual_and_every_flag_of_the_manual_exists(flags_of_help):
    assert documented_flags() == flags_of_help


def test_flags_in_synopsis_and_examples_exist(flags_of_help):
    lines = PAGE.read_text().replace("Fl ", "-").splitlines()
    used = set(FLAG.findall("\n".join(line for line in lines if line.startswith(
        ("$ claude-code-api", ".Op -", ".Cm --", ".Op Ar")))))
    assert "--check-config" in used and "-p" in used
    assert used - flags_of_help == set()


def test_the_manual_renders_without_warnings():
    # groff is what man uses, with all its warnings on.
    required_program("groff")
    done = subprocess.run(["groff", "-ww", "-mandoc", "-Tutf8", PAGE], capture_output=True)
    assert done.stderr.decode() == ""
    assert "--check-config" in done.stdout.decode().replace("‐", "-").replace("−", "-")


def test_the_manual_is_clean_mdoc():
    required_program("mandoc")
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", PAGE], capture_output=True,
                          text=True)
    assert done.stdout + done.stderr == ""


def test_exit_codes_of_the_manual_are_those_of_the_program(binary, tmp_path):
    def code(*arguments):
        return subprocess.run([binary, *arguments], capture_output=True, cwd=tmp_path,
                              env={"PATH": "/usr/bin:/bin"}, timeout=30).returncode

    assert code("--check-config") == 0
    assert code("--version") == 0
    assert code("--no-such-flag") == 78
    assert code("--port", "none") == 78
    assert code("--check-config", "--host", "0.0.0.0") == 78
    assert code("--host", "192.0.2.1", "--port", "0") == 78  # before any attempt to listen there
