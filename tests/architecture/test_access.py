"""Every address of the site, and who may use it. A new endpoint is listed here or fails.

To add one: a line in ROUTES (rule and methods) and a line in ACCESS. Endpoints of roles are then
tried by an anonymous visitor and by somebody whose role is one too low.
"""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from campaign.organisers.rules import Role
from tests.factories import CampaignFactory, OrganiserFactory
from tests.web.client import CheckingClient

PUBLIC = "public"
SIGNED_LINK = "signed link"
MACHINE = "machine"
ACCOUNT = "account"
"""Pages of Flask-Security, which guard themselves: login, and what only the logged in may do."""

ACCESS: dict[str, str | Role] = {
    "static": PUBLIC,
    "health.alive": MACHINE,
    "health.ready": MACHINE,
    "metrics.show": MACHINE,
    # Supporters, candidates, everybody
    "home.index": PUBLIC,
    "home.robots": PUBLIC,
    "api.asks": PUBLIC,
    "api.campaign": PUBLIC,
    "api.campaigns": PUBLIC,
    "api.candidate": PUBLIC,
    "api.candidates": PUBLIC,
    "api.constituencies": PUBLIC,
    "api.constituency": PUBLIC,
    "api.events": PUBLIC,
    "api.totals": PUBLIC,
    "api_documentation.openapi": PUBLIC,
    "api_documentation.show": PUBLIC,
    "campaigns.show": PUBLIC,
    "campaigns.look": PUBLIC,
    "campaigns.privacy": PUBLIC,
    "embeds.campaign": PUBLIC,
    "embeds.candidate": PUBLIC,
    "embeds.constituency": PUBLIC,
    "feeds.campaign": PUBLIC,
    "feeds.constituency": PUBLIC,
    "oembed.show": PUBLIC,
    "press.candidates_csv": PUBLIC,
    "press.note": PUBLIC,
    "press.show": PUBLIC,
    "share.campaign": PUBLIC,
    "share.campaign_code": PUBLIC,
    "share.campaign_image": PUBLIC,
    "share.candidate": PUBLIC,
    "share.constituency": PUBLIC,
    "share.constituency_code": PUBLIC,
    "share.constituency_image": PUBLIC,
    "geography.find": PUBLIC,
    "geography.constituencies": PUBLIC,
    "geography.constituency": PUBLIC,
    "letters.write": PUBLIC,
    "letters.write_submit": PUBLIC,
    "letters.check_mail": PUBLIC,
    "letters.action": SIGNED_LINK,
    "letters.action_confirm": SIGNED_LINK,
    "letters.action_withdraw": SIGNED_LINK,
    "letters.choose": SIGNED_LINK,
    "letters.choose_submit": SIGNED_LINK,
    "mail_choice.choose": SIGNED_LINK,
    "mail_choice.choose_submit": SIGNED_LINK,
    "mail_choice.moved": SIGNED_LINK,
    "mail_choice.moved_submit": SIGNED_LINK,
    "pledges.answer": SIGNED_LINK,
    "pledges.answer_submit": SIGNED_LINK,
    "pledges.ask_for": SIGNED_LINK,
    "pledges.ask_for_submit": SIGNED_LINK,
    "pledges.keep_submit": SIGNED_LINK,
    "pledges.dispute_submit": SIGNED_LINK,
    "pledges.dispute": SIGNED_LINK,
    "pledges.change_submit": SIGNED_LINK,
    "pledges.change": SIGNED_LINK,
    "pledges.receipt": SIGNED_LINK,
    "pledges.withdraw": SIGNED_LINK,
    "pledges.withdraw_submit": SIGNED_LINK,
    "objections.object_": SIGNED_LINK,
    "objections.object_submit": SIGNED_LINK,
    "objections.show": SIGNED_LINK,
    "record.chain": PUBLIC,
    "record.check": PUBLIC,
    "record.heads_as_json": PUBLIC,
    "record.heads_as_text": PUBLIC,
    "suggestions.suggest": PUBLIC,
    "suggestions.suggest_submit": PUBLIC,
    "suggestions.suggested": PUBLIC,
    "tracker.candidate": PUBLIC,
    "tracker.csv": PUBLIC,
    "tracker.json": PUBLIC,
    "tracker.search": PUBLIC,
    "tracker.show": PUBLIC,
    "unsubscribe.ask": SIGNED_LINK,
    "unsubscribe.submit": SIGNED_LINK,
    "webhooks.receive": MACHINE,
    # Login
    "security.login": PUBLIC,
    "security.logout": PUBLIC,
    "security.forgot_password": PUBLIC,
    "security.reset_password": SIGNED_LINK,
    "security.mf_recovery": PUBLIC,
    "security.two_factor_token_validation": PUBLIC,
    "security.two_factor_rescue": PUBLIC,
    "security.tf_select": PUBLIC,
    "security.change_password": ACCOUNT,
    "security.verify": ACCOUNT,
    "security.two_factor_setup": ACCOUNT,
    "security.two_factor_setup_validate": ACCOUNT,
    "security.mf_recovery_codes": ACCOUNT,
    # Back office
    "organise_account.audit_log": Role.OWNER,
    "organise_account.show": Role.VIEWER,
    "organise_answer_links.change_submit": Role.ORGANISER,
    "organise_answer_links.change": Role.ORGANISER,
    "organise_answer_links.link_submit": Role.ORGANISER,
    "organise_answer_links.show": Role.ORGANISER,
    "organise_campaigns.index": Role.VIEWER,
    "organise_campaigns.show": Role.VIEWER,
    "organise_candidates.correct_address": Role.ORGANISER,
    "organise_candidates.correct_address_submit": Role.ORGANISER,
    "organise_candidates.requests": Role.VIEWER,
    "organise_candidates.search": Role.VIEWER,
    "organise_candidates.settle_submit": Role.ORGANISER,
    "organise_candidates.show": Role.VIEWER,
    "organise_delivery.all_campaigns": Role.OWNER,
    "organise_delivery.domain": Role.ORGANISER,
    "organise_delivery.domain_submit": Role.ORGANISER,
    "organise_delivery.failed": Role.ORGANISER,
    "organise_delivery.failed_mail": Role.OWNER,
    "organise_delivery.failed_mail_submit": Role.OWNER,
    "organise_delivery.failed_submit": Role.ORGANISER,
    "organise_delivery.pause_all_submit": Role.OWNER,
    "organise_delivery.pause_submit": Role.ORGANISER,
    "organise_delivery.resume_all_submit": Role.OWNER,
    "organise_delivery.resume_submit": Role.ORGANISER,
    "organise_delivery.show": Role.VIEWER,
    "organise_exports.candidates_submit": Role.ORGANISER,
    "organise_exports.index": Role.VIEWER,
    "organise_exports.letters": Role.ORGANISER,
    "organise_exports.pledges": Role.ORGANISER,
    "organise_invitations.retry_submit": Role.ORGANISER,
    "organise_invitations.stop_submit": Role.ORGANISER,
    "organise_invitations.plan_submit": Role.ORGANISER,
    "organise_invitations.show": Role.VIEWER,
    "organise_letters.hide_words_submit": Role.MODERATOR,
    "organise_letters.read": Role.MODERATOR,
    "organise_letters.read_submit": Role.MODERATOR,
    "organise_mail_choice.choose": Role.ORGANISER,
    "organise_mail_choice.choose_submit": Role.ORGANISER,
    "organise_pledges.record": Role.ORGANISER,
    "organise_pledges.record_submit": Role.ORGANISER,
    "organise_pledges.approve_submit": Role.ORGANISER,
    "organise_pledges.reject_submit": Role.ORGANISER,
    "organise_pledges.review": Role.VIEWER,
    "organise_record.act_submit": Role.ORGANISER,
    "organise_record.copy": Role.VIEWER,
    "organise_record.index": Role.VIEWER,
    "organise_record.show": Role.VIEWER,
    "organise_suggestions.index": Role.ORGANISER,
    "organise_suggestions.reject_submit": Role.ORGANISER,
    "organise_returned.bounces": Role.ORGANISER,
    "organise_returned.decide_submit": Role.ORGANISER,
    "organise_returned.repair": Role.ORGANISER,
    "organise_returned.repair_submit": Role.ORGANISER,
    "organise_returned.repairs": Role.ORGANISER,
    "organise_returned.suppression": Role.OWNER,
    "organise_returned.suppression_submit": Role.OWNER,
    "organise_returned.suppressions": Role.OWNER,
}

ROUTES = """
/ GET
/<campaign_slug>/ GET
/<campaign_slug>/<constituency_slug>/ GET
/<campaign_slug>/<constituency_slug>/check-your-mail GET
/<campaign_slug>/<constituency_slug>/feed.atom GET
/<campaign_slug>/<constituency_slug>/press/ GET
/<campaign_slug>/<constituency_slug>/press/candidates.csv GET
/<campaign_slug>/<constituency_slug>/press/note.txt GET
/<campaign_slug>/<constituency_slug>/qr.png GET
/<campaign_slug>/<constituency_slug>/share.png GET
/<campaign_slug>/<constituency_slug>/share/ GET
/<campaign_slug>/<constituency_slug>/write GET
/<campaign_slug>/<constituency_slug>/write POST
/<campaign_slug>/candidates/ GET
/<campaign_slug>/candidates/<int:person_id>/ GET
/<campaign_slug>/candidates/<int:person_id>/share/ GET
/<campaign_slug>/candidates/<int:person_id>/suggest GET
/<campaign_slug>/candidates/<int:person_id>/suggest POST
/<campaign_slug>/candidates/<int:person_id>/suggested GET
/<campaign_slug>/constituencies/ GET
/<campaign_slug>/find GET
/<campaign_slug>/look.css GET
/<campaign_slug>/pledges.csv GET
/<campaign_slug>/pledges.json GET
/<campaign_slug>/pledges/ GET
/<campaign_slug>/pledges/check/ GET
/<campaign_slug>/pledges/feed.atom GET
/<campaign_slug>/pledges/heads.json GET
/<campaign_slug>/pledges/heads.txt GET
/<campaign_slug>/pledges/record.jsonl GET
/<campaign_slug>/privacy/ GET
/<campaign_slug>/qr.png GET
/<campaign_slug>/share.png GET
/<campaign_slug>/share/ GET
/action/<token>/ GET
/action/<token>/confirm POST
/action/<token>/letter/<int:letter_id>/ GET
/action/<token>/letter/<int:letter_id>/ POST
/action/<token>/withdraw POST
/answer/<token>/ GET
/answer/<token>/ POST
/answer/<token>/keep/<ask_slug> POST
/answer/<token>/mail GET
/answer/<token>/mail POST
/answer/<token>/object/<int:sequence> GET
/answer/<token>/object/<int:sequence> POST
/answer/<token>/receipt GET
/answer/<token>/record GET
/answer/<token>/request/<kind> GET
/answer/<token>/request/<kind> POST
/answer/<token>/request/nothing_more GET
/answer/<token>/request/nothing_more POST
/answer/<token>/request/one_digest_a_day GET
/answer/<token>/request/one_digest_a_day POST
/answer/<token>/withdraw/<ask_slug> GET
/answer/<token>/withdraw/<ask_slug> POST
/answer/change/<token>/ GET
/answer/change/<token>/ POST
/answer/not-me/<token>/ GET
/answer/not-me/<token>/ POST
/api/v1/ GET
/api/v1/campaigns GET
/api/v1/campaigns/<campaign_slug> GET
/api/v1/campaigns/<campaign_slug>/asks GET
/api/v1/campaigns/<campaign_slug>/candidates GET
/api/v1/campaigns/<campaign_slug>/candidates/<int:person_id> GET
/api/v1/campaigns/<campaign_slug>/constituencies GET
/api/v1/campaigns/<campaign_slug>/constituencies/<constituency_slug> GET
/api/v1/campaigns/<campaign_slug>/events GET
/api/v1/campaigns/<campaign_slug>/totals GET
/api/v1/openapi.json GET
/embed/<campaign_slug>/ GET
/embed/<campaign_slug>/<constituency_slug>/ GET
/embed/<campaign_slug>/candidate/<int:person_id>/ GET
/healthz GET
/metrics GET
/oembed GET
/organise/ GET
/organise/<campaign_slug>/ GET
/organise/<campaign_slug>/candidates/ GET
/organise/<campaign_slug>/candidates/<int:person_id>/ GET
/organise/<campaign_slug>/candidates/<int:person_id>/address GET
/organise/<campaign_slug>/candidates/<int:person_id>/address POST
/organise/<campaign_slug>/candidates/<int:person_id>/changes/<int:change_id> GET
/organise/<campaign_slug>/candidates/<int:person_id>/changes/<int:change_id> POST
/organise/<campaign_slug>/candidates/<int:person_id>/link GET
/organise/<campaign_slug>/candidates/<int:person_id>/link POST
/organise/<campaign_slug>/candidates/<int:person_id>/mail GET
/organise/<campaign_slug>/candidates/<int:person_id>/mail POST
/organise/<campaign_slug>/candidates/<int:person_id>/pledge GET
/organise/<campaign_slug>/candidates/<int:person_id>/pledge POST
/organise/<campaign_slug>/delivery GET
/organise/<campaign_slug>/delivery/failed/<int:message_id> GET
/organise/<campaign_slug>/delivery/failed/<int:message_id> POST
/organise/<campaign_slug>/delivery/pause POST
/organise/<campaign_slug>/delivery/resume POST
/organise/<campaign_slug>/export/ GET
/organise/<campaign_slug>/export/candidates.csv POST
/organise/<campaign_slug>/export/letters.csv GET
/organise/<campaign_slug>/export/pledges.csv GET
/organise/<campaign_slug>/invitations/ GET
/organise/<campaign_slug>/invitations/ POST
/organise/<campaign_slug>/invitations/retry POST
/organise/<campaign_slug>/invitations/stop POST
/organise/<campaign_slug>/letters/<int:letter_id>/ GET
/organise/<campaign_slug>/letters/<int:letter_id>/ POST
/organise/<campaign_slug>/letters/<int:letter_id>/hide-words POST
/organise/<campaign_slug>/record/ GET
/organise/<campaign_slug>/record/<int:sequence> GET
/organise/<campaign_slug>/record/<int:sequence>/<step> POST
/organise/<campaign_slug>/record/<int:sequence>/copy GET
/organise/<campaign_slug>/requests/ GET
/organise/<campaign_slug>/requests/<int:request_id>/settle POST
/organise/<campaign_slug>/review/ GET
/organise/<campaign_slug>/review/<int:event_id>/approve POST
/organise/<campaign_slug>/review/<int:event_id>/reject POST
/organise/<campaign_slug>/suggestions/ GET
/organise/<campaign_slug>/suggestions/<int:suggestion_id>/reject POST
/organise/account GET
/organise/audit-log GET
/organise/change GET,POST
/organise/delivery GET
/organise/delivery/domains/<domain> GET
/organise/delivery/domains/<domain> POST
/organise/delivery/failed/<int:message_id> GET
/organise/delivery/failed/<int:message_id> POST
/organise/delivery/pause POST
/organise/delivery/resume POST
/organise/login GET,POST
/organise/logout POST
/organise/mf-recovery GET,POST
/organise/mf-recovery-codes GET,POST
/organise/reset GET,POST
/organise/reset/<token> GET,POST
/organise/returned/ GET
/organise/returned/<int:event_id> POST
/organise/returned/repairs/ GET
/organise/returned/repairs/<int:repair_id> GET
/organise/returned/repairs/<int:repair_id> POST
/organise/returned/suppressions/ GET
/organise/returned/suppressions/<int:suppression_id> GET
/organise/returned/suppressions/<int:suppression_id> POST
/organise/tf-rescue GET,POST
/organise/tf-select GET,POST
/organise/tf-setup GET,POST
/organise/tf-setup/<token> POST
/organise/tf-validate GET,POST
/organise/verify GET,POST
/readyz GET
/robots.txt GET
/static/<path:filename> GET
/unsubscribe/<token>/ GET
/unsubscribe/<token>/ POST
/webhooks/<provider> POST
"""

ONE_BELOW = {
    Role.OWNER: Role.ORGANISER,
    Role.ORGANISER: Role.MODERATOR,
    Role.MODERATOR: Role.VIEWER,
}
EXAMPLES = {
    "campaign_slug": "safer-streets",
    "constituency_slug": "northmoor",
    "person_id": 1,
    "letter_id": 1,
    "message_id": 1,
    "domain": "example.org",
    "event_id": 1,
    "sequence": 1,
    "step": "hide",
    "suggestion_id": 1,
    "request_id": 1,
    "change_id": 1,
    "repair_id": 1,
    "suppression_id": 1,
    "token": "abc",
}


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    app = make_app()
    app.config["WTF_CSRF_ENABLED"] = False  # Roles are to be what refuses here.
    return app


def routes_of(app: Flask) -> list[str]:
    return sorted(
        f"{rule.rule} {','.join(sorted(rule.methods - {'HEAD', 'OPTIONS'}))}"
        for rule in app.url_map.iter_rules()
    )


def test_the_addresses_are_those_that_were_meant(app: Flask) -> None:
    assert routes_of(app) == ROUTES.strip().splitlines()


def test_every_endpoint_says_who_may_use_it(app: Flask) -> None:
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert endpoints - ACCESS.keys() == set(), "not listed in ACCESS"
    assert ACCESS.keys() - endpoints == set(), "listed in ACCESS, but not there"


def test_the_back_office_is_where_roles_are_needed(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        is_office = rule.rule.startswith("/organise") and not rule.endpoint.startswith("security.")
        assert isinstance(ACCESS[rule.endpoint], Role) == is_office, rule.endpoint


@pytest.mark.parametrize(
    ("endpoint", "role"),
    [(endpoint, role) for endpoint, role in ACCESS.items() if isinstance(role, Role)],
)
def test_a_role_is_needed_and_one_below_is_not_enough(
    app: Flask, web_session: Session, endpoint: str, role: Role
) -> None:
    CampaignFactory(slug="safer-streets")
    low, high = (
        OrganiserFactory(role=each).fs_uniquifier for each in (ONE_BELOW.get(role, role), role)
    )
    web_session.commit()

    stranger = _use(app, endpoint, None)
    assert stranger.status_code == 303
    assert stranger.location.startswith("/organise/login")
    if role in ONE_BELOW:
        assert _use(app, endpoint, low).status_code == 403
    assert _use(app, endpoint, high).status_code in (200, 303, 404, 422)


@pytest.mark.parametrize(
    "endpoint", [endpoint for endpoint, access in ACCESS.items() if access == ACCOUNT]
)
def test_pages_about_a_login_are_for_its_owner(app: Flask, endpoint: str) -> None:
    answer = _use(app, endpoint, None)
    assert answer.status_code == 302
    assert "/organise/login" in answer.location


def test_a_number_that_no_row_can_have_is_no_address(app: Flask, web_session: Session) -> None:
    CampaignFactory(slug="safer-streets")
    owner = OrganiserFactory(role=Role.OWNER).fs_uniquifier
    web_session.commit()
    numbered = [rule for rule in app.url_map.iter_rules() if "<int:" in rule.rule]
    assert len(numbered) > 20
    for rule in numbered:
        for number in (10**9, 10**24):
            name = rule.rule.split("<int:")[1].split(">")[0]
            answer = _use(app, rule.endpoint, owner, **{name: number})
            assert answer.status_code == 404, (rule.rule, number)


def _use(app: Flask, endpoint: str, fs_uniquifier: str | None, **changes: object) -> object:
    client: CheckingClient = app.test_client()
    if fs_uniquifier:
        with client.session_transaction() as session:
            session["_user_id"] = fs_uniquifier
            session["_fresh"] = True
    rule = next(app.url_map.iter_rules(endpoint))
    with app.test_request_context():
        values = {name: EXAMPLES[name] for name in rule.arguments} | changes
        path = app.url_for(endpoint, **values)
    method = "GET" if "GET" in rule.methods else "POST"
    return client.open(path, method=method)
