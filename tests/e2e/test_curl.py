"""The commands of the documentation, as a person types them."""

import json
import subprocess


def curl(*arguments):
    done = subprocess.run(["curl", "-sS", "--max-time", "20", *arguments], capture_output=True,
                          text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_curl_gets_an_answer(fake_gateway):
    said = curl(f"{fake_gateway.url}/v1/chat/completions", "-H", "Content-Type: application/json",
                "-d", '{"messages":[{"role":"user","content":"Hello"}]}')
    assert json.loads(said)["choices"][0]["message"]["content"] == "You said: Hello"


def test_curl_gets_a_stream(fake_gateway):
    said = curl("-N", f"{fake_gateway.url}/v1/chat/completions", "-H",
                "Content-Type: application/json", "-d",
                '{"stream":true,"messages":[{"role":"user","content":"Hello"}]}')
    frames = [line for line in said.splitlines() if line]
    assert all(line.startswith(("data: ", ":")) for line in frames)
    assert frames[-1] == "data: [DONE]" and "Hello" in said


def test_curl_sees_health_models_and_statistics(fake_gateway):
    assert curl(f"{fake_gateway.url}/health").strip() == "OK"
    assert json.loads(curl(f"{fake_gateway.url}/v1/models"))["object"] == "list"
    assert "processes" in json.loads(curl(f"{fake_gateway.url}/stats"))
