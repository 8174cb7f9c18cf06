"""The systemd units: systemd itself reads them, and rates how closed the system service is."""

import re
import subprocess

import pytest

from conftest import PACKAGING, ROOT, required_program

# systemd's own "exposure level", 0 (closed) to 100. Today 13 to 17, by version of systemd.
EXPOSURE_MAX = 25


@pytest.fixture
def unit(tmp_path):
    """unit(kind) -> the unit as it is installed, with a program that exists on this machine."""
    def make(kind):
        folder = tmp_path / kind
        folder.mkdir()
        program = folder / "claude-code-api"
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
        text = (PACKAGING / f"systemd/{kind}.service.in").read_text()
        assert "@CCAPI_BINDIR@/claude-code-api" in text
        path = folder / "claude-code-api.service"
        path.write_text(text.replace("@CCAPI_BINDIR@", str(folder)).replace(
            "Documentation=man:claude-code-api(1)\n", ""))  # is not installed here
        return path

    return make


@pytest.mark.parametrize("kind, arguments", [("system", []), ("user", ["--user"])])
def test_systemd_accepts_the_unit(unit, kind, arguments, tmp_path):
    required_program("systemd-analyze")
    done = subprocess.run(["systemd-analyze", *arguments, "verify", unit(kind)],
                          capture_output=True, text=True,
                          env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path),
                               "XDG_RUNTIME_DIR": str(tmp_path)})
    ours = [line for line in done.stderr.splitlines() if "claude-code-api" in line]
    assert (done.returncode, ours) == (0, []), done.stderr


def test_the_system_service_is_closed(unit):
    required_program("systemd-analyze")
    done = subprocess.run(["systemd-analyze", "security", "--offline=yes",
                           f"--threshold={EXPOSURE_MAX}", "--no-pager", unit("system")],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def values_of(kind):
    text = (PACKAGING / f"systemd/{kind}.service.in").read_text()
    return dict(re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE))


@pytest.mark.parametrize("kind", ["system", "user"])
def test_systemd_waits_longer_than_the_gateway_drains(kind):
    import tomllib
    defaults = tomllib.loads((ROOT / "config/default.toml").read_text())
    needs = defaults["limits"]["drain_timeout_seconds"] + 3 * defaults["claude"]["close_grace_seconds"]
    assert int(values_of(kind)["TimeoutStopSec"]) > needs + 5


@pytest.mark.parametrize("kind", ["system", "user"])
def test_a_wrong_configuration_is_not_retried_and_the_engine_of_the_cli_can_run(kind):
    values = values_of(kind)
    assert values["RestartPreventExitStatus"] == "78"
    assert values["KillMode"] == "mixed"
    assert values["OOMPolicy"] == "continue"
    assert "MemoryDenyWriteExecute" not in values
