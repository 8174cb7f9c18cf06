"""Pictures in messages, through real CLIs: what the API is shown is what the client sent."""

import json

import pytest

from conftest import ANSWERS
from pictures import ALL, GIF, JPEG, PNG, of_request, png, shown, text, url
from sse import ChatStream

pytestmark = pytest.mark.real_cli


def user(*parts):
    return {"role": "user", "content": list(parts)}


def ask(gateway, messages, **fields):
    status, headers, body = gateway.chat(messages, **fields)
    assert status == 200, body
    return body["choices"][0]["message"]["content"], headers


def upstream(api):
    """[(pictures, texts)] of the messages of the last request."""
    return [(pictures, texts) for pictures, texts, _ in of_request(api.last().body)]


@pytest.mark.parametrize("kind", sorted(ALL))
def test_every_format_arrives_byte_by_byte(gateway, api, kind):
    _, headers = ask(gateway, [user(text("[[say:A dot.]]What is this?"), shown(ALL[kind], kind))])
    assert upstream(api)[-1] == ([(kind, ALL[kind])], ["[[say:A dot.]]What is this?"])
    assert "x-ccapi-rescaled-images" not in headers and not api.refusals


def test_pictures_stand_where_they_stood(gateway, api):
    parts = [shown(PNG), text("[[say:Two.]]between"), shown(GIF, "image/gif"), text("behind")]
    ask(gateway, [user(*parts)])
    assert of_request(api.last().body)[-1][2] == ["image", "text", "image", "text"]


def test_picture_needs_no_text(gateway, api):
    ask(gateway, [user(shown(PNG))])
    assert upstream(api)[-1] == ([("image/png", PNG)], [])
    assert not api.refusals


def test_dialogue_with_pictures_goes_on_in_its_process(gateway, api):
    first = user(text("[[say:One.]]first"), shown(png(3, 3, 1)))
    answer, _ = ask(gateway, [first])
    process = gateway.cli_pids()
    messages = [first, {"role": "assistant", "content": answer},
                user(shown(png(3, 3, 2)), text("[[say:Two.]]second"))]
    _, headers = ask(gateway, messages)
    assert headers["x-ccapi-match"] == "continued" and gateway.cli_pids() == process
    assert [seen for seen, _ in upstream(api)][::2] == [
        [("image/png", png(3, 3, 1))], [("image/png", png(3, 3, 2))]]
    # Another picture in the same place is another dialogue.
    messages[0] = user(text("[[say:One.]]first"), shown(png(3, 3, 3)))
    ask(gateway, messages)
    assert upstream(api)[0][0] == [("image/png", png(3, 3, 3))]


def test_history_with_pictures_is_told_a_new_process(gateway, api):
    ask(gateway, [user(shown(JPEG, "image/jpeg"), text("first")),
                  {"role": "assistant", "content": "A dot."}, user(text("[[say:Yes.]]Sure?"))])
    seen = upstream(api)
    assert seen[0] == ([("image/jpeg", JPEG)], ["first"]) and seen[-1][1] == ["[[say:Yes.]]Sure?"]
    assert not api.refusals


@pytest.mark.killed
def test_pictures_outlive_the_gateway(start, cli, api, tmp_path):
    def with_store():
        return start(cli, {**ANSWERS, "ANTHROPIC_BASE_URL": api.url},
                     store__path=tmp_path / "kept.sqlite")
    gateway = with_store()
    large = png(60, 60, 7)
    ask(gateway, [user(shown(large), text("[[say:Grey.]]colour?"))], conversation_id="a")
    gateway.kill()
    gateway = with_store()
    ask(gateway, [user(text("[[say:Sure.]]Sure?"))], conversation_id="a")
    assert upstream(api)[0] == ([("image/png", large)], ["[[say:Grey.]]colour?"])


def test_large_pictures_are_rescaled_and_named(gateway, api):
    _, headers = ask(gateway, [user(shown(png(2001, 2)), shown(PNG), text("[[say:Wide.]]wide?"))])
    assert headers["x-ccapi-rescaled-images"] == "1"
    wide, small = upstream(api)[-1][0]
    assert small == ("image/png", PNG) and wide != ("image/png", png(2001, 2))
    _, headers = ask(gateway, [user(shown(png(2000, 2)), text("[[say:Wide.]]wide?"))])
    assert "x-ccapi-rescaled-images" not in headers
    assert upstream(api)[-1][0] == [("image/png", png(2000, 2))]


def test_streamed_answer_to_a_picture(gateway, api):
    stream = ChatStream(gateway, [user(shown(PNG), text("[[say:A dot.]]What?"))]).open()
    stream.read_all()
    assert stream.text() == "A dot." and upstream(api)[-1][0] == [("image/png", PNG)]


def test_hundred_pictures_and_no_more(gateway, api):
    many = [shown(png(1, 1, n)) for n in range(100)]
    ask(gateway, [user(text("[[say:Many.]]all"), *many)], conversation_id="a")
    assert [data for _, data in upstream(api)[-1][0]] == [png(1, 1, n) for n in range(100)]
    for sent in ([user(*many, shown(PNG))], [user(shown(PNG), text("one more"))]):
        status, _, body = gateway.chat(sent, conversation_id="a")
        assert status == 400 and "limits.images_max" in body["error"]["message"], body
    ask(gateway, [user(text("[[say:On.]]go on"))], conversation_id="a")


def test_only_text_commands_count_as_text(gateway, api):
    """A picture does not make the CLI read commands in the text beside it."""
    for parts in ([shown(PNG), text("/compact")], [text("/clear"), shown(PNG)]):
        ask(gateway, [user(*parts)])
        pictures, texts = upstream(api)[-1]
        assert len(pictures) == 1 and texts in (["/compact"], ["/clear"])


DAMAGED = png(3, 3, 9)[:60] + "AAAA" + png(3, 3, 9)[64:]  # of the right form, but for its checksum


@pytest.mark.parametrize("place", ["alone", "beside a good one", "in the history", "as a stream"])
def test_picture_that_the_api_can_not_read_is_a_failure(gateway, api, place):
    bad = user(shown(DAMAGED), text("[[say:Yes.]]what?"))
    sent = {"alone": [bad], "as a stream": [bad],
            "beside a good one": [user(shown(PNG), *bad["content"])],
            "in the history": [bad, {"role": "assistant", "content": "x"},
                               user(shown(PNG), text("[[say:No.]]and now?"))]}[place]
    if place == "as a stream":
        stream = ChatStream(gateway, sent).open()
        status, error = stream.status, json.loads(stream.answer.read())["error"]
    else:
        status, _, body = gateway.chat(sent, temperature=0)
        error = body.get("error")
    assert status == 400 and "can't read a picture" in error["message"], (status, error)
    assert (error["param"], error["type"]) == ("messages", "invalid_request_error")
    assert [seen.rule for seen in api.refusals][:1] == ["image_unreadable"]
    api.refusals.clear()


def test_conversation_goes_on_as_it_was_behind_a_damaged_picture(gateway, api):
    ask(gateway, [user(shown(PNG), text("[[say:A dot.]]what?"))], conversation_id="a")
    assert gateway.chat([user(shown(DAMAGED), text("and?"))], conversation_id="a")[0] == 400
    api.refusals.clear()
    ask(gateway, [user(text("[[say:Sure.]]sure?"))], conversation_id="a")
    assert [seen for seen, _ in upstream(api)] == [[("image/png", PNG)], [], []]


@pytest.mark.parametrize("given, words", [
    ("https://example.com/a.png", "images.allowed_hosts"), ("a.png", "must be a URL"),
    ("/etc/passwd", "file_access.additional_dirs"),
    ("file:///etc/passwd", "file_access.additional_dirs"), (url("AAAA"), "not those of image/png"),
    (url(GIF), "not those of image/png"), (url(PNG[:24]), "damaged"), (url("%%%"), "base64"),
    (url(PNG, "image/bmp"), "image/png, image/jpeg"), (url(png(60, 60)[:80]), "cut off")])
def test_what_is_no_picture_is_refused(gateway, given, words):
    part = {"type": "image_url", "image_url": {"url": given}}
    status, _, body = gateway.chat([user(part, text("x"))])
    assert status == 400 and words in body["error"]["message"], body
    assert body["error"]["param"] == "messages[0].content[0].image_url.url"
