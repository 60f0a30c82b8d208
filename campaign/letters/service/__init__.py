"""Writes of the letters domain."""

from campaign.letters.service.asking import keep_questions
from campaign.letters.service.choices import choose_mail_form
from campaign.letters.service.chores import Chores, run_chores, withdraw_unreachable
from campaign.letters.service.confirmation import (
    can_withdraw,
    confirm_action,
    withdraw_letter,
    withdraw_letters,
)
from campaign.letters.service.correspondence import AnswerPage, Correspondence, Seen
from campaign.letters.service.delivery import record_delivery
from campaign.letters.service.dispatch import check_open
from campaign.letters.service.letter_mail import render_letter
from campaign.letters.service.mail import local_moment, queue_notice
from campaign.letters.service.outcome_mail import queue_passed_on
from campaign.letters.service.overtaken import hold_all_answered_letters, hold_answered_letters
from campaign.letters.service.pausing import keep_pauses, pause_letters, resume_letters
from campaign.letters.service.placing import collect_by_habit, hasten_digest
from campaign.letters.service.polls import FollowPolls
from campaign.letters.service.questions import (
    Question,
    choose_nothing,
    get_question,
    send_instead,
)
from campaign.letters.service.returns import find_letter_of, record_return
from campaign.letters.service.stops import stop_letters
from campaign.letters.service.submission import Submission, submit_action

__all__ = [
    "AnswerPage",
    "Chores",
    "Correspondence",
    "FollowPolls",
    "Question",
    "Seen",
    "Submission",
    "can_withdraw",
    "check_open",
    "choose_mail_form",
    "choose_nothing",
    "collect_by_habit",
    "confirm_action",
    "find_letter_of",
    "get_question",
    "hasten_digest",
    "hold_all_answered_letters",
    "hold_answered_letters",
    "keep_pauses",
    "keep_questions",
    "local_moment",
    "pause_letters",
    "queue_notice",
    "queue_passed_on",
    "record_delivery",
    "record_return",
    "render_letter",
    "resume_letters",
    "run_chores",
    "send_instead",
    "stop_letters",
    "submit_action",
    "withdraw_letter",
    "withdraw_letters",
    "withdraw_unreachable",
]
