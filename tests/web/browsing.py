"""Fill in forms as a browser does: every control that is there goes back as it stands."""

import html5lib
from werkzeug.test import TestResponse

_XHTML = "{http://www.w3.org/1999/xhtml}"


def form_data(response: TestResponse, *, action: str | None = None) -> dict[str, str]:
    """Return what the page's form (the first, or the one of this action) would send."""
    root = html5lib.parse(response.get_data(as_text=True), treebuilder="etree")
    forms = [form for form in root.iter(f"{_XHTML}form") if action in (None, form.get("action"))]
    data: dict[str, str] = {}
    for control in forms[0].iter():
        name = control.get("name")
        if control.tag not in (f"{_XHTML}input", f"{_XHTML}textarea"):
            continue
        if control.tag == f"{_XHTML}textarea":
            # A browser drops the first line end and sends the others as CRLF.
            data[name] = (control.text or "").removeprefix("\n").replace("\n", "\r\n")
        elif control.get("type") in ("radio", "checkbox"):
            if control.get("checked") is not None:
                data[name] = control.get("value", "")
        elif name:
            data[name] = control.get("value", "")
    return data
