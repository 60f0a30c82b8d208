"""The pages of somebody's letters, as views answer with them."""

from flask import render_template, url_for
from flask_babel import gettext as _

from campaign.core.languages import Language
from campaign.delivery.queries import is_paused_by_person
from campaign.delivery.rules import campaign_scope
from campaign.elections.queries import get_election
from campaign.letters import queries, service
from campaign.pledges.queries import map_languages
from campaign.reports.candidate_record import build_candidate_record
from campaign.reports.expected_letters import expect_letters
from campaign.reports.writing_desk import WritingDesk
from campaign.web.public.letters.choice import ChoiceForm, make_choice_forms
from campaign.web.public.letters.forms import WriteForm
from campaign.web.shared.context import now, session, toolkit


def form_page(desk: WritingDesk, form: WriteForm) -> str:
    """Return the form to write with, as it was filled in so far."""
    form.make_showable()
    return render_template(
        "public/letters/write.html", campaign=desk.campaign, desk=desk, form=form
    )


def preview_page(desk: WritingDesk, form: WriteForm) -> str:
    """Return the letters as their candidates will get them."""
    languages = map_languages(
        session(), desk.campaign.id, [letter.candidacy_id for letter in form.letters]
    )
    mails = [
        (
            letter.candidacy_id,
            letter.candidacy_id in (form.keep.data or []),
            service.render_letter(
                toolkit().emails,
                subject=letter.subject,
                body=letter.body,
                supporter_name=form.writer.name,
                campaign=desk.campaign,
                # The link lets its holder answer for the candidate: not for other eyes.
                answer_link=_(
                    "[a link for %(name)s alone stands here]", name=desk.names[letter.candidacy_id]
                ),
                language=languages.get(letter.candidacy_id, Language.ENGLISH),
            ),
            languages.get(letter.candidacy_id, Language.ENGLISH),
        )
        for letter in form.letters
    ]
    return render_template(
        "public/letters/preview.html", campaign=desk.campaign, desk=desk, form=form, mails=mails
    )


def action_page(token: str, *, problem: str = "") -> str:
    """Return a supporter's own page, with what stood in the way of their wish."""
    found = queries.get_action(session(), toolkit().signer, token)
    campaign = queries.get_campaign_of(session(), found)
    election = get_election(session(), campaign.election_id)
    path = url_for("campaigns.show", campaign_slug=campaign.slug)
    return render_template(
        "public/letters/action.html",
        token=token,
        action=found,
        campaign=campaign,
        campaign_link=f"{toolkit().settings.base_url}{path}",
        election=election,
        phase=election.phase(now()),
        is_paused=is_paused_by_person(session(), campaign_scope(campaign.id)),
        is_waiting=queries.is_waiting(found, campaign=campaign, election=election, now=now()),
        reasons=queries.list_last_reasons(session(), found),
        expected=expect_letters(
            session(),
            found,
            mail=toolkit().settings.mail,
            timezone=election.timezone,
            now=now(),
        ),
        can_withdraw=service.can_withdraw,
        problem=problem,
    )


def choice_page(token: str, letter_id: int, *, form: ChoiceForm | None = None) -> str:
    """Return the page that asks what to send instead of a letter, with what was typed so far."""
    found = queries.get_action(session(), toolkit().signer, token)
    question = service.get_question(session(), found, letter_id, now=now())
    campaign = queries.get_campaign_of(session(), found)
    record = build_candidate_record(session(), campaign, question.letter.candidacy)
    return render_template(
        "public/letters/choose.html",
        token=token,
        action=found,
        campaign=campaign,
        question=question,
        record=record,
        forms_by_choice=make_choice_forms(question, campaign.name, record, returned=form),
        returned=form,
    )
