"""A test client that checks every page it fetches, as a browser and a screen reader would."""

import warnings
from typing import Any

import html5lib
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

_XHTML = "{http://www.w3.org/1999/xhtml}"
_LABELLED = ("input", "select", "textarea")


class CheckingClient(FlaskClient):
    """Fetch pages and fail on markup that a person could not use."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        response = super().open(*args, **kwargs)
        has_page = response.request.method != "HEAD" and response.status_code not in (
            301, 302, 303, 304, 308,
        )  # fmt: skip
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

    labels = {label.get("for") for label in named("label")}
    for control in named(*_LABELLED):
        if control.get("type") in ("hidden", "submit", "button"):
            continue
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
        address = element.get("src") or element.get("href") or ""
        assert not address.startswith(("http:", "https:", "//")), f"{where}: loads {address}"
