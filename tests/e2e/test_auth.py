"""API keys: nothing but the health routes without one, no way around, nobody sees another's
conversations, and no start that would leave the account open."""

import hashlib
import json
import re
import subprocess
import threading
import time

import openai
import pytest

from proc_tree import wait_until
from sse import ChatStream

ADMIN, ALICE, BOB = ("ccapi-test-admin-0123456789abcdef", "ccapi-test-alice-0123456789abcde",
                     "ccapi-test-bob-0123456789abcdefg")
LONG = "[[text:10000]][[delay:20]]"
VERBS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
OPEN = {"/health", "/healthz", "/livez", "/readyz"}
ADMIN_ONLY = {"/stats", "/metrics"}
WITH_BODY = ("POST", "PUT", "PATCH")
PREFIXES = ["", "/v1", "/v1/v1"]


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def record(name, key, **more):
    return {"name": name, "sha256": sha256(key), **more}


def key_list(*more):
    return json.dumps([record("root", ADMIN, admin=True), *more])


@pytest.fixture
def start_with_keys(start_fake):
    """A gateway with an admin's key and the given records."""

    def start(*more, **settings):
        return start_fake(key=ADMIN, auth__keys=key_list(*more), **settings)

    return start


@pytest.fixture
def house(start_with_keys):
    """A gateway with the keys of an admin and two tenants, and no limit on failures."""
    return start_with_keys(record("alice", ALICE), record("bob", BOB),
                           auth__failures_per_minute_max=1_000_000)


def described_routes(gateway):
    status, _, body = gateway.request("GET", "/openapi.json")
    assert status == 200
    return json.loads(body)["paths"]


def below_v1(path):
    """The path without the prefix and with its parameters filled in."""
    path = path.removeprefix("/v1") or "/"
    return path.replace("{model}", "sonnet")


def refused_bodies(gateway, verb, path, shown):
    body = {} if verb in WITH_BODY else None
    status, _, body = gateway.request(verb, path, body, shown, key=None)
    return status, body


# -- the matrix

WRONG = "ccapi-test-wrong-0123456789abcdef"
NO_ENTRY = {
    "none": ("", {}),
    "wrong": ("", {"Authorization": f"Bearer {WRONG}"}),
    "hash as the key": ("", {"Authorization": f"Bearer {sha256(ALICE)}"}),
    "other scheme": ("", {"Authorization": f"Basic {ALICE}"}),
    "no scheme": ("", {"Authorization": ALICE}),
    "a part": ("", {"x-api-key": ALICE[:-1]}),
    "more": ("", {"api-key": ALICE + "x"}),
    "query": (f"?key={ALICE}&api_key={ALICE}&access_token={ALICE}", {}),
    "cookie": ("", {"Cookie": f"api_key={ALICE}; Authorization={ALICE}"}),
    "other header": ("", {"X-Auth-Token": ALICE, "Proxy-Authorization": f"Bearer {ALICE}",
                          "X-Forwarded-For": "127.0.0.1", "X-Real-IP": "127.0.0.1"}),
    "user info": ("", {"Authorization": f"Bearer {WRONG}, Bearer {ALICE}"}),
}


def test_without_a_key_no_route_answers_but_health(house, ledger):
    owned = "alices"
    house.answer("[[say:secret]]", key=ALICE, conversation_id=owned)
    before = ledger.prompts()
    paths = [below_v1(path).replace("{id}", owned) for path in described_routes(house)]
    assert OPEN <= set(paths) and len(paths) >= 11
    tried = 0
    for path in [*paths, "/nowhere", "/admin", "/.env"]:
        for verb in VERBS:
            first = None
            for name, (query, shown) in NO_ENTRY.items():
                for prefix in PREFIXES if name == "none" else PREFIXES[1:2]:
                    status, body = refused_bodies(house, verb, prefix + path + query, shown)
                    tried += 1
                    where = (verb, prefix + path, name, status, body)
                    if path in OPEN and verb in ("GET", "HEAD"):
                        assert status == 200 and body in (b"", b"OK"), where
                        continue
                    assert status == 401, where
                    first = first or body
                    assert body == first, where
                    assert (verb == "HEAD") == (body == b""), where
    assert ledger.prompts() == before, "a turn began"
    assert tried > 1000, tried
    assert house.stats()["turns"]["submitted"] == 1


def test_refusal_names_the_way_in_and_wakes_no_process(house, ledger):
    status, headers, body = house.request("POST", "/v1/chat/completions",
                                          {"messages": [{"role": "user", "content": "x"}]},
                                          key=WRONG)
    error = json.loads(body)["error"]
    assert (status, error["code"]) == (401, "invalid_api_key")
    assert "Bearer" in error["message"] and WRONG not in body.decode()
    assert ledger.lines() == [] and house.cli_pids() == []


def test_key_is_taken_from_every_header_that_clients_use(house):
    for shown in ({"Authorization": f"Bearer {ALICE}"}, {"authorization": f"bearer  {ALICE} "},
                  {"x-api-key": ALICE}, {"api-key": ALICE},
                  {"Authorization": f"Bearer {WRONG}", "x-api-key": ALICE}):
        assert house.request("GET", "/v1/models", headers=shown, key=None)[0] == 200, shown
    assert house.client(api_key=BOB).models.list().data


def test_admin_routes_take_an_admins_key_only(house):
    for path in ADMIN_ONLY:
        for verb in VERBS:
            for prefix in PREFIXES:
                body = {} if verb in WITH_BODY else None
                status, _, answer = house.request(verb, prefix + path, body, key=ALICE)
                assert status in ((403,) if verb in ("GET", "HEAD") else (204, 405)), (verb, answer)
        status, _, answer = house.request("GET", "/v1" + path, key=ALICE)
        assert json.loads(answer)["error"]["code"] == "admin_key_required"
        assert house.request("GET", "/v1" + path)[0] == 200


def test_details_of_the_health_are_an_admins(house, fake_claude):
    def health(key):
        return house.request("GET", "/health?verbose", key=key)[2].decode()
    assert str(fake_claude) in health(ADMIN)
    for key in (None, WRONG, ALICE):
        assert str(fake_claude) not in health(key) and "status" in health(key)


# -- tenants

def call(gateway, method, path, key, body=None):
    status, _, answer = gateway.request(method, "/v1/conversations" + path, body, key=key)
    return status, json.loads(answer)


def test_tenants_do_not_see_each_other(house, ledger):
    house.answer("[[say:noted]] I am Alice", key=ALICE, conversation_id="shared")
    _, made = call(house, "POST", "", ALICE, {})
    for stranger in (BOB, ADMIN):
        assert call(house, "GET", "", stranger)[1]["conversations"] == []
        for identity in ("shared", made["id"]):
            assert call(house, "GET", f"/{identity}", stranger)[0] == 404
            assert call(house, "DELETE", f"/{identity}", stranger)[0] == 404
    # The answer to a stranger is the one to who asks for what was never there.
    assert call(house, "GET", "/shared", BOB) == call(house, "GET", "/never", BOB)
    listed = {each["id"] for each in call(house, "GET", "", ALICE)[1]["conversations"]}
    assert listed == {"shared", made["id"]}

    told = json.loads(house.answer("[[dialogue]]", key=BOB, conversation_id="shared"))
    assert told["messages"] == [["user", "[[dialogue]]"]]
    told = json.loads(house.answer("[[dialogue]]", key=ALICE, conversation_id="shared"))
    assert [text for _, text in told["messages"]] == ["[[say:noted]] I am Alice", "noted",
                                                      "[[dialogue]]"]
    assert call(house, "DELETE", "/shared", BOB)[0] == 200
    assert call(house, "GET", "/shared", ALICE)[1]["message_count"] == 4


def test_tenant_can_not_end_anothers_stream(house):
    stream = ChatStream(house, "[[text:30]][[delay:20]]", key=ALICE, conversation_id="c").open()
    stream.read_contents(2)
    assert call(house, "DELETE", "/c", BOB)[0] == 404
    stream.read_all()
    assert stream.finish_reasons() == ["stop"] and not stream.errors()


# -- limits of a key

def test_max_concurrent_refuses_one_turn_too_many(start_with_keys):
    gateway = start_with_keys(record("alice", ALICE, max_concurrent=1), record("bob", BOB))
    stream = ChatStream(gateway, LONG, key=ALICE).open()
    stream.read_contents(1)
    status, headers, body = gateway.chat("x", key=ALICE)
    assert (status, body["error"]["code"]) == (429, "rate_limit_exceeded")
    assert float(headers["retry-after"]) >= 1 and "max_concurrent" in body["error"]["message"]
    assert gateway.request("GET", "/v1/models", key=ALICE)[0] == 200  # no turn
    assert gateway.answer("x", key=BOB) == "You said: x"
    stream.hang_up()
    wait_until(lambda: gateway.chat("x", key=ALICE)[0] == 200, 5, "the place to be free")


def test_more_choices_than_a_key_may_have_turns_are_refused(start_with_keys):
    gateway = start_with_keys(record("alice", ALICE, max_concurrent=2))
    status, headers, body = gateway.chat("x", n=3, key=ALICE)
    assert (status, body["error"]["param"]) == (400, "n") and "retry-after" not in headers
    assert len(gateway.chat("x", n=2, key=ALICE)[2]["choices"]) == 2


def test_official_client_waits_for_its_place(start_with_keys):
    gateway = start_with_keys(record("alice", ALICE, max_concurrent=1))
    stream = ChatStream(gateway, "[[text:20]][[delay:40]]", key=ALICE).open()
    stream.read_contents(1)
    reader = threading.Thread(target=stream.read_all)
    reader.start()
    client = gateway.client(api_key=ALICE, max_retries=5)
    answer = client.chat.completions.create(model="sonnet",
                                            messages=[{"role": "user", "content": "me too"}])
    reader.join()
    assert answer.choices[0].message.content == "You said: me too"
    assert stream.finish_reasons() == ["stop"]


def test_requests_per_minute_and_the_official_client(start_with_keys):
    per_minute = 30  # one more every 2 s
    gateway = start_with_keys(record("alice", ALICE, requests_per_minute=per_minute))
    left = []
    while True:
        status, headers, body = gateway.request("GET", "/v1/models", key=ALICE)
        assert headers["x-ratelimit-limit-requests"] == str(per_minute)
        if status != 200:
            break
        left.append(int(headers["x-ratelimit-remaining-requests"]))
        assert len(left) < 3 * per_minute
    assert per_minute - 2 <= len(left) <= per_minute + 2
    assert left[-1] == 0 and left == sorted(left, reverse=True)
    assert status == 429 and json.loads(body)["error"]["code"] == "rate_limit_exceeded"
    wait = float(headers["retry-after"])
    assert 1 <= wait <= 3
    assert gateway.request("GET", "/v1/models")[0] == 200  # another key's bucket
    with pytest.raises(openai.RateLimitError):
        gateway.client(api_key=ALICE).models.list()
    began = time.monotonic()
    assert gateway.client(api_key=ALICE, max_retries=1).models.list().data
    assert 0.5 < time.monotonic() - began < wait + 3


def test_address_that_tries_keys_is_slowed_down(start_with_keys):
    gateway = start_with_keys(record("alice", ALICE), auth__failures_per_minute_max=5)
    answers = [gateway.request("GET", "/v1/models", key=key)
               for key in (None, WRONG, None, WRONG, None, WRONG, None, WRONG)]
    statuses = [status for status, _, _ in answers]
    assert statuses[:5] == [401] * 5 and set(statuses[5:]) == {429}, statuses
    assert 1 <= float(answers[-1][1]["retry-after"]) <= 60
    assert gateway.request("GET", "/v1/models", key=ALICE)[0] == 200, "the owner is locked out"
    assert gateway.request("GET", "/health", key=WRONG)[0] == 200


# -- starts

def run(binary, tmp_path, *arguments, **variables):
    """(exit code, stdout, stderr) of a run that must end by itself."""
    made = subprocess.run(
        [binary, *arguments], capture_output=True, text=True, timeout=20, cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "CLAUDE_CODE__SERVER__PORT": "0",
             **{"CLAUDE_CODE__" + name: value for name, value in variables.items()}})
    return made.returncode, made.stdout, made.stderr


KEYS = {"AUTH__API_KEYS": json.dumps([ALICE])}
INSECURE = {"SERVER__ALLOW_INSECURE_NO_AUTH": "true"}
PERMISSIONS = {"FILE_ACCESS__SKIP_PERMISSIONS": "true"}
WIDE = [{"SERVER__HOST": host} for host in ("0.0.0.0", "::", "192.0.2.1", "gateway.example")]

# (settings, the words of the paragraph); None: it may start.
STARTS = [
    ({}, None),
    ({"SERVER__HOST": "localhost"}, None),
    ({"SERVER__HOST": "127.9.9.9"}, None),
    ({"SERVER__HOST": "::1"}, None),
    (PERMISSIONS, ["skip_permissions", "allow_insecure_no_auth", "auth.keys"]),
    ({**PERMISSIONS, **INSECURE}, None),
    *[(wide, [wide["SERVER__HOST"], "--new-key", "127.0.0.1", "allow_insecure_no_auth"])
      for wide in WIDE],
    *[({**wide, **INSECURE}, None) for wide in WIDE],
    *[({**wide, **PERMISSIONS}, [wide["SERVER__HOST"], "shell", "auth.keys"]) for wide in WIDE],
    *[({**wide, **PERMISSIONS, **INSECURE}, [wide["SERVER__HOST"], "shell"]) for wide in WIDE],
    *[({**wide, **KEYS}, None) for wide in WIDE],
    *[({**wide, **KEYS, **PERMISSIONS}, None) for wide in WIDE],
    ({**PERMISSIONS, **KEYS}, None),
    ({"AUTH__ENABLED": "true"}, ["auth.enabled", "--new-key", "AUTH__API_KEYS"]),
    ({"AUTH__ENABLED": "true", **INSECURE}, ["auth.enabled"]),
    ({"AUTH__ENABLED": "true", **KEYS}, None),
    ({"SERVER__ALLOWED_HOSTS": '["*"]'}, ["allowed_hosts", "rebinding"]),
    ({"SERVER__ALLOWED_HOSTS": '["*"]', **INSECURE}, ["allowed_hosts", "rebinding"]),
    ({"SERVER__ALLOWED_HOSTS": '["*"]', **KEYS}, None),
    ({"CORS__ALLOW_ANY": "true"}, ["cors.allow_any", "cors.allowed_origins"]),
    ({"CORS__ALLOW_ANY": "true", **INSECURE}, ["cors.allow_any"]),
    ({"CORS__ALLOW_ANY": "true", **KEYS}, None),
    ({"SERVER__TCP": "false"}, ["server.tcp", "server.unix_socket"]),
    ({"SERVER__TCP": "false", **KEYS}, ["server.tcp"]),
    ({"SERVER__TCP": "false", "SERVER__UNIX_SOCKET": "x.sock", "SERVER__HOST": "0.0.0.0"}, None),
]


@pytest.mark.parametrize("settings, words", STARTS, ids=lambda value: " ".join(
    f"{name}={text}" for name, text in value.items()) if isinstance(value, dict) else "")
def test_unsafe_start_is_refused_with_a_reason(binary, tmp_path, settings, words):
    code, out, err = run(binary, tmp_path, "--check-config", **settings)
    if words is None:
        assert code == 0 and out == "The configuration is valid.\n", err
        return
    assert code == 78 and out == ""
    paragraph = err.strip().splitlines()[-1]
    assert paragraph.startswith("claude-code-api: ") and len(paragraph) > 80
    for word in words:
        assert word in paragraph, (word, paragraph)
    # And not only when asked: the start itself.
    code, out, err = run(binary, tmp_path, **settings)
    assert code == 78 and paragraph in err and "listens" not in out


@pytest.mark.parametrize("made, words", [
    ('[{"name": "a", "key": "0123456789abcdef"}]', ["`key`", "sha256"]),
    ('[{"name": "a"}]', ["exactly one of"]),
    ('[{"name": "a b", "env": "X"}]', ["name"]),
    ('[{"name": "a", "env": "NOT_SET"}]', ["NOT_SET", "not set"]),
    ('[{"name": "a", "file": "/nonexistent/key"}]', ["/nonexistent/key"]),
    ('[{"name": "a", "sha256": "00"}]', ["64 hex"]),
    ('[{"name": "a", "env": "HOME", "profile": "root"}]', ["profile"]),
], ids=["plain", "no source", "name", "env", "file", "hash", "profile"])
def test_wrong_record_of_a_key_keeps_it_from_starting(binary, tmp_path, made, words):
    code, out, err = run(binary, tmp_path, AUTH__KEYS=made)
    assert code == 78 and "auth.keys" in err
    for word in words:
        assert word in err, (word, err)


def test_key_that_could_be_guessed_is_refused_and_not_shown(binary, tmp_path):
    code, _, err = run(binary, tmp_path, AUTH__API_KEYS='["hunter2"]')
    assert code == 78 and "16 characters" in err and "hunter2" not in err


# -- --new-key

def test_new_key_opens_the_door(binary, tmp_path, start_fake):
    file = tmp_path / "mine.toml"
    keys = {}
    text = ""
    for name in ("laptop", "root"):
        code, out, err = run(binary, tmp_path, "--new-key", name)
        assert code == 0 and err == ""
        keys[name] = re.search(r"^# (ccapi-\w{40,})$", out, re.M)[1]
        text += out
    file.write_text(text + "admin = true\n")
    gateway = start_fake(key=keys["root"], arguments=("--config", str(file)))
    client = gateway.client(api_key=keys["laptop"])
    answer = client.chat.completions.create(model="sonnet",
                                            messages=[{"role": "user", "content": "x"}])
    assert answer.choices[0].message.content == "You said: x"
    with pytest.raises(openai.AuthenticationError):
        gateway.client(api_key=keys["laptop"] + "x").models.list()
    assert keys["laptop"] != keys["root"] and len(keys["laptop"]) > 60
    for name in ("not a name", ""):
        code, out, err = run(binary, tmp_path, "--new-key", name)
        assert (code, out) == (78, "")
        assert err == ("claude-code-api: --new-key needs a name of 1 to 64 letters, digits, '.', '_' "
                       "and '-'\n")


def test_keys_come_from_variables_files_and_lists(start_fake, tmp_path):
    file = tmp_path / "key"
    file.write_text(BOB + "\nwhat follows is not read\n")
    plain = "ccapi-test-plain-0123456789abcdef"
    gateway = start_fake(
        key=ADMIN, environment={"ALICES_KEY": ALICE},
        auth__keys=key_list({"name": "alice", "env": "ALICES_KEY"},
                            {"name": "bob", "file": str(file)}),
        auth__api_keys=json.dumps([plain, "sha256:" + sha256("carol-" * 4).upper()]))
    for key in (ALICE, BOB, plain, "carol-" * 4):
        assert gateway.request("GET", "/v1/models", key=key)[0] == 200, key
    for key in (None, WRONG, "alice", "ALICES_KEY", str(file), "what follows is not read"):
        assert gateway.request("GET", "/v1/models", key=key)[0] == 401, key
