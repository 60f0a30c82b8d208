"""Writes of the pledges domain, and the links that candidates answer by."""

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
    find_campaign_of_link,
    open_answer_link,
    read_answer_token,
    replace_answer_link,
    revoke_answer_link,
    takes_answers,
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
    settle_request,
)

__all__ = [
    "AnswerDoor",
    "ChangeDoor",
    "GivenAnswer",
    "answer_token",
    "change_token",
    "dispute_token",
    "drop_open_changes",
    "find_campaign_of_change",
    "find_campaign_of_dispute",
    "find_campaign_of_link",
    "get_open_change",
    "lock_due_timetables",
    "lock_open_changes",
    "note_invitation",
    "note_request",
    "note_sent_invitations",
    "open_answer_link",
    "open_change_link",
    "open_dispute_link",
    "plan_invitations",
    "read_answer_token",
    "record_pledge",
    "replace_answer_link",
    "request_change",
    "review_pledge",
    "revoke_answer_link",
    "settle_address_requests",
    "settle_change",
    "settle_request",
    "stop_invitations",
    "takes_answers",
    "withdraw_pledge",
]
