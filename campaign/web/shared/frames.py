"""How another site shows one of our pages in a frame: address, size, and the code to copy."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from markupsafe import escape

from campaign.web.shared.addresses import absolute
from campaign.web.shared.frame_heights import reckon_height
from campaign.web.shared.frame_pages import draw_campaign, draw_candidate, draw_constituency

WIDTH = 480
"""Pixels, where nobody says how much room there is."""
COLUMNS = (300, 340, 480, 640, 728, 1000)
"""Widths that are common for columns: of adverts, of phones, of articles."""
NARROWEST, WIDEST = COLUMNS[0], COLUMNS[-1]
ARTICLE = 640
"""The usual column of a text where there is room for one."""
LOWEST = 320
"""Pixels: a frame that is lower shows a card of its first words, by static/css/embed.css."""


@dataclass(frozen=True, kw_only=True)
class Frame:
    """A page to be shown by others."""

    kind: str
    values: dict[str, str | int]
    """What its address is made of."""
    title: str
    """What a screen reader calls the frame."""
    draw: Callable[[], str]
    """Makes the page, to see how much room it takes."""

    @property
    def address(self) -> str:
        """Return what the frame loads."""
        return absolute(f"embeds.{self.kind}", **self.values)

    def height(self, width: int) -> int:
        """Return the height in pixels at which nothing of today's page scrolls in this width."""
        return max(reckon_height(self._page, width=max(width, NARROWEST)), LOWEST)

    def code(self, column: int | None = None) -> str:
        """Return the HTML to copy, for a column of this width or for any that is wide enough.

        No script is needed, and none is allowed inside. For any width it is as tall as a narrow
        column needs where the whole window is narrow, and elsewhere as a usual column does.
        """
        height = self.height(column or NARROWEST)
        if column:
            return self.markup(width="100%", height=height, style=f"border:0;max-width:{column}px")
        suits = f"clamp({self.height(ARTICLE)}px,calc(({ARTICLE}px - 100vw)*999),{height}px)"
        return self.markup(width="100%", height=height, style=f"border:0;height:{suits}")

    def markup(self, *, width: int | str, height: int, style: str = "border:0") -> str:
        """Return the element with its size."""
        return (
            f'<iframe src="{escape(self.address)}" title="{escape(self.title)}" '
            f'width="{width}" height="{height}" loading="lazy" '
            f'referrerpolicy="no-referrer" style="{style}"></iframe>'
        )

    @cached_property
    def _page(self) -> str:
        return self.draw()


def campaign_frame(campaign: Any) -> Frame:
    """Return the frame of a campaign."""
    values: dict[str, str | int] = {"campaign_slug": campaign.slug}
    return Frame(
        kind="campaign", values=values, title=campaign.name, draw=partial(draw_campaign, campaign)
    )


def constituency_frame(campaign: Any, place: Any) -> Frame:
    """Return the frame of a constituency in a campaign."""
    return Frame(
        kind="constituency",
        values={"campaign_slug": campaign.slug, "constituency_slug": place.slug},
        title=f"{place.name}: {campaign.name}",
        draw=partial(draw_constituency, campaign, place),
    )


def candidate_frame(campaign: Any, candidacy: Any) -> Frame:
    """Return the frame of a candidate in a campaign."""
    return Frame(
        kind="candidate",
        values={"campaign_slug": campaign.slug, "person_id": candidacy.person_id},
        title=f"{candidacy.person.name}: {campaign.name}",
        draw=partial(draw_candidate, campaign, candidacy),
    )
