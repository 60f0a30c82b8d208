"""Writes of the pledges domain, and the links that candidates answer by."""

from campaign.pledges.service.archive import COPY_LIMIT, find_copy, keep_copy
from campaign.pledges.service.changes import (
    ChangeDoor,
    change_token,
    dispute_token,
    drop_open_changes,
    find_campaign_of_change,
    find_campaign_of_dispute,
    get_open_change,
    lock_open_changes,
    open_change_link,
    open_dispute_link,
    request_change,
    settle_change,
)
from campaign.pledges.service.heads import publish_heads
from campaign.pledges.service.invitations import (
    lock_due_timetables,
    note_invitation,
    note_sent_invitations,
    plan_invitations,
    stop_invitations,
)
from campaign.pledges.service.links import (
    AnswerDoor,
    answer_token,
    choose_language,
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
    "ChangeDoor",
    "GivenAnswer",
    "Intake",
    "SuggestionBox",
    "answer_token",
    "change_token",
    "choose_language",
    "dispute_entry",
    "dispute_token",
    "drop_open_changes",
    "find_campaign_of_change",
    "find_campaign_of_dispute",
    "find_campaign_of_link",
    "find_copy",
    "get_open_change",
    "hide_texts",
    "keep_copy",
    "lock_due_timetables",
    "lock_open_changes",
    "note_invitation",
    "note_request",
    "note_sent_invitations",
    "open_answer_link",
    "open_change_link",
    "open_dispute_link",
    "open_suggestion_box",
    "plan_invitations",
    "publish_heads",
    "read_answer_token",
    "record_pledge",
    "reject_suggestion",
    "replace_answer_link",
    "request_change",
    "review_pledge",
    "revoke_answer_link",
    "settle_address_requests",
    "settle_change",
    "settle_dispute",
    "settle_refusal",
    "settle_request",
    "show_texts",
    "stop_invitations",
    "suggest_evidence",
    "take_up_suggestion",
    "takes_answers",
    "withdraw_pledge",
]
