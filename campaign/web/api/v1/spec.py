"""The description of the API by OpenAPI 3.1, made from its views when somebody asks for it."""

from typing import Any, cast

from flask import Flask
from flask_smorest import Api

from campaign.reports.credits import LICENCE_NAME, LICENCE_URL
from campaign.web.api.v1.views import blueprint

TITLE = "Campaign: open data"
VERSION = "1"
DESCRIPTION = (
    "Where candidates stand on what campaigns ask of them, as each tracker shows it. Everybody may "
    "read it; nothing can be written. Drafts are not here; closed campaigns stay. Ids are those of "
    "Democracy Club. Numbers of supporters are in steps of five; below five they are not shown."
)

_NAMES = {
    "campaign_slug": "Name of a campaign; /campaigns lists them.",
    "constituency_slug": "Name of a constituency; the campaign's /constituencies lists them.",
    "person_id": "Democracy Club's id of a person; the campaign's /candidates lists them.",
}
"""What stands in an address."""


def build_spec(*, server: str) -> dict[str, Any]:
    """Return the OpenAPI document; ``server`` is the address of this installation."""
    # An application of its own: the real one must not take the error pages that come with it.
    app = Flask("campaign-api")
    app.config.update(API_TITLE=TITLE, API_VERSION=VERSION, OPENAPI_VERSION="3.1.0")
    options = {
        "info": {
            "description": DESCRIPTION,
            "license": {"name": LICENCE_NAME, "url": LICENCE_URL},
        },
        "servers": [{"url": server}],
    }
    api = Api(app, spec_kwargs=options)
    api.register_blueprint(blueprint)
    document = cast(dict[str, Any], api.spec.to_dict())
    # The library has words for errors of its own; ours look otherwise.
    document["components"].pop("responses", None)
    document["components"].pop("headers", None)
    document["components"]["schemas"].pop("Error", None)
    for path in document["paths"].values():
        _mend(path["get"]["responses"])
        for parameter in path.get("parameters", []):
            parameter["description"] = _NAMES[parameter["name"]]
    return document


def _mend(responses: dict[str, Any]) -> None:
    """Say of the answers what is ours: the form of errors, and the headers."""
    responses.pop("default", None)
    if "422" in responses:
        responses["422"] = {**responses["404"], "description": "A parameter is not as expected."}
    # By the server itself, or the one in front of it, before anything here is asked.
    responses["414"] = {
        "description": "The address has more than some 4,000 characters.",
        "content": {"text/html": {"schema": {"type": "string"}}},
    }
    good = responses["200"]
    if "X-Pagination" in good.get("headers", {}):
        metadata = {"$ref": "#/components/schemas/PaginationMetadata"}
        good["headers"] = {
            "X-Pagination": {
                "description": "Which page this is, of how many.",
                "content": {"application/json": {"schema": metadata}},
            },
            "Link": {
                "description": "First, previous, next and last page (RFC 8288).",
                "schema": {"type": "string"},
            },
        }
    good.setdefault("headers", {})["ETag"] = {
        "description": "Send it as If-None-Match to be told when nothing has changed.",
        "schema": {"type": "string"},
    }
