"""The running gateway keeps to the description of its API that it serves."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

CHECKS = ["not_a_server_error", "status_code_conformance", "content_type_conformance",
          "response_headers_conformance", "response_schema_conformance", "negative_data_rejection",
          "allow_header_conformance"]


@pytest.mark.timeout(180)
def test_answers_are_as_described(fake_gateway, tmp_path):
    run = subprocess.run(
        [Path(sys.executable).with_name("schemathesis"), "run", fake_gateway.url + "/openapi.json",
         "--checks", ",".join(CHECKS), "--seed", "1", "--generation-deterministic",
         "--max-examples", "20", "--no-shrink",
         "--phases", "examples,coverage,fuzzing", "--request-timeout", "20",
         "--continue-on-failure", "--no-color"],
        cwd=tmp_path, capture_output=True, text=True, timeout=170)
    assert run.returncode == 0, run.stdout[-12000:] + run.stderr[-2000:]


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
