"""Runs the binary for its output, and writes configurations in every form that it reads."""

import json
import subprocess
import tomllib


class Program:
    """Runs of the binary that end by themselves, in a directory of their own."""

    def __init__(self, binary, directory):
        self.binary, self.directory = binary, directory

    def __call__(self, *arguments, expect=0, **variables):
        """(stdout, stderr)"""
        ran = subprocess.run(
            [self.binary, *map(str, arguments)], capture_output=True, text=True, timeout=20,
            cwd=self.directory,
            env={"PATH": "/usr/bin:/bin", "HOME": str(self.directory), **variables})
        assert ran.returncode == expect, ran
        return ran.stdout, ran.stderr

    def configuration(self, *arguments, **variables):
        """{key: value} of --print-config."""
        return flat(tomllib.loads(self("--print-config", *arguments, **variables)[0]))


def flat(tables):
    """{"section.key": value}; deeper tables are values."""
    return {f"{section}.{name}": value for section, table in tables.items()
            for name, value in table.items()}


def variable(key):
    return "CLAUDE_CODE__" + key.upper().replace(".", "__")


def as_text(value):
    """How a variable says it."""
    return value if isinstance(value, str) else json.dumps(value)


def as_toml(value):
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[" + ", ".join("{" + ", ".join(f"{n} = {as_toml(v)}" for n, v in each.items()) + "}"
                               for each in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(n)} = {json.dumps(v)}" for n, v in value.items()) + "}"
    return json.dumps(value)


def as_file(values):
    sections = {}
    for key, value in values.items():
        section, name = key.split(".")
        sections.setdefault(section, []).append(f"{name} = {as_toml(value)}")
    return "".join(f"[{name}]\n" + "\n".join(lines) + "\n" for name, lines in sections.items())
