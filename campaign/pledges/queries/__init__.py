"""Reads of the pledges domain."""

from campaign.pledges.queries.answers import (
    CurrentAnswer,
    list_current_answers,
    list_ever_answered,
    map_answer_times,
    newest_public_entries,
)
from campaign.pledges.queries.chain import stream_chain
from campaign.pledges.queries.changes import has_moved_on, list_open_changes
from campaign.pledges.queries.checking import ChainFault, ChainReport, NotedHead, check_chain
from campaign.pledges.queries.current_entries import list_current_entries
from campaign.pledges.queries.heads import find_head, find_published_head, list_published_heads
from campaign.pledges.queries.history import (
    HistoryEntry,
    count_open_disputes,
    find_event,
    find_history_entry,
    find_numbered_entry,
    is_entry_of,
    list_entries_to_review,
    list_events_about,
    list_history,
    list_person_history,
)
from campaign.pledges.queries.invitations import (
    FailedInvitation,
    StepFigures,
    count_invitations,
    find_timetable,
    list_failed_invitations,
    list_invitations,
    map_invited,
)
from campaign.pledges.queries.languages import get_language, map_languages
from campaign.pledges.queries.marks import is_review, map_marks
from campaign.pledges.queries.news import map_news_times, map_public_entries
from campaign.pledges.queries.requests import (
    has_open_request,
    is_link_revoked,
    list_candidate_requests,
    list_mail_refusals,
    wants_no_mail,
)
from campaign.pledges.queries.suggestions import (
    count_suggestions,
    find_waiting_suggestion,
    get_suggestion,
    list_suggestions,
)

__all__ = [
    "ChainFault",
    "ChainReport",
    "CurrentAnswer",
    "FailedInvitation",
    "HistoryEntry",
    "NotedHead",
    "StepFigures",
    "check_chain",
    "count_invitations",
    "count_open_disputes",
    "count_suggestions",
    "find_event",
    "find_head",
    "find_history_entry",
    "find_numbered_entry",
    "find_published_head",
    "find_timetable",
    "find_waiting_suggestion",
    "get_language",
    "get_suggestion",
    "has_moved_on",
    "has_open_request",
    "is_entry_of",
    "is_link_revoked",
    "is_review",
    "list_candidate_requests",
    "list_current_answers",
    "list_current_entries",
    "list_entries_to_review",
    "list_events_about",
    "list_ever_answered",
    "list_failed_invitations",
    "list_history",
    "list_invitations",
    "list_mail_refusals",
    "list_open_changes",
    "list_person_history",
    "list_published_heads",
    "list_suggestions",
    "map_answer_times",
    "map_invited",
    "map_languages",
    "map_marks",
    "map_news_times",
    "map_public_entries",
    "newest_public_entries",
    "stream_chain",
    "wants_no_mail",
]
