"""The API keeps what its description promises, also where nobody asks sensibly."""

import json
import os
import re
from contextlib import suppress

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.schemas import APIOperation
from sqlalchemy.orm import Session

from campaign.pledges.rules import Stance
from tests.factories.recording import record_answer
from tests.factories.worlds import pledge_world

EXAMPLES = int(os.environ.get("TEST_API_EXAMPLES", "10"))
"""For each address and way of asking; more by hand: ``TEST_API_EXAMPLES=1000``."""

KNOWN: dict[str, str | int] = {
    "campaign_slug": "safer-streets",
    "constituency_slug": "northmoor-east",
}


@pytest.fixture
def operations(app: Flask, web_session: Session) -> list[APIOperation]:
    world = pledge_world()
    KNOWN["person_id"] = world.candidacies[0].person_id
    record_answer(web_session, world, stance=Stance.YES, statement="I will.")
    web_session.commit()
    # Not by its own plug-in, which asks pytest for what newer versions no longer have.
    document = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    return [found.ok() for found in document.get_all_operations()]


@pytest.mark.parametrize("mode", list(GenerationMode), ids=str)
def test_the_api_is_as_described(operations: list[APIOperation], mode: GenerationMode) -> None:
    assert len(operations) == 9
    for operation in operations:
        try_out(operation, mode, examples=EXAMPLES)
        if "campaign_slug" in operation.path:
            try_out(operation, mode, examples=EXAMPLES, names=KNOWN)


def test_an_answer_that_is_not_as_described_is_found(
    operations: list[APIOperation], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "campaign.reports.open_data.describe_tally", lambda _tally: {"standing": -1}
    )
    (totals,) = [each for each in operations if each.path.endswith("/totals")]
    with pytest.raises(BaseExceptionGroup):
        try_out(totals, GenerationMode.POSITIVE, examples=20, names=KNOWN)


def try_out(
    operation: APIOperation,
    mode: GenerationMode,
    *,
    examples: int,
    names: dict[str, str | int] | None = None,
) -> None:
    """Ask for an address in many ways, and check each answer against its description.

    With the names of what is there in its path, where these are given: no chance would find them.
    """

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: schemathesis.Case) -> None:
        for name in (names or {}).keys() & case.path_parameters.keys():
            case.path_parameters[name] = names[name]
        case.call_and_validate()

    with suppress(Unsatisfiable):  # There is no wrong way to ask for what takes no parameter.
        ask()


def test_every_reference_of_the_description_leads_somewhere(app: Flask) -> None:
    text = app.test_client().get("/api/v1/openapi.json").text
    document = json.loads(text)
    for reference in set(re.findall(r'"\$ref":"#/([^"]+)"', text)):
        found = document
        for step in reference.split("/"):
            found = found[step]
        assert found


def test_the_description_is_openapi_3_1_and_names_every_address(app: Flask) -> None:
    document = app.test_client().get("/api/v1/openapi.json").get_json()
    assert document["openapi"].startswith("3.1")
    described = {path.replace("{", "<").replace("}", ">") for path in document["paths"]}
    routes = {
        rule.rule.replace("int:", "")
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("api.")
    }
    assert described == routes
