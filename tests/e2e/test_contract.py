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


def shown(key):
    return {"Authorization": f"Bearer {key}"}


@pytest.fixture
def gateway_with_keys(start_fake):
    def entry(name, key, **more):
        return {"name": name, "sha256": hashlib.sha256(key.encode()).hexdigest(), **more}
    keys = [entry("admin", ADMIN, admin=True), entry("plain", PLAIN)]
    made = start_fake(auth__keys=json.dumps(keys), auth__failures_per_minute_max=1_000_000)
    made.stats = lambda: json.loads(made.request("GET", "/stats", headers=shown(ADMIN))[2])
    return made


def description(gateway):
    """Any key will do, also where there are none."""
    return gateway.request("GET", "/openapi.json", headers=shown(ADMIN))[2]


def run_generator(gateway, tmp_path):
    document = tmp_path / "openapi.json"
    document.write_bytes(description(gateway))
    run = subprocess.run(
        [Path(sys.executable).with_name("schemathesis"), "run", document, "--url", gateway.url,
         "--header", f"Authorization: Bearer {ADMIN}",
         "--checks", ",".join(CHECKS), "--seed", "1", "--generation-deterministic",
         "--max-examples", "20", "--no-shrink",
         "--phases", "examples,coverage,fuzzing", "--request-timeout", "20",
         "--continue-on-failure", "--no-color"],
        cwd=tmp_path, capture_output=True, text=True, timeout=170)
    assert run.returncode == 0, run.stdout[-12000:] + run.stderr[-2000:]


@pytest.mark.timeout(180)
def test_answers_are_as_described(fake_gateway, tmp_path):
    run_generator(fake_gateway, tmp_path)


@pytest.mark.timeout(180)
def test_answers_are_as_described_with_keys_too(gateway_with_keys, tmp_path):
    run_generator(gateway_with_keys, tmp_path)


def test_without_a_key_only_health_is_told_and_the_refusal_is_described(gateway_with_keys):
    for path, item in json.loads(description(gateway_with_keys))["paths"].items():
        for method in item.keys() - {"parameters"}:
            url = path.replace("{id}", "c").replace("{model}", "sonnet")
            body = {} if method == "post" else None
            status, headers, _ = gateway_with_keys.request(method.upper(), url, body)
            if path in OPEN and method != "options":
                assert status == 200 and "401" not in item[method]["responses"], (method, path)
            else:
                assert status == 401 and "401" in item[method]["responses"], (method, path)
                assert headers["www-authenticate"] == "Bearer", (method, path)


def test_only_statistics_need_an_admin_and_that_is_described(gateway_with_keys):
    described = json.loads(description(gateway_with_keys))
    for path, item in described["paths"].items():
        if "get" not in item or "{" in path:
            continue
        status, _, body = gateway_with_keys.request("GET", path, headers=shown(PLAIN))
        refusal = item["get"]["responses"]["403"]["$ref"].rsplit("/", 1)[1]
        told = described["components"]["responses"][refusal]["description"]
        assert (status == 403) == (path in ("/stats", "/metrics")) == ("admin_key_required" in told), path
        assert status == 200 or json.loads(body)["error"]["code"] == "admin_key_required"


def test_methods_that_are_not_described_are_refused(fake_gateway):
    """Not left to the generator: it sends DELETE with a body, which is refused for the body."""
    for path, item in json.loads(description(fake_gateway))["paths"].items():
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
