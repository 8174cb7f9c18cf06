"""Every key of the configuration: changed, it changes what a user notices. A key without a test
fails the first test here."""

import json
import re
import socket
import time
from pathlib import Path

import pytest

from configuration import as_file
from proc_tree import wait_until
from sse import ChatStream
from test_auth import ADMIN, ALICE, record

ROOT = Path(__file__).resolve().parents[2]
LONG = "[[text:10000]][[delay:20]]"

# Tests that stand elsewhere: file in tests/e2e::test, or path in the tree::suite.test.
ELSEWHERE = {
    "server.port": "test_first_run.py::test_port_taken",
    "server.tcp": "test_transport.py::test_official_client_over_a_unix_socket",
    "server.unix_socket":
        "test_transport.py::test_unix_socket_is_beside_tcp_and_goes_with_the_gateway",
    "server.allow_insecure_no_auth": "test_auth.py::test_unsafe_start_is_refused_with_a_reason",
    "tls.certificate_file": "test_transport.py::test_official_client_over_tls",
    "tls.private_key_file": "test_transport.py::test_official_client_over_tls",
    "auth.enabled": "test_auth.py::test_unsafe_start_is_refused_with_a_reason",
    "auth.keys": "test_auth.py::test_new_key_opens_the_door",
    "auth.api_keys": "test_auth.py::test_keys_come_from_variables_files_and_lists",
    "auth.failures_per_minute_max": "test_auth.py::test_address_that_tries_keys_is_slowed_down",
    "cors.allowed_origins": "test_browser.py::test_an_allowed_page_chats_and_others_do_not",
    "claude.command": "test_first_run.py::test_wrong_path_of_the_cli",
    "claude.timeout_seconds": "test_faults.py::test_hanging_process_is_given_up_at_the_deadline",
    "claude.max_concurrent_sessions":
        "test_process_cap.py::test_request_above_the_cap_waits_and_is_answered",
    "claude.boot_timeout_seconds":
        "test_faults.py::test_process_that_never_gets_ready_is_an_error_in_time",
    "claude.first_event_timeout_seconds": "test_retry.py::test_process_lost_at_any_line_of_a_turn",
    "claude.event_idle_timeout_seconds": "test_retry.py::test_process_lost_at_any_line_of_a_turn",
    "claude.tool_timeout_seconds": "test_tools.py::test_parked_process_ends_after_its_time_and_the_loop_goes_on",
    "retry.attempts": "test_retry.py::test_retry_can_be_switched_off",
    "retry.backoff_seconds":
        "test_retry.py::test_client_that_leaves_during_the_pause_is_forgotten",
    "retry.budget_percent": "test_retry.py::test_when_everything_fails_most_turns_run_once",
    "supervision.start_failures_max":
        "test_retry.py::test_processes_that_do_not_come_up_are_left_alone_for_a_while",
    "supervision.start_pause_seconds":
        "test_retry.py::test_processes_are_tried_again_after_the_pause",
    "openai.usage_cost": "test_metrics.py::test_the_usage_has_a_cost_where_that_is_wanted",
    "conversation.busy":
        "test_matching_clients.py::test_busy_conversation_refuses_requests_if_told_so",
    "store.enabled": "test_store.py::test_memory_only_where_the_store_is_off",
    "store.path": "test_store.py::test_file_and_directory_are_the_owners_alone",
    # What becomes of the last turns when the machine loses its power.
    "store.durability": "tests/unit/store/disk_failure_test.cpp"
                        "::power_failure.leaves_a_sound_file_even_if_answers_do_not_wait_for_the_disk",
    "store.commit_timeout_seconds": "test_store.py::test_locked_file_holds_answers_up_no_longer_than_it_may",
    # Days.
    "store.retention_days":
        "tests/unit/store/sweep_test.cpp::sweeping.goes_by_the_time_of_the_last_turn",
    "store.bytes_max": "test_store.py::test_file_does_not_outgrow_its_limit",
    "store.unnamed_minutes": "test_store.py::test_first_turns_need_not_be_kept",
    "store.unnamed_per_minute_max": "test_store.py::test_flood_of_first_turns_costs_no_disk",
    "store.queue_bytes_max": "test_store.py::test_what_waits_for_the_disk_is_limited",
    "process_pool.size": "test_spares.py::test_without_a_pool_there_are_no_spares",
    "process_pool.min_idle":
        "test_spares.py::test_spares_are_ready_before_the_first_request_and_again_after_it",
    "process_pool.max_idle":
        "test_spares.py::test_burst_is_followed_by_no_more_spares_than_allowed",
    "process_pool.model_idle_minutes":
        "test_spares.py::test_model_that_nobody_asks_for_any_more_has_no_spares",
    "process_pool.reuse":
        "test_matching_clients.py::test_process_of_dialogues_of_one_turn_serves_many_of_them",
    "process_pool.prime": "test_primed_spares.py::test_no_spare_is_primed_if_that_is_not_wanted",
    "process_pool.turns_max":
        "test_matching_faults.py::test_processes_retire_after_their_turns",
    "process_pool.process_memory_max_mb":
        "test_matching_faults.py::test_process_that_has_grown_retires_when_it_rests",
    "process_pool.memory_available_min_mb":
        "test_spares.py::test_too_little_free_memory_leaves_no_spares",
    # Loopback is exempt, and tests stay on it.
    "limits.connections_per_address_max":
        "tests/unit/http/connection_limit_test.cpp"
        "::connection_limit.counts_each_foreign_address_by_itself",
    "limits.header_timeout_seconds": "test_hostile_clients.py::test_slow_header_is_ended_with_408",
    "limits.body_bytes_max": "test_bad_input.py::test_body_above_the_limit_is_refused",
    "limits.write_stall_timeout_seconds":
        "test_hostile_clients.py::test_reader_that_takes_nothing_is_given_up",
    "limits.queue_max": "test_process_cap.py::test_full_queue_refuses_at_once",
    "limits.queue_timeout_seconds":
        "test_process_cap.py::test_wait_for_a_process_ends_at_its_deadline",
    "limits.cli_line_bytes_max":
        "test_faults.py::test_line_without_end_kills_the_process_not_the_gateway",
    # A bound of memory; nothing that a user sees.
    "limits.cli_stderr_bytes_max":
        "tests/unit/process/byte_ring_test.cpp::byte_ring.keeps_only_the_end_of_a_flood",
    "limits.drain_timeout_seconds":
        "test_lifetime.py::test_stopped_gateway_cuts_an_endless_answer_at_the_deadline",
    "limits.requests_per_connection_max": "test_limits.py::test_limits_of_a_head",
    "limits.request_line_bytes_max": "test_limits.py::test_limits_of_a_head",
    "limits.header_bytes_max": "test_limits.py::test_limits_of_a_head",
    "limits.header_fields_max": "test_limits.py::test_limits_of_a_head",
    "limits.keep_alive_timeout_seconds": "test_limits.py::test_limits_of_a_head",
    "limits.connections_max": "test_limits.py::test_connection_too_many",
    "limits.body_idle_timeout_seconds": "test_limits.py::test_slow_bodies",
    "limits.body_bytes_per_second_min": "test_limits.py::test_slow_bodies",
    "limits.bodies_bytes_max": "test_limits.py::test_large_bodies_together",
    "limits.body_expansion_max": "test_limits.py::test_growth_of_an_encoded_body",
    "limits.json_depth_max": "test_limits.py::test_limits_of_a_bodys_json",
    "limits.json_values_max": "test_limits.py::test_limits_of_a_bodys_json",
    "limits.messages_max": "test_limits.py::test_limits_of_a_bodys_json",
    "limits.choices_max": "test_choices.py::test_more_choices_than_allowed_are_refused",
    "limits.tools_max": "test_limits.py::test_limits_of_tools_and_pictures",
    "limits.tools_bytes_max": "test_limits.py::test_limits_of_tools_and_pictures",
    "limits.image_bytes_max": "test_limits.py::test_limits_of_tools_and_pictures",
    "limits.image_pixels_max": "test_limits.py::test_limits_of_tools_and_pictures",
    "limits.images_max": "test_limits.py::test_limits_of_tools_and_pictures",
    "limits.document_bytes_max": "test_limits.py::test_limits_of_tools_and_pictures",
    "images.allowed_hosts":
        "test_picture_sources.py::test_what_is_not_there_tells_no_more_than_that",
    "images.private_hosts": "test_picture_sources.py::test_nothing_is_loaded_by_default",
    "images.ca_file": "test_picture_sources.py::test_certificates_are_checked",
    "images.timeout_seconds":
        "test_picture_sources.py::test_slow_and_endless_hosts_take_no_longer_than_they_may",
    # Nothing on loopback takes its time to be connected to.
    "images.connect_timeout_seconds":
        "tests/unit/media/loader_test.cpp::loading.takes_no_longer_to_connect_than_it_may",
    "images.loads_max":
        "test_picture_sources.py::test_more_than_may_wait_is_refused_for_now",
    "images.waiting_max":
        "test_picture_sources.py::test_more_than_may_wait_is_refused_for_now",
    "file_access.additional_dirs":
        "test_picture_sources.py::test_key_reads_its_own_directories",
    "limits.schema_bytes_max": "test_structured.py::test_a_schema_that_is_too_long",
    "limits.answer_bytes_max": "test_limits.py::test_limits_of_an_answer",
    "limits.stream_header_delay_seconds": "test_limits.py::test_limits_of_an_answer",
    "limits.stream_ping_interval_seconds": "test_limits.py::test_limits_of_an_answer",
    "limits.stream_buffer_bytes": "test_limits.py::test_how_far_the_cli_may_be_ahead_of_its_client",
    "cache.enabled": "test_cache.py::test_keys_change_by_a_reload",
    "cache.max_entries": "test_cache.py::test_no_more_answers_are_kept_than_allowed",
    "cache.ttl_seconds": "test_cache.py::test_answers_get_old",
    "cache.bytes_max": "test_cache.py::test_answers_take_no_more_memory_than_allowed",
    "cache.entry_bytes_max": "test_cache.py::test_keys_change_by_a_reload",
    "cache.scope": "test_cache.py::test_keys_change_by_a_reload",
    "idempotency.ttl_seconds": "test_idempotency.py::test_keys_change_by_a_reload",
    "idempotency.grace_seconds": "test_idempotency.py::test_keys_change_by_a_reload",
    "idempotency.bytes_max": "test_idempotency.py::test_keys_change_by_a_reload",
    "log.level": "test_reload.py::test_log_level_changes",
    "log.format": "test_first_run.py::test_json_log_is_nothing_but_json",
}
HERE = {}  # key -> name of the test in this file


def shows(*keys):
    """Marks a test as the one of these keys."""
    def mark(test):
        for key in keys:
            assert key not in HERE and key not in ELSEWHERE, key
            HERE[key] = test.__name__
        return test
    return mark


# -- the list is whole

def documented(program):
    """{key: (default, active)} of the table in the documentation, which is made from the schema."""
    rows, section = {}, None
    for line in program("--print-config-docs")[0].splitlines():
        if found := re.fullmatch(r"## \[(\w+)\]", line):
            section = found[1]
        elif found := re.match(r"\| `(\w+)` \| (.*?) \| ", line):
            rows[f"{section}.{found[1]}"] = "*Not active yet.*" not in line
    return rows


def test_every_key_has_a_test(program):
    keys = set(program.configuration())
    active = {key for key, is_active in documented(program).items() if is_active}
    assert active <= keys and len(keys) > 80
    assert keys - active == {key for key in keys if key in INACTIVE}
    assert active - set(HERE) - set(ELSEWHERE) == set(), "without a test"
    assert (set(HERE) | set(ELSEWHERE)) - active == set(), "no such key"


@pytest.mark.parametrize("where", sorted(set(ELSEWHERE.values())))
def test_test_elsewhere_is_there(where):
    file, _, name = where.partition("::")
    if file.endswith(".py"):
        assert re.search(rf"^def {name}\(", (ROOT / "tests/e2e" / file).read_text(), re.M)
    else:
        suite, _, test = name.partition(".")
        assert f"({suite}, {test})" in (ROOT / file).read_text()


# -- keys of features that are not there yet

INACTIVE = {  # key: (a value, one that is refused)
    "file_access.skip_permissions": (True, "maybe"),
    "mcp.enabled": (True, "maybe"), "mcp.config_file": ("/srv/mcp.json", "\0"),
    "mcp.config_json": ("{}", "\0"), "mcp.strict": (True, "maybe"),
    "mcp.debug": (True, "maybe"),
}


def test_inactive_keys_are_checked_and_named_in_one_line(program, start_fake, tmp_path):
    file = tmp_path / "mine.toml"
    wrong = {key: value for key, (_, value) in INACTIVE.items()}
    file.write_text(as_file(wrong))
    err = program("--config", file, "--check-config", expect=78)[1]
    for key in wrong:
        assert key in err, (key, err)
    file.write_text(as_file({key: value for key, (value, _) in INACTIVE.items()}))
    gateway = start_fake(arguments=("--config", str(file)), server__allow_insecure_no_auth="true")
    lines = [line["msg"] for line in gateway.log_lines if "not active yet" in line["msg"]]
    assert len(lines) == 1
    assert set(lines[0].partition(": ")[2].split(", ")) == set(INACTIVE)
    assert gateway.answer("x") == "You said: x"


# -- [server] [auth] [cors]

def keyed(start_fake, **settings):
    keys = json.dumps([record("root", ADMIN, admin=True), record("alice", ALICE)])
    return start_fake(key=ADMIN, auth__keys=keys, **settings)


@shows("server.host", "server.io_threads")
def test_address_and_threads(start_fake):
    one = start_fake(server__host="127.0.0.2", server__io_threads=1)
    three = start_fake(server__io_threads=3)
    assert one.host == "127.0.0.2" and one.request("GET", "/health")[0] == 200
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", one.port), 5)
    assert three.baseline_threads - one.baseline_threads == 2


@shows("server.strict_parameters", "claude.thinking")
def test_parameters_are_refused_and_thinking_is_off_if_told_so(start_fake):
    body = {"model": "claude-haiku-4-5", "messages": [{"role": "user", "content": "[[dialogue]]"}]}
    gateway = start_fake(server__strict_parameters="true", claude__thinking="off")
    status, _, answer = gateway.request("POST", "/v1/chat/completions", {**body, "seed": 7})
    assert status == 400 and b'"param":"seed"' in answer
    continued = [*body["messages"], {"role": "assistant", "content": "half"}]
    status, _, answer = gateway.request("POST", "/v1/chat/completions",
                                        {**body, "messages": continued})
    assert status == 400 and b'"param":"messages"' in answer
    status, _, answer = gateway.request("POST", "/v1/chat/completions", body)
    told = json.loads(json.loads(answer)["choices"][0]["message"]["content"])
    assert status == 200 and told["extra_body"]["thinking"] == {"type": "disabled"}


@shows("server.allowed_hosts", "server.lenient_content_type", "cors.allow_any")
def test_whom_it_answers(start_fake):
    body = b'{"messages": [{"role": "user", "content": "x"}]}'

    def outcomes(gateway):
        return [gateway.request("GET", "/v1/models", headers={"Host": "gateway.lan"})[0],
                gateway.request("POST", "/v1/chat/completions", body,
                                {"Content-Type": "text/plain"})[0],
                gateway.request("GET", "/v1/models", headers={"Origin": "http://any.test"})[0]]
    assert outcomes(keyed(start_fake)) == [421, 415, 403]
    other = keyed(start_fake, server__allowed_hosts='["gateway.lan"]',
                  server__lenient_content_type="true", cors__allow_any="true")
    assert outcomes(other) == [200, 200, 200]
    assert other.request("POST", "/v1/chat/completions", body, {"Content-Type": "text/plain"},
                         key=None)[0] == 401


# -- [claude]

def told(gateway, **fields):
    return json.loads(gateway.answer("[[dialogue]]", **fields))


@shows("claude.system_prompt", "claude.bare", "claude.env_allow", "claude.max_retries",
       "claude.use_interactive_sessions", "models.default")
def test_how_the_cli_is_started(start_fake, ledger):
    usual = told(start_fake(environment={"MINE": "x"}))
    gateway = start_fake(
        environment={"MINE": "x"}, claude__system_prompt="Speak Latin.", claude__bare="off",
        claude__env_allow='["PATH", "MIN*", "ANTHROPIC_*"]', claude__max_retries=7,
        claude__use_interactive_sessions="false", models__default="haiku")
    other = told(gateway, conversation_id="c")
    assert (usual["system"] or "") == "" and other["system"] == "Speak Latin."
    assert "--bare" in usual["arguments"] and "--bare" not in other["arguments"]
    assert "HOME" in usual["environment"] and "MINE" not in usual["environment"]
    assert "HOME" not in other["environment"] and "MINE" in other["environment"]
    assert "sonnet" in usual["model"] and "haiku" in other["model"]
    assert told(gateway, conversation_id="c")["pid"] != other["pid"]
    assert cli_variable(start_fake, "CLAUDE_CODE_MAX_RETRIES") == "2"
    assert cli_variable(start_fake, "CLAUDE_CODE_MAX_RETRIES", claude__max_retries=7) == "7"


def cli_variable(start_fake, name, **settings):
    gateway = start_fake(**settings)
    gateway.answer("x")
    (pid,) = gateway.cli_pids()
    entries = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    return next(e.decode().partition("=")[2] for e in entries if e.startswith(name.encode() + b"="))


@shows("claude.control_timeout_seconds")
def test_cli_that_does_not_answer_a_control_request(start, fake_claude, tmp_path):
    command = tmp_path / "claude"
    command.write_text(f'#!/bin/sh\n[ "$1" = --version ] && exec {fake_claude} "$@"\n'
                       f'grep --line-buffered -v initialize | exec {fake_claude} "$@"\n')
    command.chmod(0o755)
    gateway = start(command, {"ANTHROPIC_API_KEY": "x"}, claude__control_timeout_seconds=0.3,
                    retry__attempts=0, claude__close_grace_seconds=0.2)
    messages = [{"role": "system", "content": "Speak Latin."}, {"role": "user", "content": "x"}]
    status, _, body = gateway.chat(messages, timeout=8)
    assert status in (503, 504), body
    gateway.wait_cli_count(0)


@shows("claude.interrupt_timeout_seconds", "claude.close_grace_seconds")
def test_cli_that_neither_stops_nor_leaves(start_fake, ledger):
    gateway = start_fake("[[ignore_eof]][[ignore_term]]", claude__interrupt_timeout_seconds=0.2,
                         claude__close_grace_seconds=0.3)
    stream = ChatStream(gateway, "[[ignore_interrupt]]" + LONG, conversation_id="c").open()
    stream.read_contents(1)
    gone = stream.hang_up()
    assert 0.15 < ledger.wait("signal")[0]["t"] - gone < 1.5  # not 5 s
    gateway.wait_cli_count(0, 1.5)  # it is killed 0.3 s later, not 2 s

    gateway.answer("x", conversation_id="idle")
    (pid,) = gateway.cli_pids()
    gateway.request("DELETE", "/v1/conversations/idle")
    end_of_input = ledger.wait("eof", pid=pid)[0]["t"]
    assert 0.25 < ledger.wait("signal", pid=pid)[0]["t"] - end_of_input < 1.5
    gateway.wait_cli_count(0, 1.5)


# -- [supervision]

@shows("supervision.start_failures_period_seconds")
def test_failures_that_are_far_apart_do_not_count(start_fake):
    gateway = start_fake("[[boot_exit:3]]", supervision__start_failures_max=2, retry__attempts=0,
                         supervision__start_failures_period_seconds=0.01)
    for _ in range(4):
        assert gateway.chat("x")[0] == 503
        time.sleep(0.02)  # beyond the period
    assert gateway.stats()["processes"]["spawned"] == 4


@shows("supervision.start_pause_max_seconds")
def test_pauses_grow_no_longer_than_the_longest(start_fake):
    gateway = start_fake("[[boot_exit:3]]", supervision__start_failures_max=1, retry__attempts=0,
                         supervision__start_pause_seconds=0.05,
                         supervision__start_pause_max_seconds=0.1)
    # Doubled each time they would come to 0.05 * 2^9 s and more.
    wait_until(lambda: gateway.chat("x")[0] == 503
               and gateway.stats()["processes"]["spawned"] >= 10, 5, "ten trials")


# -- [models]

@shows("models.aliases", "models.list", "models.echo_requested")
def test_names_of_models(start_fake):
    usual = start_fake()
    gateway = start_fake(models__aliases='{"fast": "haiku"}', models__list='["fast", "opus"]',
                         models__echo_requested="true")
    assert usual.chat("x", model="fast")[0] == 404
    assert "haiku" in told(gateway, model="fast")["model"]
    assert gateway.chat("x", model="fast")[2]["model"] == "fast"
    assert usual.chat("x", model="gpt-4o")[2]["model"] != "gpt-4o"
    assert [each["id"] for each in json.loads(gateway.request("GET", "/v1/models")[2])["data"]] \
        == ["fast", "opus"]


# -- [conversation]

@shows("conversation.session_timeout_minutes", "conversation.max_history_messages")
def test_idle_conversation_loses_its_process_and_old_messages(start_fake):
    gateway = start_fake(conversation__session_timeout_minutes=0.01,
                         conversation__max_history_messages=2)
    for text in ("[[say:one]]", "[[say:two]]"):
        gateway.answer(text, conversation_id="c")
    gateway.wait_cli_count(0, 5)
    back = told(gateway, conversation_id="c")["messages"]
    assert [text for _, text in back] == ["[[say:two]]", "two", "[[dialogue]]"]


def stored(gateway):
    return {each["id"] for each in
            json.loads(gateway.request("GET", "/v1/conversations")[2])["conversations"]}


@shows("conversation.stored_max", "conversation.stored_bytes_max")
def test_conversations_are_forgotten(start_fake):
    few = start_fake(conversation__stored_max=2, server__io_threads=1, store__enabled="false",
                     claude__use_interactive_sessions="false")
    small = start_fake(conversation__stored_bytes_max=65536, server__io_threads=1,
                       store__enabled="false",
                       claude__use_interactive_sessions="false")
    for name in "abc":
        few.answer("x", conversation_id=name)
        small.answer(f"[[say:ok]]{name}" + "y" * 30_000, conversation_id=name)
    wait_until(lambda: stored(few) == {"b", "c"}, 5, f"two conversations, not {stored(few)}")
    wait_until(lambda: stored(small) < {"a", "b", "c"}, 5, "one to be forgotten")
    assert "c" in stored(small)


@shows("conversation.queue_max")
def test_busy_conversation_refuses_who_would_wait(start_fake):
    gateway = start_fake(conversation__queue_max=0)
    stream = ChatStream(gateway, LONG, conversation_id="c").open()
    stream.read_contents(1)
    status, headers, body = gateway.chat("x", conversation_id="c")
    assert (status, body["error"]["code"]) == (503, "server_busy") and "retry-after" in headers
    stream.hang_up()
