"""E-mail rendering: ``templates/emails/<name>/{subject.txt,body.txt}`` to plain text.

Other languages stand beside the English: ``subject.cy.txt`` and ``body.cy.txt``.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from campaign.core.languages import Language


@dataclass(frozen=True)
class RenderedEmail:
    """Subject on one line, body in plain text with lines ended by a line feed."""

    subject: str
    body: str


class EmailRenderer:
    """Render the organisation's own e-mail templates; never given a user's text as a template."""

    def __init__(self, templates_path: Path) -> None:
        # Plain text is not HTML: nothing is escaped, and an unknown name is an error.
        self._environment = Environment(
            loader=FileSystemLoader(templates_path / "emails"),
            autoescape=False,  # noqa: S701
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )

    def render(
        self, name: str, /, *, language: Language = Language.ENGLISH, **context: Any
    ) -> RenderedEmail:
        """Return the e-mail of this name; white space in the subject is folded to one line.

        A mail that does not exist in the language is an error: nothing falls back silently.
        """
        ending = "txt" if language is Language.ENGLISH else f"{language}.txt"
        subject = self._environment.get_template(f"{name}/subject.{ending}").render(context)
        body = self._environment.get_template(f"{name}/body.{ending}").render(context)
        return RenderedEmail(
            subject=" ".join(subject.split()),
            body=re.sub(r"\n{3,}", "\n\n", body).strip() + "\n",
        )
