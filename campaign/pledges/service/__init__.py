"""Writes of the pledges domain, and the links that candidates answer by."""

from campaign.pledges.service.links import (
    AnswerDoor,
    answer_token,
    find_campaign_of_link,
    open_answer_link,
    read_answer_token,
    replace_answer_link,
    revoke_answer_link,
)
from campaign.pledges.service.record import (
    GivenAnswer,
    record_pledge,
    review_pledge,
    withdraw_pledge,
)
from campaign.pledges.service.requests import (
    note_request,
    settle_address_requests,
    settle_refusal,
    settle_request,
)

__all__ = [
    "AnswerDoor",
    "GivenAnswer",
    "answer_token",
    "find_campaign_of_link",
    "note_request",
    "open_answer_link",
    "read_answer_token",
    "record_pledge",
    "replace_answer_link",
    "review_pledge",
    "revoke_answer_link",
    "settle_address_requests",
    "settle_refusal",
    "settle_request",
    "withdraw_pledge",
]
