"""Answers in the form that the client asks for: told to the API for one turn, checked in the end."""

import json
from pathlib import Path

import pydantic
import pytest

from sse import ChatStream

SCHEMA = {"type": "object", "properties": {"a": {"type": "integer", "maximum": 5}},
          "required": ["a"], "additionalProperties": False}
TOLD = {"type": "json_schema", "schema": {
    "type": "object", "properties": {"a": {"type": "integer", "description": "(maximum: 5)"}},
    "required": ["a"], "additionalProperties": False}}
# Its member is the answer of the stand-ins to whatever names it: as the gateway does, mending it.
MENDABLE = '{"a":1,"\\u005b\\u005bsay:{\\"a\\":2}\\u005d\\u005d":0}'


def of_schema(schema):
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}


JSON = {"type": "json_object"}
SCHEMAS = json.loads((Path(__file__).parents[1] / "fixtures/structured/schemas.json").read_text())


@pytest.fixture
def fake(start_fake):
    return start_fake()


# -- answers that fit

@pytest.mark.parametrize("said", ['{"a":1}', '```json\n{"a":1}\n```', ' {"a":1}\n'])
@pytest.mark.parametrize("wanted", [JSON, of_schema(SCHEMA)], ids=["object", "schema"])
def test_answers_that_fit_come_without_fences(fake, said, wanted):
    question = f"[[say:{said}]]"
    assert json.loads(fake.answer(question, response_format=wanted)) == {"a": 1}
    stream = ChatStream(fake, question, response_format=wanted).open().read_all()
    assert json.loads(stream.text()) == {"a": 1} and stream.finish_reasons() == ["stop"]
    assert stream.done() and not stream.errors() and "`" not in stream.text()


class City(pydantic.BaseModel):
    name: str
    people: int | None = pydantic.Field(ge=0)


def test_the_official_client_gets_its_own_types(fake):
    messages = [{"role": "user", "content": '[[say:{"name":"Oslo","people":717710}]]'}]
    answer = fake.client().chat.completions.parse(model="sonnet", messages=messages,
                                                  response_format=City)
    assert answer.choices[0].message.parsed == City(name="Oslo", people=717710)
    with fake.client().chat.completions.stream(model="sonnet", messages=messages,
                                               response_format=City) as stream:
        assert stream.get_final_completion().choices[0].message.parsed.people == 717710


class Scores(pydantic.BaseModel):
    by_name: dict[str, int]
    notes: dict[str, str] | None = None


TOLD_AS_ENTRIES = [
    '{"by_name":{"map_entries":[{"key":"Ann","value":1},{"key":"Bo","value":2}]},"notes":null}',
    '{"by_name": {"map_entries": [{"key": "Ann", "value": 1}, {"key": "Bo", "value": 2}] },'
    ' "notes": null}',
    '{"by_name":{"Ann":1,"Bo":2},"notes":null}',  # of a model that does not keep to what the API was told
]


@pytest.mark.parametrize("said", TOLD_AS_ENTRIES)
def test_maps_come_as_maps(fake, said):
    asked = {"model": "sonnet", "response_format": Scores,
             "messages": [{"role": "user", "content": f"[[say:{said}]]"}]}
    answer = fake.client().chat.completions.parse(**asked)
    assert answer.choices[0].message.parsed == Scores(by_name={"Ann": 1, "Bo": 2})
    with fake.client().chat.completions.stream(**asked) as stream:
        assert stream.get_final_completion().choices[0].message.parsed.by_name["Bo"] == 2


def test_a_dialogue_goes_on_behind_an_answer_with_a_map(fake):
    wanted = of_schema(Scores.model_json_schema())
    dialogue = [{"role": "user", "content": f"[[say:{TOLD_AS_ENTRIES[0]}]]"}]
    text = fake.answer(dialogue, response_format=wanted)
    assert json.loads(text)["by_name"] == {"Ann": 1, "Bo": 2}
    dialogue += [{"role": "assistant", "content": text},
                 {"role": "user", "content": "[[say:bye]]"}]
    _, headers, body = fake.chat(dialogue)
    assert body["choices"][0]["message"]["content"] == "bye"
    assert headers["x-ccapi-match"] == "continued"


def test_a_map_that_does_not_fit_fails(fake):
    wanted = of_schema(Scores.model_json_schema())
    for entries, why in (('{"key":"Ann","value":"x"}', "$.by_name.Ann must be an integer"),
                         ('{"key":"Ann","value":1},{"key":"Ann","value":2}', "twice"),
                         ('{"value":1,"key":"Ann"}', "Invalid JSON")):
        said = f'{{"by_name":{{"map_entries":[{entries}]}}}}'
        stream = ChatStream(fake, f"[[say:{said}]]", response_format=wanted).open().read_all()
        assert stream.failed() and why in stream.errors()[0]["message"], stream.errors()


def test_fences_stay_in_plain_text(fake):
    assert fake.answer("[[say:```json\n{}\n```]]") == "```json\n{}\n```"
    assert fake.answer("[[say:```json\n{}\n```]]",
                       response_format={"type": "text"}) == "```json\n{}\n```"


# -- answers that do not

def test_an_answer_that_does_not_fit_fails(fake):
    for wanted, said, why in ((of_schema(SCHEMA), '{"a":6}', "$.a must be at most 5"),
                              (of_schema(SCHEMA), 'hello', "Invalid JSON"),
                              (JSON, '"x"', "$ must be an object"),
                              (JSON, '{"a":1} {"a":2}', "Invalid JSON")):
        stream = ChatStream(fake, f"[[say:{said}]]", response_format=wanted).open().read_all()
        assert stream.failed() and not stream.done()
        assert stream.errors()[0]["code"] == "invalid_structured_output"
        assert why in stream.errors()[0]["message"]
        status, headers, body = fake.chat(f"[[say:{said}]]", response_format=wanted)
        assert status == 502 and body["error"]["code"] == "invalid_structured_output"
        assert body["error"]["type"] == "claude_process_error"


def test_an_answer_that_was_cut_or_refused_is_not_checked(fake):
    for reason, told in (("max_tokens", "length"), ("refusal", "content_filter")):
        status, _, body = fake.chat(f'[[say:{{"a"]][[stop:{reason}]]', response_format=JSON)
        assert status == 200 and body["choices"][0]["finish_reason"] == told, body


def test_a_whole_answer_is_mended_unseen(fake):
    status, _, body = fake.chat(f"[[say:{MENDABLE}]]", conversation_id="c",
                                response_format=of_schema(SCHEMA))
    assert status == 200 and body["choices"][0]["message"]["content"] == '{"a":2}', body
    assert body["usage"]["completion_tokens"] == 2 * 53
    assert len(fake.cli_pids()) == 1
    dialogue = json.loads(fake.answer("[[dialogue]]", conversation_id="c"))["messages"]
    assert [role for role, _ in dialogue] == ["user", "assistant", "user"]
    assert dialogue[1][1] == '{"a":2}'


def test_a_stream_is_not_mended(fake, ledger):
    stream = ChatStream(fake, f"[[say:{MENDABLE}]]", response_format=of_schema(SCHEMA))
    stream.open().read_all()
    assert stream.failed() and len(ledger.lines("prompt")) == 1


def test_an_answer_that_stays_flawed_fails_after_one_try(fake, ledger):
    said = MENDABLE.replace('{\\"a\\":2}', "no")
    status, _, body = fake.chat(f"[[say:{said}]]", response_format=of_schema(SCHEMA))
    assert status == 502 and "Invalid JSON" in body["error"]["message"], body
    assert len(ledger.lines("prompt")) == 2


def test_a_client_that_leaves_while_its_answer_is_mended(fake, ledger):
    fake.answer("[[say:one]]", conversation_id="c")
    said = MENDABLE.replace('say:{\\"a\\":2}', "text:9999")
    connection = fake.connection()
    connection.request("POST", "/v1/chat/completions", json.dumps({
        "messages": [{"role": "user", "content": f"[[delay:20]][[say:{said}]]"}],
        "conversation_id": "c", "response_format": of_schema(SCHEMA)}),
        {"Content-Type": "application/json"})
    ledger.wait("prompt", 3)
    connection.close()
    told = json.loads(fake.answer("[[dialogue]]", conversation_id="c"))["messages"]
    assert [text for _, text in told] == ["[[say:one]]", "one", "[[dialogue]]"]


def test_a_failed_answer_leaves_no_trace_in_the_dialogue(fake):
    fake.answer("[[say:one]]", conversation_id="c")
    status, _, _ = fake.chat("[[say:none]]", conversation_id="c", response_format=JSON)
    assert status == 502
    dialogue = json.dumps(json.loads(fake.answer("[[dialogue]]", conversation_id="c")))
    assert "one" in dialogue and "none" not in dialogue


# -- what is refused

@pytest.mark.parametrize("wanted,param", [
    ({"type": "yaml"}, "response_format.type"),
    ({"type": "json_schema"}, "response_format.json_schema"),
    ({"type": "json_schema", "json_schema": {"schema": SCHEMA}},
     "response_format.json_schema.name"),
    ({"type": "json_schema", "json_schema": {"name": "a b", "schema": SCHEMA}},
     "response_format.json_schema.name"),
    ({"type": "json_schema", "json_schema": {"name": "a"}}, "response_format.json_schema.schema"),
    (of_schema({"type": "object", "properties": {"x": {"type": "str"}}}),
     "response_format.json_schema.schema.properties.x.type"),
    (of_schema({"type": "array"}), "response_format.json_schema.schema"),
])
def test_what_is_no_format_is_refused_by_its_place(fake, wanted, param):
    status, _, body = fake.chat("x", response_format=wanted)
    assert status == 400 and body["error"]["param"] == param, body
    assert param in body["error"]["message"]


def test_a_schema_that_is_too_long(start_fake):
    small, usual = start_fake(limits__schema_bytes_max=1024), start_fake()
    schema = {**SCHEMA, "description": "x" * 1024}
    assert usual.answer('[[say:{"a":1}]]', response_format=of_schema(schema)) == '{"a":1}'
    status, _, body = small.chat("x", response_format=of_schema(schema))
    assert status == 400 and "1024" in body["error"]["message"]


# -- with the real CLIs

@pytest.mark.real_cli
def test_the_api_is_told_the_schema_for_that_turn(gateway, api):
    wanted = of_schema(SCHEMA)
    gateway.answer("plain", conversation_id="c")
    usual = api.last().body.get("output_config")
    assert gateway.answer('[[say:{"a":1}]]', conversation_id="c",
                          response_format=wanted) == '{"a":1}'
    told = api.last().body["output_config"]
    assert told["format"] == TOLD and told.get("effort") == (usual or {}).get("effort")
    stream = ChatStream(gateway, '[[say:```json\n{"a":2}\n```]]', conversation_id="c",
                        response_format=wanted, reasoning_effort="high").open().read_all()
    assert json.loads(stream.text()) == {"a": 2} and stream.done()
    assert api.last().body["output_config"]["format"] == TOLD
    gateway.answer("plain again", conversation_id="c")
    assert api.last().body.get("output_config") == usual
    assert len(gateway.cli_pids()) == 1 and not api.refusals


@pytest.mark.real_cli
def test_the_api_takes_every_schema_that_is_not_refused(gateway, api):
    for n, row in enumerate(SCHEMAS):
        said = json.dumps(next(iter(row.get("good", [])), None), ensure_ascii=False)
        while "]]" in said:
            said = said.replace("]]", "] ]")
        status, _, body = gateway.chat(f"{n} [[say:{said}]]", conversation_id="c",
                                       response_format=of_schema(row["schema"]))
        if "refused" in row:
            place = "response_format.json_schema." + row["refused"]
            assert (status, body["error"]["param"]) == (400, place), row["name"]
            continue
        assert status == 200, (row["name"], body)
        told = api.last().body["output_config"]["format"]["schema"]
        assert told == row.get("told", told), row["name"]
    assert not api.refusals


@pytest.mark.real_cli
def test_a_long_schema_reaches_the_api(gateway, api):
    schema = {"type": "object", "additionalProperties": False, "required": [],
              "properties": {f"p{n}": {"type": "string", "description": "x" * 1000}
                             for n in range(200)}}
    assert gateway.answer("[[say:{}]]", response_format=of_schema(schema)) == "{}"
    assert api.last().body["output_config"]["format"]["schema"] == schema


@pytest.mark.real_cli
def test_a_mended_answer_takes_the_place_of_the_flawed_one(gateway, api):
    gateway.answer("[[say:hello]]", conversation_id="c")
    assert gateway.answer(f"[[say:{MENDABLE}]]", conversation_id="c",
                          response_format=of_schema(SCHEMA)) == '{"a":2}'
    mending = api.last().messages()
    assert "must not be there" in mending[-1][1] and mending[-2][0] == "assistant"
    gateway.answer("[[say:bye]]", conversation_id="c")
    texts = [text.strip() for _, text in api.last().messages()]
    assert texts == ["[[say:hello]]", "hello", f"[[say:{MENDABLE}]]", '{"a":2}', "[[say:bye]]"]
    assert not api.refusals
