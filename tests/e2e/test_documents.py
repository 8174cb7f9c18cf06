"""Documents in messages, through real CLIs: what the API reads is what the client sent."""

import base64

import pytest

from conftest import ANSWERS
from pictures import PNG, file, of_request, pdf, shown, text, url
from test_pictures import ask, user

pytestmark = pytest.mark.real_cli

NOTES = "Grüße\n\ttabs, \"quotes\" and \\ stay.\n"


def documents(api):
    """Of the last request: [(title, source)] of each user's message."""
    return [[(block.get("title"), block["source"]) for block in message["content"]
             if block["type"] == "document"]
            for message in api.last().body["messages"]
            if message["role"] == "user" and not isinstance(message["content"], str)]


def as_pdf(content):
    return {"type": "base64", "media_type": "application/pdf",
            "data": base64.b64encode(content).decode()}


def as_text(content):
    return {"type": "text", "media_type": "text/plain", "data": content}


def test_pdf_arrives_byte_by_byte(gateway, api):
    ask(gateway, [user(text("[[say:Nothing.]]What does it say?"), file(pdf()))])
    assert documents(api)[-1] == [("paper.pdf", as_pdf(pdf()))]
    assert of_request(api.last().body)[-1][2] == ["text", "document"] and not api.refusals


@pytest.mark.parametrize("kind, name", [
    ("text/plain", "notes.txt"), ("text/markdown", "notes.md"), ("application/json", "a.json"),
    ("application/octet-stream", "notes")])
def test_text_is_read_as_text(gateway, api, kind, name):
    content = NOTES.encode()
    ask(gateway, [user(file(b"\xef\xbb\xbf" + content, kind, name), text("[[say:Yes.]]Read it."))])
    assert documents(api)[-1] == [(name, as_text(NOTES))] and not api.refusals


def test_parts_in_all_the_shapes_of_clients(gateway, api):
    """Bare base64, the members in the part itself, no name."""
    bare = base64.b64encode(pdf()).decode()
    for part in ({"type": "file", "file": {"file_data": bare}},
                 {"type": "input_file", "file_data": bare},
                 {"type": "input_file", "file_data": url(bare, "application/pdf"), "filename": ""}):
        ask(gateway, [user(part)])
        assert documents(api)[-1] == [(None, as_pdf(pdf()))]
    assert not api.refusals


def test_dialogue_with_documents_goes_on_in_its_process(gateway, api):
    first = user(text("[[say:One.]]first"), file(pdf(b"1")), shown(PNG))
    answer, _ = ask(gateway, [first])
    process = gateway.cli_pids()
    messages = [first, {"role": "assistant", "content": answer},
                user(file(NOTES.encode(), "text/plain", "n.txt"), text("[[say:Two.]]second"))]
    _, headers = ask(gateway, messages)
    assert headers["x-ccapi-match"] == "continued" and gateway.cli_pids() == process
    for other in (file(pdf(b"2")), file(pdf(b"1"), name="other.pdf")):
        messages[0] = user(text("[[say:One.]]first"), other, shown(PNG))
        ask(gateway, messages)
        assert documents(api)[0] == [(other["file"]["filename"], as_pdf(base64.b64decode(
            other["file"]["file_data"].split(",")[1])))]
    assert not api.refusals


@pytest.mark.killed
def test_documents_outlive_the_gateway(start, cli, api, tmp_path):
    def with_store():
        return start(cli, {**ANSWERS, "ANTHROPIC_BASE_URL": api.url},
                     store__path=tmp_path / "kept.sqlite")
    gateway = with_store()
    large = pdf(b"x" * 5000)
    ask(gateway, [user(file(large), file(NOTES.encode(), "text/plain", "n.txt"),
                       text("[[say:Long.]]how long?"))], conversation_id="a")
    gateway.kill()
    gateway = with_store()
    ask(gateway, [user(text("[[say:Sure.]]Sure?"))], conversation_id="a")
    assert documents(api)[0] == [("paper.pdf", as_pdf(large)), ("n.txt", as_text(NOTES))]


def test_documents_count_as_pictures_do(gateway, api):
    many = [file(b"%d" % number, "text/plain", f"n{number}") for number in range(99)]
    ask(gateway, [user(*many, shown(PNG), text("[[say:Many.]]all"))], conversation_id="a")
    assert len(documents(api)[-1]) == 99
    for sent in ([user(*many, *many)], [user(file(b"one more", "text/plain"))]):
        status, _, body = gateway.chat(sent, conversation_id="a")
        assert status == 400 and "limits.images_max" in body["error"]["message"], body


@pytest.mark.parametrize("content, kind, words", [
    (pdf()[:-30], "application/pdf", "end is missing"),
    (b"PK\3\4 a zip\0", "application/pdf", "not those of application/pdf"),
    (pdf(trailer=b"/Encrypt 9 0 R"), "application/pdf", "encrypted"),
    (b"", "application/pdf", "not those of"), (b" \n", "text/plain", "empty"),
    (b"\xff\xfea\0", "text/plain", "UTF-8"), (b"PK\3\4\0", "application/octet-stream", "UTF-8"),
    (b"a", "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
     "application/pdf, or a text"), (base64.b64decode(PNG), "image/png", "image_url")])
def test_what_is_no_document_is_refused(gateway, content, kind, words):
    status, _, body = gateway.chat([user(file(content, kind), text("x"))])
    assert status == 400 and words in body["error"]["message"], body
    assert body["error"]["param"] == "messages[0].content[0].file.file_data"


@pytest.mark.parametrize("part, param", [
    ({"type": "file", "file": {"file_id": "file-1"}}, "file.file_id"),
    ({"type": "input_file", "file_url": "https://example.org/a.pdf"}, "file_url"),
    ({"type": "file", "file": {"filename": "a.pdf"}}, "file.file_data"),
    ({"type": "file"}, "file_data"), ({"type": "file", "file": "x"}, "file"),
    ({"type": "file", "file": {"file_data": url("%%", "application/pdf")}}, "file.file_data"),
    ({"type": "file", "file": {"file_data": "x" * 3}}, "file.file_data"),
    ({"type": "file", "file": {"file_data": base64.b64encode(pdf()).decode(),
                               "filename": "n" * 256}}, "file.file_data")])
def test_what_is_wrong_with_a_file_is_named(gateway, part, param):
    status, _, body = gateway.chat([user(part, text("x"))])
    assert status == 400 and body["error"]["param"] == f"messages[0].content[0].{param}", body


def test_document_that_the_api_can_not_read_is_a_failure(gateway, api):
    """Right where it begins and ends, but for a word that the stand-in stumbles over."""
    bad = file(pdf(b"/Encrypt"))
    status, _, body = gateway.chat([user(bad, text("[[say:Yes.]]what?"))], temperature=0)
    assert status == 400 and "document" in body["error"]["message"], body
    assert [seen.rule for seen in api.refusals][:1] == ["document_unreadable"]
    api.refusals.clear()
    ask(gateway, [user(file(pdf()), text("[[say:Yes.]]what?"))])
