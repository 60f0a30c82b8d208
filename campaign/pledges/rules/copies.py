"""What kind of file a copy of a source is, by what it holds and not by what somebody calls it."""

_BEGINNINGS = (
    (b"%PDF-", ".pdf"),
    (b"\x89PNG\r\n\x1a\n", ".png"),
    (b"\xff\xd8\xff", ".jpg"),
    (b"GIF87a", ".gif"),
    (b"GIF89a", ".gif"),
)


def copy_ending(content: bytes) -> str:
    """Return how the name of such a file ends, or nothing for a kind that is not known.

    A saved web page is text here: whoever opens it reads it, and none of its scripts runs.
    """
    for beginning, ending in _BEGINNINGS:
        if content.startswith(beginning):
            return ending
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return ".webp"
    return ".txt" if _is_text(content) else ""


def _is_text(content: bytes) -> bool:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return all(sign.isprintable() or sign.isspace() for sign in text)
