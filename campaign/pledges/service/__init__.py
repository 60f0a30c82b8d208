"""Writes of the pledges domain, and the links that candidates answer by."""

from campaign.pledges.service.archive import COPY_LIMIT, find_copy, keep_copy
from campaign.pledges.service.heads import publish_heads
from campaign.pledges.service.links import (
    AnswerDoor,
    answer_token,
    find_campaign_of_link,
    open_answer_link,
    read_answer_token,
    replace_answer_link,
    revoke_answer_link,
    takes_answers,
)
from campaign.pledges.service.marks import (
    dispute_entry,
    hide_texts,
    settle_dispute,
    show_texts,
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
from campaign.pledges.service.suggestions import (
    SuggestionBox,
    open_suggestion_box,
    reject_suggestion,
    suggest_evidence,
    take_up_suggestion,
)
from campaign.pledges.service.transfer import Intake

__all__ = [
    "COPY_LIMIT",
    "AnswerDoor",
    "GivenAnswer",
    "Intake",
    "SuggestionBox",
    "answer_token",
    "dispute_entry",
    "find_campaign_of_link",
    "find_copy",
    "hide_texts",
    "keep_copy",
    "note_request",
    "open_answer_link",
    "open_suggestion_box",
    "publish_heads",
    "read_answer_token",
    "record_pledge",
    "reject_suggestion",
    "replace_answer_link",
    "review_pledge",
    "revoke_answer_link",
    "settle_address_requests",
    "settle_dispute",
    "settle_refusal",
    "settle_request",
    "show_texts",
    "suggest_evidence",
    "take_up_suggestion",
    "takes_answers",
    "withdraw_pledge",
]
