"""Whether the process lives, and whether it can serve."""

from flask import Blueprint, Response, jsonify
from sqlalchemy.exc import SQLAlchemyError

from campaign.core import schema
from campaign.web.shared.context import toolkit

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def alive() -> Response:
    """Say that the process answers."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
def ready() -> tuple[Response, int]:
    """Say whether the database answers and has the newest schema."""
    try:
        is_current = schema.is_current(toolkit().database)
    except SQLAlchemyError:
        return jsonify(status="unavailable", reason="the database does not answer"), 503
    if not is_current:
        return jsonify(status="unavailable", reason="run: campaign db upgrade"), 503
    return jsonify(status="ok"), 200
