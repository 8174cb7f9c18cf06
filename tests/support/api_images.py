"""Checks of the images and documents in a request; as those of api_checks.py."""

import base64
import binascii
import struct
import zlib

from api_checks import blocks_of, messages_of


def images_of(request, kind="image"):
    """[(where, block)] of all images, those in tool results included."""
    found = []
    for n, message in messages_of(request):
        for m, block in blocks_of(message):
            where = f"messages.{n}.content.{m}"
            if block.get("type") == kind:
                found.append((where, block))
            found += [(f"{where}.content.{k}", b) for k, b in blocks_of(block, kind)]
    return found


def bytes_of(block):
    source = block.get("source")
    data = source.get("data") if isinstance(source, dict) else None
    try:
        return base64.b64decode(data) if isinstance(data, str) else b""
    except (binascii.Error, ValueError):
        return b""


def kind_of(data):
    for kind, magic in (("image/png", b"\x89PNG"), ("image/jpeg", b"\xff\xd8\xff"),
                        ("image/gif", b"GIF8")):
        if data.startswith(magic):
            return kind
    return "image/webp" if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else None


def pixels_of(data):
    """The longer side, 0 where it can't be told (JPEG and WebP are not looked into)."""
    kind = kind_of(data)
    if kind == "image/png" and len(data) >= 24:
        return max(struct.unpack(">II", data[16:24]))
    if kind == "image/gif" and len(data) >= 10:
        return max(struct.unpack("<HH", data[6:10]))
    return 0


def image_magic(request, _):
    for where, block in images_of(request):
        found, claimed = kind_of(bytes_of(block)), (block.get("source") or {}).get("media_type")
        if found and found != claimed:
            return {"WHERE": where, "CLAIMED": claimed, "FOUND": found}
    return None


def png_is_sound(data):
    """Every chunk is whole, and the picture's data can be read to its end."""
    at, packed, head = 8, b"", None
    while at + 12 <= len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        body, end = data[at + 8:at + 8 + length], at + 12 + length
        if end > len(data) or struct.unpack(">I", data[end - 4:end])[0] != zlib.crc32(kind + body):
            return False
        if kind == b"IEND":
            break
        head = body if kind == b"IHDR" else head
        packed += body if kind == b"IDAT" else b""
        at = end
    else:
        return False
    try:
        return head is not None and len(head) == 13 and len(zlib.decompress(packed)) > 0
    except zlib.error:
        return False


def image_readable(request, _):
    """Of the other kinds nobody here can tell."""
    return next(({"WHERE": where} for where, block in images_of(request)
                 if kind_of(data := bytes_of(block)) == "image/png" and not png_is_sound(data)), None)


def document_readable(request, _):
    """It begins and ends as a PDF does, and nobody needs a password."""
    for where, block in images_of(request, "document"):
        if (block.get("source") or {}).get("type") == "base64":
            data = bytes_of(block)
            if not data.startswith(b"%PDF-") or b"%%EOF" not in data or b"/Encrypt" in data:
                return {"WHERE": where}
    return None


def wider_than(request, pixels):
    return next(({"WHERE": where} for where, block in images_of(request)
                 if pixels_of(bytes_of(block)) > pixels), None)


def image_size(request, _):
    return wider_than(request, 8000)


def image_size_among_many(request, _):
    return wider_than(request, 2000) if len(images_of(request)) > 20 else None


def image_count(request, _):
    limit = 600 if request.traits["context"] > 200_000 else 100
    count = len(images_of(request))
    return {"COUNT": count, "LIMIT": limit} if count > limit else None
