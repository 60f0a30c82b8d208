"""How tall a frame must be so that nothing in it scrolls.

A frame without a script cannot tell the page around it, so its height is reckoned from its words
before the code is copied. The measures are those of static/css/embed.css in pixels; letters are
taken a little wider than most typefaces draw them, since a gap below is better than a scrollbar. A
test compares the result with what a browser draws.
"""

from collections.abc import Iterator
from html.parser import HTMLParser

_LETTER = {"h1": 0.62, "h2": 0.62, "blockquote": 0.58}
"""Mean width of a letter in parts of its size: our headings are bold, our quotes have serifs."""
_USUAL_LETTER = 0.54
_SIZE = {"h1": 18.75, "h2": 17.0, "dt": 14.1, "dd": 14.1}
_LINE = {"h1": 21.6, "h2": 20.8, "dt": 21.8, "dd": 26.0}
_USUAL = (16.0, 24.8)
_SMALL = (14.1, 21.8)
_FOOT = (12.2, 17.1)

_PADDING = 15.0
_EDGE = 6.0 + 2 * _PADDING
_FOOTER = 28.0
_BETWEEN = 15.0
_ENTRY = 23.5
_ROW = 6.0
_BADGE = 34.0
_LEAST_TITLE = 143.0
_TWO_COLUMNS_FROM = 640
_BETWEEN_COLUMNS = 22.5
_VOID = frozenset(("meta", "link", "br", "img", "path", "use"))
_STEP = 10
_SPARE = 1.04
"""Against the words that break worse than their number says."""


class _Node:
    """An element with its children, and its own words."""

    def __init__(self, tag: str, classes: str = "") -> None:
        self.tag, self.classes = tag, classes.split()
        self.children: list[_Node] = []
        self.text = ""

    def all(self, tag: str) -> Iterator["_Node"]:
        """Yield the elements of a kind below this one."""
        for child in self.children:
            if child.tag == tag:
                yield child
            yield from child.all(tag)

    @property
    def words(self) -> str:
        """Return all that can be read in it."""
        return " ".join(" ".join((self.text, *(each.words for each in self.children))).split())


class _Reader(HTMLParser):
    """Reads one of our own pages, which close what they open."""

    def __init__(self) -> None:
        super().__init__()
        self.root = _Node("page")
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = _Node(tag, dict(attrs).get("class") or "")
        self._open[-1].children.append(node)
        if tag not in _VOID:
            self._open.append(node)

    def handle_endtag(self, tag: str) -> None:
        if self._open[-1].tag == tag:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].text += f" {data}"


def reckon_height(page: str, *, width: int) -> int:
    """Return the height in pixels that the page of a frame takes in a column of this width."""
    reader = _Reader()
    reader.feed(page)
    inner = width - 2 * _PADDING
    main = next(reader.root.all("main"))
    footer = next(reader.root.all("footer"))
    height = _EDGE + _FOOTER + _BETWEEN * (len(main.children) - 1)
    height += sum(_height(each, inner) for each in main.children)
    height += sum(_lines(each, inner, *_FOOT) for each in footer.children)
    return int(height * _SPARE // _STEP + 1) * _STEP


def _height(node: _Node, width: float) -> float:
    match node.tag:
        case "ul":
            entries = list(node.children)
            columns = 1
            if "embed__list--candidates" in node.classes and width > _TWO_COLUMNS_FROM - 40:
                columns = 2
                width = (width - _BETWEEN_COLUMNS) / 2
            heights = [_ENTRY + sum(_height(each, width) for each in li.children) for li in entries]
            return sum(max(heights[at : at + columns]) for at in range(0, len(heights), columns))
        case "dl":
            return sum(_row(each, width) for each in node.children)
        case "p" if any("button" in each.classes for each in node.children):
            return 42.0
        case "p" if any("embed__figure" in each.classes for each in node.children):
            return _lines(node, width * 0.85, *_USUAL) + 8
    size, line = _SMALL if "small" in node.classes else _USUAL
    return _lines(node, width, _SIZE.get(node.tag, size), _LINE.get(node.tag, line))


def _row(row: _Node, width: float) -> float:
    """Return the height of an ask's title with the answer beside it, or below where it is long."""
    title, (answer, *marks) = row.children[0], row.children[-1].children
    badge = _BADGE + len(answer.words) * _SIZE["dd"] * 0.6
    if marks:
        room = width / 2
        below = sum(_lines(each, room, *_SMALL) for each in marks)
        return _ROW + below + _lines(title, room, _SIZE["dt"], _LINE["dt"]) + _LINE["dd"]
    room = width - badge - 8
    size = (_SIZE["dt"], _LINE["dt"])
    if room >= _LEAST_TITLE:
        return _ROW + max(_lines(title, room, *size), _LINE["dd"])
    return _ROW + _lines(title, width, *size) + _LINE["dd"] * (1 + int(badge > width))


def _lines(node: _Node, width: float, size: float, line: float) -> float:
    if "statement" in node.classes:
        width -= 20
    letters = max(1.0, width / (size * _LETTER.get(node.tag, _USUAL_LETTER)))
    count, used = 1, 0.0
    for word in node.words.split():
        if used and used + len(word) > letters:
            count, used = count + 1, 0.0
        # A word that is longer than a line is broken.
        count += int(len(word) // letters)
        used += len(word) + 1
    return count * line
