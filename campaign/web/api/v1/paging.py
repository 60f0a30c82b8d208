"""Pages of a list: where each begins, and the headers that lead from one to the next."""

import json
from typing import Any

from flask import request, url_for
from flask_smorest import Blueprint as SmorestBlueprint
from flask_smorest.pagination import PaginationParameters

from campaign.core.errors import NotFound
from campaign.web.shared.context import toolkit

PAGE_SIZE = 50
MAX_PAGE_SIZE = 100

_RELATIONS = {
    "first": "first_page",
    "prev": "previous_page",
    "next": "next_page",
    "last": "last_page",
}


class PageNotFound(NotFound):
    """A list has fewer pages."""


class Blueprint(SmorestBlueprint):  # type: ignore[misc]  # the library has no types
    """A blueprint whose lists also lead on by the header ``Link`` (RFC 8288)."""

    DEFAULT_PAGINATION_PARAMETERS = {  # noqa: RUF012 - as the parent has it
        "page": 1,
        "page_size": PAGE_SIZE,
        "max_page_size": MAX_PAGE_SIZE,
    }

    def _set_pagination_metadata(
        self, page_params: PaginationParameters, result: Any, headers: dict[str, str] | None
    ) -> tuple[Any, dict[str, str]]:
        result, named = super()._set_pagination_metadata(page_params, result, headers)
        links = _links(json.loads(named[self.PAGINATION_HEADER_NAME]), page_params.page_size)
        return result, {**named, **({"Link": links} if links else {})}


def cut(pages: PaginationParameters, total: int) -> dict[str, int]:
    """Return offset and limit of the page; raises PageNotFound beyond the last one."""
    pages.item_count = total
    last = max(1, -(-total // pages.page_size))
    if pages.page > last:
        raise PageNotFound(f"There is no page {pages.page}; the last one is {last}.")
    return {"offset": pages.first_item, "limit": pages.page_size}


def site() -> str:
    """Return the address of this installation, as it stands in answers."""
    return f"{toolkit().settings.base_url}{request.script_root}"


def _links(metadata: dict[str, int], page_size: int) -> str:
    return ", ".join(
        f'<{_address(metadata[key], page_size)}>; rel="{rel}"'
        for rel, key in _RELATIONS.items()
        if key in metadata
    )


def _address(page: int, page_size: int) -> str:
    query: dict[str, Any] = {
        name: value for name, value in request.args.items() if name not in ("page", "page_size")
    }
    # The usual size is left out: such addresses are kept by the page cache.
    if page_size != PAGE_SIZE:
        query["page_size"] = page_size
    path = url_for(request.endpoint or "", **(request.view_args or {}), page=page, **query)
    return f"{toolkit().settings.base_url}{path}"
