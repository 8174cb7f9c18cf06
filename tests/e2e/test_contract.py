"""The running gateway keeps to the description of its API that it serves."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

CHECKS = ["not_a_server_error", "status_code_conformance", "content_type_conformance",
          "response_headers_conformance", "response_schema_conformance", "negative_data_rejection",
          "allow_header_conformance"]


ADMIN, PLAIN = "key-of-an-admin-0", "key-of-the-plain"
# What everybody may ask, keys or not.
OPEN = {"/health", "/healthz", "/livez", "/readyz"}


@pytest.fixture
def gateway_with_keys(start_fake):
    """Its own requests show the key of an admin."""
    def entry(name, key, **more):
        return {"name": name, "sha256": hashlib.sha256(key.encode()).hexdigest(), **more}
    keys = [entry("admin", ADMIN, admin=True), entry("plain", PLAIN)]
    made = start_fake(auth__keys=json.dumps(keys), auth__failures_per_minute_max=1_000_000)
    made.key = ADMIN
    return made


def run_generator(gateway, tmp_path, *arguments):
    document = tmp_path / "openapi.json"
    document.write_bytes(gateway.request("GET", "/openapi.json")[2])
    run = subprocess.run(
        [Path(sys.executable).with_name("schemathesis"), "run", document, "--url", gateway.url,
         "--checks", ",".join(CHECKS), "--seed", "1", "--generation-deterministic",
         "--max-examples", "20", "--no-shrink",
         "--phases", "examples,coverage,fuzzing", "--request-timeout", "20",
         "--continue-on-failure", "--no-color", *arguments],
        cwd=tmp_path, capture_output=True, text=True, timeout=170)
    assert run.returncode == 0, run.stdout[-12000:] + run.stderr[-2000:]


def described_operations(gateway):
    """(path to ask, method, described responses) of everything."""
    described = json.loads(gateway.request("GET", "/openapi.json")[2])
    for path, item in described["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                yield (path.replace("{id}", "c").replace("{model}", "sonnet"), method.upper(),
                       operation["responses"])


@pytest.mark.timeout(180)
def test_answers_are_as_described(fake_gateway, tmp_path):
    run_generator(fake_gateway, tmp_path)


@pytest.mark.timeout(180)
def test_answers_are_as_described_with_keys_too(gateway_with_keys, tmp_path):
    run_generator(gateway_with_keys, tmp_path, "--header", f"Authorization: Bearer {ADMIN}")


def test_without_a_key_only_health_is_told_and_the_refusal_is_described(gateway_with_keys):
    operations = list(described_operations(gateway_with_keys))
    gateway_with_keys.key = None
    for path, method, responses in operations:
        body = {} if method == "POST" else None
        status, headers, _ = gateway_with_keys.request(method, path, body)
        if path in OPEN and method != "OPTIONS":
            assert status == 200 and "401" not in responses, (method, path)
        else:
            assert status == 401 and "401" in responses, (method, path)
            assert headers["www-authenticate"] == "Bearer", (method, path)
    gateway_with_keys.key = ADMIN


def test_only_statistics_need_an_admin_and_that_is_described(gateway_with_keys):
    gateway_with_keys.key = PLAIN
    for method in ("GET", "HEAD"):
        assert gateway_with_keys.request(method, "/stats")[0] == 403
    refused = json.loads(gateway_with_keys.request("GET", "/stats")[2])["error"]
    assert refused["code"] == "admin_key_required"
    assert gateway_with_keys.request("GET", "/openapi.json")[0] == 200
    gateway_with_keys.key = ADMIN
    described = json.loads(gateway_with_keys.request("GET", "/openapi.json")[2])
    responses = described["paths"]["/stats"]["get"]["responses"]
    assert "admin_key_required" in described["components"]["responses"][
        responses["403"]["$ref"].rsplit("/", 1)[1]]["description"]


def test_methods_that_are_not_described_are_refused(fake_gateway):
    """Not left to the generator: it sends DELETE with a body, which is refused for the body."""
    described = json.loads(fake_gateway.request("GET", "/openapi.json")[2])
    for path, item in described["paths"].items():
        takes = {method.upper() for method in item} - {"PARAMETERS"}
        url = path.replace("{id}", "c").replace("{model}", "sonnet")
        for method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "QUERY", "TRACE"} - takes:
            status, headers, _ = fake_gateway.request(method, url)
            assert status == 405, (method, url)
            assert set(headers["allow"].split(", ")) == takes, (method, url)


def test_the_description_names_the_version(fake_gateway):
    status, headers, body = fake_gateway.request("GET", "/openapi.json")
    described = json.loads(body)
    assert status == 200 and headers["content-type"] == "application/json"
    _, _, overview = fake_gateway.request("GET", "/")
    assert described["info"]["version"] == json.loads(overview)["version"]
