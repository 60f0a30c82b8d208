"""What a person typed in a form that came too late, so that they can have it back."""

from dataclasses import dataclass

from flask import request, url_for

from campaign.letters.rules import showable


@dataclass(frozen=True)
class _Way:
    """How a form is shown again, and which of its fields are texts that took time to write."""

    step: str
    texts: tuple[str, ...]


_WAYS = {
    "letters.write_submit": _Way(step="change", texts=("body_",)),
    "suggestions.suggest_submit": _Way(step="change", texts=("quote",)),
    "objections.object_submit": _Way(step="change", texts=("words",)),
    "pledges.answer_submit": _Way(step="edit", texts=("statement-",)),
}
"""By endpoint: the public forms that hold a text. Their step here sends nothing."""

_LEFT_OUT = ("csrf_token", "step")


@dataclass(frozen=True)
class PostedForm:
    """A form as it was posted, to be posted once more by a button of its own."""

    address: str
    step: str
    """The step that only shows the form again, filled in."""
    fields: list[tuple[str, str]]
    texts: list[str]
    """To be read and copied, should the button not help either."""


def find_posted_form() -> PostedForm | None:
    """Return what this request posted, where it was a public form with somebody's text."""
    way = _WAYS.get(request.endpoint or "")
    # What another site posted is not the visitor's own: nothing is put in their mouth.
    is_foreign = request.headers.get("Sec-Fetch-Site") == "cross-site"
    if way is None or request.method != "POST" or is_foreign:
        return None
    fields = [
        (showable(name), showable(value))
        for name, value in request.form.items(multi=True)
        if name not in _LEFT_OUT and "password" not in name.lower()
    ]
    texts = [value for name, value in fields if name.startswith(way.texts) and value.strip()]
    address = url_for(request.endpoint or "", **(request.view_args or {}))
    return PostedForm(address=address, step=way.step, fields=fields, texts=texts)
