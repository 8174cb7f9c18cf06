"""Pictures and documents to show."""

import base64
import random
import struct
import zlib

PNG = ("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
       "gg==")
GIF = "R0lGODlhAQABAIAAAAAAAP///ywAAAAAAQABAAACAUwAOw=="
WEBP = "UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA"
JPEG = ("/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////"
        "////////////////////////////wgALCAABAAEBAREA/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQABPxA=")
ALL = {"image/png": PNG, "image/gif": GIF, "image/webp": WEBP, "image/jpeg": JPEG}


def url(data, kind="image/png"):
    return f"data:{kind};base64,{data}"


def shown(data, kind="image/png"):
    return {"type": "image_url", "image_url": {"url": url(data, kind)}}


def file(content, kind="application/pdf", name="paper.pdf"):
    """A part with a document; `content`: bytes."""
    data = base64.b64encode(content).decode()
    return {"type": "file", "file": {"filename": name, "file_data": url(data, kind)}}


def pdf(words=b"nothing", trailer=b""):
    """One page; no two words alike."""
    head = (b"%PDF-1.4\n% " + words + b"\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
            b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
            b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\n")
    return head + b"xref\n0 4\ntrailer<</Size 4/Root 1 0 R" + trailer + b">>\nstartxref\n%d\n%%%%EOF\n" % len(head)


def text(said):
    return {"type": "text", "text": said}


def noisy_png(side, seed):
    """Grey, a square that can't be packed."""
    dice = random.Random(seed)
    return png_of(side, side, seed, b"".join(b"\0" + dice.randbytes(side) for _ in range(side)))


def png(width, height, seed=0):
    """Grey, of this size; no two seeds alike."""
    return png_of(width, height, seed, (b"\0" + bytes([seed % 256]) * width) * height)


def png_of(width, height, seed, lines):
    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data
                + struct.pack(">I", zlib.crc32(kind + data)))
    return base64.b64encode(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
        + chunk(b"tEXt", b"n\0" + str(seed).encode())
        + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")).decode()


def of_request(body):
    """What the API is shown, message by message, without what the CLI adds: [([(type, base64)],
    [text], [kind of block])]."""
    seen = []
    for message in body["messages"]:
        if message["role"] not in ("user", "assistant"):
            continue
        pictures, texts, kinds = [], [], []
        content = message["content"]
        for block in [text(content)] if isinstance(content, str) else content:
            if block["type"] == "text" and block["text"].startswith("<system-reminder>"):
                continue
            kinds.append(block["type"])
            if block["type"] == "image":
                pictures.append((block["source"]["media_type"], block["source"]["data"]))
            elif block["type"] == "text":
                texts.append(block["text"])
        seen.append((pictures, texts, kinds))
    return seen
