"""The Debian package, installed in a clean Debian 12: what the administrator gets, runs and is rid
of again. Needs root (mounts, chroot) and a mirror of Debian."""

import functools
import json
import os
import re
import shlex
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from booted_root import BootedRoot
from clean_root import UNSHARE, CleanRoot, run
from conftest import ROOT, required_program

sys.path.insert(0, str(ROOT / "tests/support"))

NAME = "claude-code-api"
UNIT = "usr/lib/systemd/system/claude-code-api.service"
# The log says so, or the text that a person sees at the start.
LISTENS = r"listens (?:address=|on +http://)(\S+)"
CONFIG = "etc/claude-code-api/config.toml"
CACHE = Path(os.environ.get("CCAPI_PACKAGE_CACHE", ROOT / "build/package/cache"))

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def package():
    found = sorted((ROOT / "build/package").glob("*.deb"))
    return found[-1] if found else pytest.fail("no package: run scripts/package.sh")


@pytest.fixture(scope="module")
def empty_root(tmp_path_factory):
    able = os.geteuid() == 0 and subprocess.run([*UNSHARE, "true"]).returncode == 0
    if not able:
        text = "installing the package in a clean root needs root and the right to mount"
        pytest.fail(text) if os.environ.get("CI") else pytest.skip(text)
    required_program("mmdebstrap")
    folder = tmp_path_factory.mktemp("root")
    folder.chmod(0o755)
    yield CleanRoot(folder, CACHE)
    run("rm", "-rf", folder)


@pytest.fixture(scope="module")
def root(empty_root, package):
    """The root with the package installed; all dependencies come from Debian."""
    assert empty_root.named_after(NAME) == []
    run("cp", package, empty_root.path / "tmp")
    empty_root.apt("update")
    empty_root.apt("install", "--no-install-recommends", f"/tmp/{package.name}")
    (empty_root.path / "tmp" / package.name).unlink()
    return empty_root


def uid_in(root, user):
    line = next(line for line in (root.path / "etc/passwd").read_text().splitlines()
                if line.startswith(user + ":"))
    return int(line.split(":")[2]), int(line.split(":")[3]), line.split(":")[5]


def ask_at(url, path, body=None):
    """What the service answers; no proxy of this machine may come in between."""
    request = urllib.request.Request(url + path, body and json.dumps(body).encode(),
                                     {"Content-Type": "application/json"} if body else {})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=60) as answer:
        return answer.read().decode()


class Service:
    """Starts what the installed unit says, as systemd would: its command line, user, working
    directory, state directory and variables."""

    def __init__(self, root, *arguments, **variables):
        text = (root.path / UNIT).read_text()
        values = dict(re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE))
        state = f"/var/lib/{values['StateDirectory']}"
        assert values["Environment"].replace("%S", "/var/lib") == f"HOME={state}"
        uid, gid, home = uid_in(root, values["User"])
        assert home == state
        folder = root.path / state[1:]
        folder.mkdir(exist_ok=True)
        folder.chmod(int(values["StateDirectoryMode"], 8))
        os.chown(folder, uid, gid)
        environment = {"HOME": state, "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin",
                       "CLAUDE_CODE__SERVER__PORT": "0", **variables}
        script = f'cd {values["WorkingDirectory"]} && exec "$@"'
        command = root.command(
            "sh", "-c", script, "sh", "setpriv", f"--reuid={uid}", f"--regid={gid}",
            "--clear-groups", "--no-new-privs", "--bounding-set=-all", "env", "-i",
            *[f"{name}={value}" for name, value in environment.items()],
            *shlex.split(values["ExecStart"]), *arguments)
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True)
        self.log = []
        for line in self.process.stdout:
            self.log.append(line)
            if found := re.search(LISTENS, line):
                self.url = f"http://{found[1]}"
                break
        else:
            pytest.fail("the service ended: " + "".join(self.log))
        self.uid = uid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(10)
        self.process.stdout.close()

    def ask(self, path, body=None):
        return ask_at(self.url, path, body)

    def gateway_pid(self):
        """unshare's child: process 1 of the root."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return int(children.split()[0])

    def stop(self):
        os.kill(self.gateway_pid(), 15)
        return self.process.wait(20)


def test_nothing_is_started_or_enabled_by_installing(root):
    assert "install ok installed" in root.run("dpkg-query", "-W", "-f", "${Status}", NAME)
    wanted = [path for path in root.named_after(NAME + ".service") if "/etc/" in path]
    assert wanted == []


def test_files_have_the_right_owner_and_mode(root):
    _, gid, _ = uid_in(root, NAME)
    found = (root.path / CONFIG).stat()
    assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (0, gid, 0o640)
    assert root.run("dpkg", "--verify", NAME) == ""
    writable = run("find", root.path / "usr", "-xdev", "-perm", "/022", "-not", "-type", "l",
                   "-name", f"*{NAME}*")
    assert writable == ""


def test_the_installed_configuration_changes_nothing(root):
    assert "valid" in root.run("ccapi", "--check-config")
    origins = root.run("ccapi", "--print-config")
    assert "default" in origins and "/etc/claude-code-api" not in origins


def test_the_installed_configuration_names_every_key(root):
    text = (root.path / CONFIG).read_text()
    plain = re.sub(r"^#(?=\[?[\w\"])", "", text, flags=re.MULTILINE)
    import tomllib
    assert tomllib.loads(plain) == tomllib.loads((ROOT / "config/default.toml").read_text())


@pytest.mark.parametrize("name", [NAME, "ccapi"])
def test_both_names_work_and_have_a_manual(root, name):
    assert root.run(name, "--version").startswith("claude-code-api ")
    page = root.run("man", "--pager=cat", name)
    assert "CLAUDE-CODE-API(1)" in page and "EXIT STATUS" in page


@pytest.mark.parametrize("name", [NAME, "ccapi"])
def test_bash_finds_the_completion(root, name):
    said = root.run("bash", "-c", ". /usr/share/bash-completion/bash_completion; "
                                  f"__load_completion {name}; complete -p {name}")
    assert "_claude_code_api" in said


def test_documents_are_there(root):
    folder = root.path / "usr/share/doc/claude-code-api"
    for name in ("operations.md", "configuration.md", "api.md", "sessions.md", "copyright",
                 "changelog.gz", "changelog.Debian.gz"):
        assert (folder / name).stat().st_size > 0


def test_the_service_runs_without_a_cli_and_says_so(root):
    with Service(root) as service:
        assert service.ask("/health") == "degraded"
        assert "Install it" in service.ask("/health?verbose")
        assert Path(f"/proc/{service.gateway_pid()}").stat().st_uid == service.uid
        assert service.stop() == 0


@pytest.fixture
def cli(root):
    """The real CLI, installed in the root for all users, and the variables of its credentials: it
    talks to a stand-in for the Anthropic API."""
    from messages_api import MessagesApi
    folder = Path(os.environ.get("CCAPI_CLI_DIR", ROOT / "build/cli"))
    program = folder / "2.1.332/node_modules/.bin/claude"
    if not program.exists():
        text = f"{program} is not there: run scripts/install_cli.sh 2.1.332"
        pytest.fail(text) if os.environ.get("CI") else pytest.skip(text)
    place = root.path / "usr/local/bin/claude"
    run("cp", "--reflink=auto", program.resolve(), place)
    api = MessagesApi().start()
    yield {"ANTHROPIC_BASE_URL": api.url, "ANTHROPIC_API_KEY": "sk-ant-unused"}
    api.release()
    api.stop()
    place.unlink()


def chat(ask):
    answer = json.loads(ask("/v1/chat/completions", {
        "model": "sonnet", "messages": [{"role": "user", "content": "hello"}]}))
    return answer["choices"][0]["message"]["content"]


def test_the_service_answers_as_process_1_and_leaves_nothing_behind(root, cli):
    with Service(root, **cli) as service:
        assert service.ask("/health") == "OK"
        assert "hello" in chat(service.ask)
        assert json.loads(service.ask("/stats"))["turns"]["finished"] == 1
        assert service.stop() == 0


@pytest.fixture
def booted(root):
    try:
        system = BootedRoot(root.path)
    except RuntimeError as failure:
        pytest.skip(f"systemd can't be started here: {failure}")
    yield system
    system.close()


def test_systemd_runs_reloads_and_stops_the_service(root, booted, cli):
    """With everything that the unit closes: user, file system, system calls."""
    environment = root.path / "etc/claude-code-api/environment"
    environment.write_text("".join(f"{name}={value}\n" for name, value in cli.items())
                           + "CLAUDE_CODE__SERVER__PORT=0\n")
    environment.chmod(0o600)
    config = root.path / CONFIG
    good = config.read_text()
    try:
        booted.run("systemctl", "start", NAME)
        address = booted.wait_for_log(NAME, LISTENS)
        ask = functools.partial(ask_at, f"http://{address}")
        assert ask("/health") == "OK"
        assert "hello" in chat(ask)
        booted.run("systemctl", "reload", NAME)
        config.write_text("[server]\nprot = 1\n")
        with pytest.raises(AssertionError, match="claude-code-api"):
            booted.run("systemctl", "reload", NAME)
        assert "unknown key server.prot" in booted.run("journalctl", "-u", NAME, "--no-pager")
        assert "hello" in chat(ask)  # goes on as it was
        booted.run("systemctl", "stop", NAME)
        shown = booted.run("systemctl", "show", NAME, "-p", "Result", "-p", "ExecMainStatus",
                           "-p", "ActiveState")
        assert {"Result=success", "ExecMainStatus=0", "ActiveState=inactive"} <= set(shown.split())
        # Wrong from the start: one attempt, not five.
        booted.run("systemctl", "start", NAME, check=False)
        booted.wait_for_log(NAME, r"(status=78)")
        shown = booted.run("systemctl", "show", NAME, "-p", "NRestarts", "-p", "ActiveState")
        assert {"NRestarts=0", "ActiveState=failed"} <= set(shown.split())
    finally:
        config.write_text(good)
        environment.unlink()


def test_changes_of_the_administrator_survive_an_upgrade(root, package):
    path = root.path / CONFIG
    path.write_text(path.read_text() + '\n[log]\nlevel = "warning"\n')
    before = path.stat()
    run("cp", package, root.path / "tmp")
    root.run("dpkg", "-i", f"/tmp/{package.name}")
    (root.path / "tmp" / package.name).unlink()
    after = path.stat()
    assert path.read_text().endswith('level = "warning"\n')
    assert (after.st_uid, after.st_gid, after.st_mode) == (before.st_uid, before.st_gid,
                                                           before.st_mode)
    assert f"/{CONFIG}" in root.run("ccapi", "--print-config")


def test_removing_keeps_configuration_and_login_and_purging_removes_all(root):
    (root.path / "var/lib/claude-code-api").mkdir(exist_ok=True)
    (root.path / "var/lib/claude-code-api/login").touch()
    wanted = root.path / "etc/systemd/system/multi-user.target.wants/claude-code-api.service"
    wanted.parent.mkdir(parents=True, exist_ok=True)
    wanted.symlink_to(f"/{UNIT}")  # what `systemctl enable` makes
    root.apt("remove", NAME)
    assert (root.path / CONFIG).exists()
    assert (root.path / "var/lib/claude-code-api/login").exists()
    assert not (root.path / "usr/bin/ccapi").is_symlink()
    root.apt("purge", NAME)
    assert root.named_after(NAME) + root.named_after("ccapi") == []
    assert NAME not in (root.path / "etc/passwd").read_text()
    assert NAME not in (root.path / "etc/group").read_text()


def test_lintian_finds_no_error(package):
    required_program("lintian")
    # The project has no mail address to give.
    done = subprocess.run(["lintian", "--allow-root", "--fail-on", "error", "--profile", "debian",
                           "--suppress-tags", "bogus-mail-host,bogus-mail-host-in-debian-changelog",
                           str(package)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
