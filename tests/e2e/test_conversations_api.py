"""/v1/conversations: made, shown, listed, deleted; and what the official client can do with it."""

import json
from datetime import datetime, timezone

import openai
import pytest

from sse import ChatStream

PATH = "/v1/conversations"


def call(gateway, method, path=PATH, body=None, **options):
    status, headers, raw = gateway.request(method, path, body, **options)
    return status, json.loads(raw)


def made(gateway, **fields):
    status, conversation = call(gateway, "POST", body=fields)
    assert status == 200, conversation
    return conversation


def shown(gateway, identity):
    return call(gateway, "GET", f"{PATH}/{identity}")


def test_without_a_body_or_a_content_type_one_is_made(fake_gateway):
    before = datetime.now(timezone.utc)
    status, conversation = call(fake_gateway, "POST")
    assert status == 200
    assert conversation["message_count"] == 0
    assert conversation["metadata"] == {"model": None, "total_tokens": 0, "turn_count": 0,
                                        "project_path": None}
    created = datetime.fromisoformat(conversation["created_at"].replace("Z", "+00:00"))
    assert abs((created - before).total_seconds()) < 5
    assert conversation["updated_at"] == conversation["created_at"]
    assert shown(fake_gateway, conversation["id"]) == (200, conversation)


def test_what_turns_add_is_counted(fake_gateway):
    identity = made(fake_gateway)["id"]
    tokens = 0
    for text in ("one", "two"):
        _, _, answer = fake_gateway.chat(text, conversation_id=identity)
        assert answer["conversation_id"] == identity
        tokens += answer["usage"]["total_tokens"]
    status, now = shown(fake_gateway, identity)
    assert status == 200 and tokens > 0
    assert now["message_count"] == 4
    assert now["metadata"]["turn_count"] == 2
    assert now["metadata"]["total_tokens"] == tokens
    assert now["metadata"]["model"] == "sonnet"
    assert now["updated_at"] > now["created_at"]


def test_its_model_is_what_a_chat_without_one_uses(fake_gateway):
    conversation = made(fake_gateway, model="gpt-4o")
    assert conversation["metadata"]["model"] == "sonnet"  # by the alias table
    identity = made(fake_gateway, model="opus", metadata={"topic": "dinner"})["id"]
    fake_gateway.answer("x", conversation_id=identity)
    _, now = shown(fake_gateway, identity)
    assert now["metadata"]["model"] == "opus" and now["metadata"]["topic"] == "dinner"
    fake_gateway.answer("y", conversation_id=identity, model="haiku")
    assert shown(fake_gateway, identity)[1]["metadata"]["model"] == "haiku"


@pytest.mark.parametrize("body, status, param, code", [
    ({"project_path": "/tmp"}, 400, "project_path", "unsupported_parameter"),
    ({"model": "no-such-model"}, 404, "model", "model_not_found"),
    ({"model": 1}, 400, "model", None),
    ({"metadata": {"a": {}}}, 400, "metadata.a", None),
    ({"items": [{"type": "message"}]}, 400, "items", "unsupported_parameter"),
    ([], 400, None, None),
    (b"{", 400, None, None),
])
def test_what_is_wrong_is_named(fake_gateway, body, status, param, code):
    answered, answer = call(fake_gateway, "POST", body=body)
    assert answered == status, answer
    assert (answer["error"]["param"], answer["error"]["code"]) == (param, code)


def test_a_body_must_be_declared(fake_gateway):
    status, answer = call(fake_gateway, "POST", body=b"{}", headers={"Content-Type": "text/plain"})
    assert (status, answer["error"]["code"]) == (415, "unsupported_media_type")


def test_unknown_ones_are_not_found(fake_gateway):
    for method in ("GET", "DELETE"):
        for identity in ("nobody", "a%20b", "%2F", "x" * 200):
            status, answer = call(fake_gateway, method, f"{PATH}/{identity}")
            assert status == 404
            assert answer["error"] == {"message": "Conversation not found",
                                       "type": "not_found_error", "param": None, "code": None}


def test_the_list_is_newest_first_and_bounded(fake_gateway):
    identities = [made(fake_gateway)["id"] for _ in range(6)]  # over both threads
    fake_gateway.answer("x", conversation_id=identities[0])
    fake_gateway.answer("x", conversation_id="by-chat")
    status, all_of_them = call(fake_gateway, "GET")
    assert status == 200 and all_of_them["has_more"] is False
    listed = [each["id"] for each in all_of_them["conversations"]]
    assert sorted(listed) == sorted(identities + ["by-chat"])
    assert listed[:2] == ["by-chat", identities[0]]
    times = [each["updated_at"] for each in all_of_them["conversations"]]
    assert times == sorted(times, reverse=True)
    _, page = call(fake_gateway, "GET", PATH + "?limit=3")
    assert page["conversations"] == all_of_them["conversations"][:3] and page["has_more"] is True
    for limit in ("0", "1001", "x", "", "1&limit=2"):
        status, answer = call(fake_gateway, "GET", f"{PATH}?limit={limit}")
        assert (status, answer["error"]["param"]) == (400, "limit")


def test_deleting_an_idle_one_ends_its_process(fake_gateway):
    assert fake_gateway.answer("remember", conversation_id="c")
    fake_gateway.wait_cli_count(1)
    status, answer = call(fake_gateway, "DELETE", PATH + "/c")
    assert (status, answer) == (200, {"id": "c", "object": "conversation.deleted", "deleted": True})
    fake_gateway.wait_cli_count(0)
    assert shown(fake_gateway, "c")[0] == 404
    assert call(fake_gateway, "DELETE", PATH + "/c")[0] == 404
    fake_gateway.answer("new", conversation_id="c")
    assert shown(fake_gateway, "c")[1]["message_count"] == 2


def test_deleting_a_busy_one_interrupts_its_turn_with_an_error(fake_gateway, ledger):
    stream = ChatStream(fake_gateway, "[[text:10000]][[delay:20]]", conversation_id="c").open()
    stream.read_contents(2)
    assert call(fake_gateway, "DELETE", PATH + "/c")[0] == 200
    ledger.wait("interrupt")
    stream.read_all()
    assert stream.errors() == [{"message": "The conversation was deleted.",
                                "type": "not_found_error", "param": None, "code": None}]
    assert stream.failed()
    fake_gateway.wait_cli_count(0)


def test_deleting_one_before_its_first_word_is_a_plain_404(fake_gateway, ledger):
    stream = ChatStream(fake_gateway, "[[first:20000]]", conversation_id="c")
    ledger.wait("prompt")
    assert call(fake_gateway, "DELETE", PATH + "/c")[0] == 200
    stream.open().close()
    assert stream.status == 404 and stream.headers["x-should-retry"] == "false"
    fake_gateway.wait_cli_count(0)


def test_the_official_client_can_make_show_and_delete_them(fake_gateway):
    client = fake_gateway.client()
    conversation = client.conversations.create(metadata={"topic": "dinner"})
    assert conversation.object == "conversation"
    assert conversation.metadata["topic"] == "dinner"
    assert client.conversations.retrieve(conversation.id).id == conversation.id
    client.chat.completions.create(model="sonnet", messages=[{"role": "user", "content": "x"}],
                                   extra_body={"conversation_id": conversation.id})
    assert client.conversations.retrieve(conversation.id).metadata["turn_count"] == 1
    client.conversations.update(conversation.id, metadata={"topic": "lunch"})
    assert client.conversations.retrieve(conversation.id).metadata["topic"] == "lunch"
    deleted = client.conversations.delete(conversation.id)
    assert deleted.deleted is True and deleted.id == conversation.id
    with pytest.raises(openai.NotFoundError):
        client.conversations.retrieve(conversation.id)


def test_what_the_official_client_cannot_do_is_refused_clearly(fake_gateway):
    client = fake_gateway.client()
    conversation = client.conversations.create()
    with pytest.raises(openai.NotFoundError, match="items"):
        client.conversations.items.list(conversation.id)
    with pytest.raises(openai.BadRequestError, match="items|empty"):
        client.conversations.create(items=[{"type": "message", "role": "user", "content": "x"}])
