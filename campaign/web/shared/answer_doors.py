"""What all pages behind a candidate's personal link have in common."""

from flask import Response

from campaign.pledges.queries import get_language
from campaign.pledges.service import AnswerDoor, ChangeDoor, open_answer_link
from campaign.web.shared.context import now, session, toolkit
from campaign.web.shared.languages import speak


def open_door(token: str) -> AnswerDoor:
    """Return what a link opens, and answer in its candidate's language from here on.

    Raises what ``open_answer_link`` raises.
    """
    door = open_answer_link(session(), toolkit().signer, token, now=now())
    speak_to(door)
    return door


def speak_to(door: AnswerDoor | ChangeDoor) -> None:
    """Answer in the language that the candidate behind a link has chosen."""
    speak(get_language(session(), door.campaign.id, door.candidacy.id))


def keep_private(response: Response) -> Response:
    """Keep a page out of caches and search engines; stands behind each blueprint of such pages."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
