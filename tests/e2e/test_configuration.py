"""One configuration, said in files, variables and flags: the same values, the same mistakes."""

import json
import re
import tomllib

from configuration import as_file, as_text, flat, variable
from test_auth import ADMIN, ALICE, record, sha256
from test_every_key import INACTIVE

# Each differs from the default.
OTHER = {
    "server.host": "127.0.0.2", "server.port": 8081, "server.tcp": False,
    "server.unix_socket": "gateway.sock", "server.allowed_hosts": ["gateway.lan", "a.test:81"],
    "server.allow_insecure_no_auth": True, "server.lenient_content_type": True,
    "server.strict_parameters": True, "claude.thinking": "off",
    "server.io_threads": 3, "tls.certificate_file": "a.crt", "tls.private_key_file": "a.key",
    "auth.enabled": True, "auth.failures_per_minute_max": 7,
    "auth.keys": [record("alice", ALICE, admin=True, max_concurrent=2, budget_usd_per_day=2.5)],
    "auth.api_keys": ["sha256:" + sha256(ADMIN)], "cors.allowed_origins": ["http://page.test:3000"],
    "cors.allow_any": True, "claude.command": "/opt/claude \"x\" \\ é",
    "claude.use_interactive_sessions": False, "claude.system_prompt": "Two\nlines, \"quoted\" \t#",
    "claude.bare": "on", "claude.env_allow": ["PATH", "X_*"], "claude.timeout_seconds": 12.5,
    "models.default": "haiku", "models.aliases": {"a*": "opus", "b.c": "default"},
    "models.list": ["x", "y"], "models.echo_requested": True, "openai.usage_cost": True,
    "log.level": "trace",
    "log.format": "json", "store.enabled": False, "store.path": "/srv/kept.sqlite",
    "store.durability": "after_answer", "conversation.session_timeout_minutes": 0.5,
    "conversation.busy": "interrupt", "process_pool.reuse": False, "process_pool.prime": False,
    "images.allowed_hosts": ["a.test", "*"], "images.private_hosts": ["b.test:8080"],
    "images.ca_file": "/srv/ca.pem", "file_access.additional_dirs": ["/srv"],
    "limits.images_max": 50, "cache.enabled": False, "cache.scope": "all",
    **{key: value for key, (value, _) in INACTIVE.items()},
}


def other_values(program):
    """A value for every key that is not its default."""
    values = {}
    for key, default in program.configuration().items():
        if key in OTHER:
            values[key] = OTHER[key]
        else:
            assert not isinstance(default, bool) and isinstance(default, (int, float)), key
            values[key] = default + 1
        assert values[key] != default, key
    return values


def test_file_variables_and_print_config_say_the_same(program, tmp_path):
    values = other_values(program)
    file, again = tmp_path / "mine.toml", tmp_path / "again.toml"
    file.write_text(as_file(values))
    printed = program("--print-config", "--config", file)[0]
    from_file = flat(tomllib.loads(printed))
    from_variables = program.configuration(
        **{variable(key): as_text(value) for key, value in values.items()})
    assert set(values) - set(from_file) == {"auth.api_keys"}, "secrets only are left out"
    assert from_file == from_variables
    for key in set(from_file) - {"auth.keys", "models.aliases"}:
        assert from_file[key] == values[key], key
    aliases = list(from_file["models.aliases"].items())  # the built-in ones follow
    assert aliases[:2] == list(values["models.aliases"].items()) and len(aliases) > 2
    (key,) = from_file["auth.keys"]
    assert (key["name"], key["sha256"]) == ("alice", sha256(ALICE))
    # Fed back, it is the same configuration.
    again.write_text(printed)
    assert program.configuration("--config", again) == {**from_file, "auth.api_keys": []}
    assert f"{file}:" in printed and "default" not in re.findall(r"# (\S+)$", printed, re.M)


def test_variables_win_over_files_and_flags_over_both(program, tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text("[server]\nport = 1001\n[log]\nlevel = \"warning\"\n")
    (tmp_path / ".env").write_text("CLAUDE_CODE__SERVER__PORT=1002\n"
                                   "CLAUDE_CODE__LOG__LEVEL=error\n")
    given = ("--config", file)
    assert program.configuration(*given)["server.port"] == 1002
    one = {variable("server.port"): "1003"}
    assert program.configuration(*given, **one)["server.port"] == 1003
    assert program.configuration(*given, **one)["log.level"] == "error"
    assert program.configuration(*given, "--port", 1004, **one)["server.port"] == 1004


def test_mistakes_of_all_sources_are_told_at_once(program, tmp_path):
    (tmp_path / "config").mkdir()
    (tmp_path / "config/local.toml").write_text("# mine\n[limits]\nqueue_maxx = 5\n")
    (tmp_path / ".env").write_text("\nCLAUDE_CODE__LOG__LEVLE=debug\n")
    file = tmp_path / "mine.toml"
    file.write_text('[server]\nprot = 8081\nhost = 7\n[claud]\ncommand = "x"\n[limits]\n'
                    "queue_timeout_seconds = 0\n")
    out, err = program("--config", file, "--port", "70000", expect=78,
                       CLAUDE_CODE__CLAUDE__BAER="on", CLAUDE_CODE__SERVER__IO_THREADS="many")
    lines = err.strip().splitlines()
    expected = [("config/local.toml:3", "limits.queue_maxx", "limits.queue_max"),
                (".env", "CLAUDE_CODE__LOG__LEVLE", "log.levle", "log.level"),
                (f"{file}:2", "server.prot", "server.port"), (f"{file}:3", "server.host"),
                (f"{file}:5", "claud.command", "claude.command"),
                (f"{file}:7", "limits.queue_timeout_seconds"), ("command line", "server.port"),
                ("CLAUDE_CODE__CLAUDE__BAER", "claude.baer", "claude.bare"),
                ("CLAUDE_CODE__SERVER__IO_THREADS", "server.io_threads")]
    for words in expected:
        assert any(all(word.lower() in line.lower() for word in words) for line in lines), \
            (words, lines)
    assert len(lines) == len(expected) and out == ""


def test_secrets_are_not_shown(program, tmp_path):
    plain = "ccapi-test-plain-0123456789abcdef"
    file = tmp_path / "key"
    file.write_text(ADMIN)
    out, err = program("--print-config", "--check-config", MY_KEY=ALICE,
                       CLAUDE_CODE__AUTH__API_KEYS=json.dumps([plain]),
                       CLAUDE_CODE__AUTH__KEYS=json.dumps([{"name": "a", "env": "MY_KEY"},
                                                           {"name": "b", "file": str(file)}]))
    for secret in (plain, ALICE, ADMIN):
        assert secret not in out + err
    assert "api_keys is secret and not shown" in out and "MY_KEY" in out
