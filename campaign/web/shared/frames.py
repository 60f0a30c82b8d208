"""How another site shows one of our pages in a frame: address, size, and the code to copy."""

from dataclasses import dataclass

from markupsafe import escape

from campaign.web.shared.addresses import absolute

WIDTH = 480
_HEIGHTS = {"campaign": 540, "constituency": 640, "candidate": 560}
"""For a column of 480 pixels; what is longer scrolls inside the frame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A page to be shown by others."""

    kind: str
    values: dict[str, str | int]
    """What its address is made of."""
    title: str
    """What a screen reader calls the frame."""

    @property
    def address(self) -> str:
        """Return what the frame loads."""
        return absolute(f"embeds.{self.kind}", **self.values)

    @property
    def height(self) -> int:
        """Return the height in pixels that suits it."""
        return _HEIGHTS[self.kind]

    def code(self, *, width: int | str = "100%", height: int | None = None) -> str:
        """Return the HTML to copy: no script is needed, and none is allowed inside."""
        return (
            f'<iframe src="{escape(self.address)}" title="{escape(self.title)}" '
            f'width="{width}" height="{height or self.height}" loading="lazy" '
            'referrerpolicy="no-referrer" style="border:0"></iframe>'
        )


def campaign_frame(slug: str, name: str) -> Frame:
    """Return the frame of a campaign."""
    return Frame(kind="campaign", values={"campaign_slug": slug}, title=name)


def constituency_frame(slug: str, place_slug: str, title: str) -> Frame:
    """Return the frame of a constituency in a campaign."""
    values: dict[str, str | int] = {"campaign_slug": slug, "constituency_slug": place_slug}
    return Frame(kind="constituency", values=values, title=title)


def candidate_frame(slug: str, person_id: int, title: str) -> Frame:
    """Return the frame of a candidate in a campaign."""
    values: dict[str, str | int] = {"campaign_slug": slug, "person_id": person_id}
    return Frame(kind="candidate", values=values, title=title)
