"""A test client that checks every page it fetches, as a browser and a screen reader would."""

import re
import warnings
from collections import defaultdict
from typing import Any

import html5lib
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

_XHTML = "{http://www.w3.org/1999/xhtml}"
_LABELLED = ("input", "select", "textarea")
_UNTYPED = ("hidden", "submit", "button")
_OWN = re.compile(r"^(?:name|email|postcode|password|new_password|.*_password)$")
"""Names of fields in which people type something about themselves."""


class CheckingClient(FlaskClient):
    """Fetch pages and fail on markup that a person could not use."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        response = super().open(*args, **kwargs)
        has_page = response.request.method != "HEAD" and response.status_code not in (
            301, 302, 303, 304, 308,
        )  # fmt: skip
        has_page = has_page and response.request.method != "OPTIONS"
        if has_page and response.mimetype == "text/html":
            check_page(response.get_data(as_text=True), where=response.request.path)
        return response


def check_page(html: str, *, where: str) -> None:
    """Assert what axe does not see or what must hold without a browser."""
    parser = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("etree"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        root = parser.parse(html)
    assert not parser.errors, f"{where}: HTML does not parse: {parser.errors[:3]}"
    elements = [element for element in root.iter() if isinstance(element.tag, str)]

    def named(*names: str) -> list[Any]:
        return [e for e in elements if e.tag.removeprefix(_XHTML) in names]

    assert root.get("lang"), f"{where}: the page names no language"
    titles = named("title")
    assert titles, f"{where}: no title"
    assert (titles[0].text or "").strip(), f"{where}: empty title"
    assert len(named("h1")) == 1, f"{where}: {len(named('h1'))} h1 elements"

    ids = [element.get("id") for element in elements if element.get("id")]
    twice = {name for name in ids if ids.count(name) > 1}
    assert not twice, f"{where}: ids that stand twice: {twice}"
    for element in elements:
        for attribute in ("aria-describedby", "aria-labelledby"):
            for name in (element.get(attribute) or "").split():
                assert name in ids, f"{where}: {attribute} names {name}, which is not there"
        for attribute in element.keys():  # noqa: SIM118
            assert not attribute.startswith("on"), f"{where}: inline handler {attribute}"
            assert attribute != "style", f"{where}: inline style on {element.tag}"

    _check_groups(root, where=where)
    _check_help_and_errors(root, where=where)
    _check_links(root, where=where)
    labels = {label.get("for") for label in named("label")}
    for control in named(*_LABELLED):
        if control.get("type") in _UNTYPED:
            continue
        assert not _OWN.match(control.get("name") or "") or control.get("autocomplete"), (
            f"{where}: {control.get('name')} is a personal field without autocomplete"
        )
        assert control.get("id") in labels or control.get("aria-label"), (
            f"{where}: control {control.get('name')} has no label"
        )
    for fieldset in named("fieldset"):
        first = next(iter(fieldset), None)
        assert first is not None, f"{where}: empty fieldset"
        assert first.tag == f"{_XHTML}legend", f"{where}: a fieldset without a legend first"
    for form in named("form"):
        action = form.get("action")
        assert action is None or action.startswith("/"), f"{where}: form action {action!r}"
        assert (form.get("method") or "get").lower() in ("get", "post")
        if (form.get("method") or "get").lower() == "post":
            names = {e.get("name") for e in form.iter() if isinstance(e.tag, str)}
            assert "csrf_token" in names, f"{where}: a form that posts without csrf_token"
    for script in named("script"):
        assert script.get("src"), f"{where}: inline script"
    assert not named("style"), f"{where}: inline style element"
    for image in named("img"):
        assert image.get("alt") is not None, f"{where}: image without alt"
    for element in named("script", "link", "img", "iframe"):
        if element.get("rel") in ("alternate", "canonical"):
            continue  # Names another form of the page, which nobody loads with it.
        address = element.get("src") or element.get("href") or ""
        assert not address.startswith(("http:", "https:", "//")), f"{where}: loads {address}"


def _all(element: Any, *names: str) -> list[Any]:
    return [each for name in names for each in element.iter(f"{_XHTML}{name}")]


def _has_class(element: Any, name: str) -> bool:
    return name in (element.get("class") or "").split()


def _check_groups(root: Any, *, where: str) -> None:
    """Assert that radio buttons and boxes of one name stand together under a legend."""
    grouped = {
        id(control)
        for fieldset in _all(root, "fieldset")
        if any(_text(legend) for legend in _all(fieldset, "legend"))
        for control in _all(fieldset, "input")
    }
    groups: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for form in _all(root, "form"):
        for control in _all(form, "input"):
            if control.get("type") in ("radio", "checkbox"):
                groups[control.get("type"), control.get("name") or ""].append(control)
    for (kind, name), controls in groups.items():
        is_group = kind == "radio" or len(controls) > 1
        assert not is_group or all(id(each) in grouped for each in controls), (
            f"{where}: the group {name} stands in no fieldset with a legend"
        )


def _check_help_and_errors(root: Any, *, where: str) -> None:
    """Assert that hints and errors are tied to their field, and errors summed up with links."""
    described = {
        name
        for element in root.iter()
        if isinstance(element.tag, str)
        for name in (element.get("aria-describedby") or "").split()
    }
    main = _all(root, "main")[0]
    for element in _all(main, "p", "div", "span"):
        for kind in ("hint", "error"):
            assert not _has_class(element, kind) or element.get("id") in described, (
                f"{where}: the {kind} “{_text(element)}” is tied to no field"
            )
    wrong = {e.get("id") for e in _all(main, "p", "span") if _has_class(e, "error")}
    for control in _all(main, *_LABELLED):
        if control.get("type") == "radio" or not wrong:
            continue
        is_wrong = not wrong.isdisjoint((control.get("aria-describedby") or "").split())
        assert is_wrong == (control.get("aria-invalid") == "true"), (
            f"{where}: aria-invalid of {control.get('name')} and its error do not agree"
        )
    summaries = [e for e in _all(main, "div") if _has_class(e, "error-summary")]
    assert not wrong or summaries, f"{where}: errors without a summary"
    ids = {element.get("id") for element in root.iter() if isinstance(element.tag, str)}
    for summary in summaries:
        assert summary.get("tabindex") == "-1", f"{where}: a summary that cannot take the focus"
        # The page of all components shows one that may not take the focus.
        assert summary.get("autofocus") is not None or where == "/styles/", (
            f"{where}: a summary that takes no focus"
        )
        links = [each.get("href") for each in _all(summary, "a")]
        assert links or not wrong, f"{where}: a summary without links to the fields"
        for link in links:
            assert link.startswith("#"), f"{where}: the summary links to {link}"
            assert link[1:] in ids, f"{where}: the summary links to {link}, which is not there"


def _check_links(root: Any, *, where: str) -> None:
    """Assert that links of one name lead to one place; in tables, rows tell them apart."""
    in_tables = {id(link) for table in _all(root, "table") for link in _all(table, "a")}
    places: dict[str, set[str]] = defaultdict(set)
    for link in _all(root, "a"):
        if id(link) not in in_tables and link.get("href"):
            places[link.get("aria-label") or _text(link)].add(link.get("href"))
    for name, targets in places.items():
        assert len(targets) == 1, f"{where}: “{name}” leads to {sorted(targets)}"


def _text(element: Any) -> str:
    return " ".join("".join(element.itertext()).split())
