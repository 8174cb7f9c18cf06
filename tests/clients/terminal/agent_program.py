"""An agent program for the terminal: a run of it per question, beside a file that it can read."""

import json
import os
import subprocess
import sys
from pathlib import Path

from driver import serve

HERE, HOME = Path(__file__).resolve().parent, Path(os.environ["HOME"])
WORK = HOME / "work"
FILE_SAYS = "the harbour freezes in march"
NAME, MANIFEST, *PROGRAM = sys.argv[1:]

# What keeps the programs from asking others for news, updates and packages.
QUIET = {"opencode": {"OPENCODE_DISABLE_MODELS_FETCH": "1", "npm_config_offline": "true"},
         "cn": {"NODE_OPTIONS": f"--import={HERE / 'loopback_only.mjs'}"},
         # Its background process would outlive it.
         "cline": {"IS_TEST": "true", "CLINE_SESSION_BACKEND_MODE": "local"}}
CLINE_SETTINGS = {"telemetryOptOut": True, "autoUpdateEnabled": False}


class Failed(Exception):
    pass


def run(*arguments, timeout=60):
    """What it prints; it must succeed."""
    done = subprocess.run([*PROGRAM, *arguments], cwd=WORK, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=timeout,
                          env={**os.environ, **QUIET[NAME]})
    if done.returncode:
        raise Failed(f"exit code {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


def config(name):
    """The configuration that docs/clients.md shows, with the gateway's own address."""
    return (HERE / name).read_text().replace("http://127.0.0.1:8080/v1", os.environ["GATEWAY"])


def prepare():
    WORK.mkdir()
    (WORK / "notes.txt").write_text(FILE_SAYS + "\n")
    if NAME == "opencode":
        (WORK / "opencode.json").write_text(config("opencode.json"))
    elif NAME == "cn":
        (HOME / ".continue").mkdir()
        (HOME / ".continue/config.yaml").write_text(config("continue.yaml"))
    else:
        settings = HOME / ".cline/data/settings"
        settings.mkdir(parents=True)
        (settings / "global-settings.json").write_text(json.dumps(CLINE_SETTINGS))
        run("auth", "openai-compatible", "--apikey", "unused", "--baseurl", os.environ["GATEWAY"],
            "--modelid", "sonnet")


def tools(order):
    question = order["messages"][-1]["content"]
    # opencode quotes an argument that has spaces, so that the model gets it changed.
    arguments = {"opencode": ["run", *question.split()], "cn": ["-p", question]}
    return {"text": run(*arguments.get(NAME, [question]), timeout=order["timeout"])}


prepare()
serve({"tools": tools}, version=json.loads(Path(MANIFEST).read_text())["version"])
