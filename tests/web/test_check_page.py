"""The page on how to check the record: what it explains, where it is linked, and that it works."""

import re
import subprocess
import sys
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from campaign.campaigns.rules import CampaignStatus
from campaign.pledges.rules import Stance, VerificationLevel
from campaign.pledges.service import publish_heads
from tests.factories import EARLY
from tests.factories.recording import record_answer
from tests.factories.worlds import PledgeWorld, pledge_world
from tests.web.client import CheckingClient

PAGE = "/safer-streets/pledges/check/"


@pytest.fixture
def world(app: Flask, web_session: Session) -> PledgeWorld:
    """One answer, and its head published."""
    web_session.expire_on_commit = False
    world = pledge_world()
    record_answer(web_session, world, stance=Stance.YES, statement="Gwnaf – I will.")
    publish_heads(web_session, now=EARLY)
    web_session.commit()
    return world


def test_what_the_page_says_to_save_and_run_finds_that_the_record_holds(
    client: CheckingClient, world: PledgeWorld, tmp_path: Path
) -> None:
    page = client.get(PAGE).text
    saved = re.findall(r'curl -fsS -o (\S+) "([^"]+)"', unescape(page))
    assert [name for name, _address in saved] == ["record.jsonl", "heads.txt", "check.py"]
    for name, address in saved:
        assert page.count(f'href="{address}" download="{name}"') == 1
        with client.get(urlsplit(address).path) as file:
            (tmp_path / name).write_bytes(file.data)
    command = re.search(r"<code>python3 (.+)</code>", page)
    assert command is not None
    done = subprocess.run(
        [sys.executable, *command[1].split()],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    entry = client.get(f"/safer-streets/candidates/{world.candidacies[0].person_id}/").text
    (digest,) = re.findall(r'<dt>Hash</dt><dd class="hash">(\w+)</dd>', entry)
    assert digest in done.stdout
    assert digest in page
    looked_for = re.search(r"<code>grep '(.+)' record.jsonl</code>", unescape(page))
    assert looked_for is not None
    assert looked_for[1] in (tmp_path / "record.jsonl").read_text("utf-8")


def test_the_page_explains_every_stance_level_and_mark(
    client: CheckingClient, world: PledgeWorld
) -> None:
    page = client.get(PAGE).text
    for stance in Stance:
        assert f"badge--{stance}" in page
    assert "No answer yet" in page
    assert all(f"<dt>Level {level:d}</dt>" in page for level in VerificationLevel)
    for mark in ("Disputed by the candidate", "the entry stands", "Taken out", "have hidden"):
        assert mark in page


def test_who_keeps_a_hash_is_led_to_the_page(client: CheckingClient, world: PledgeWorld) -> None:
    person = world.candidacies[0].person_id
    assert f'href="{PAGE}#check"' in client.get("/safer-streets/pledges/").text
    assert f'href="{PAGE}#entry"' in client.get(f"/safer-streets/candidates/{person}/").text
    for address in ("/safer-streets/share/", "/api/v1/"):
        assert f'href="{PAGE}"' in client.get(address).text, address
    for address in ("", "note.txt"):
        assert PAGE in client.get(f"/safer-streets/northmoor-east/press/{address}").text, address


def test_the_page_stands_without_a_head_and_after_the_campaign(
    client: CheckingClient, web_session: Session
) -> None:
    campaign = pledge_world().campaign
    campaign.status = CampaignStatus.CLOSED
    web_session.commit()
    assert "the hash of the last was" not in client.get(PAGE).text
    campaign.status = CampaignStatus.DRAFT
    web_session.commit()
    assert client.get(PAGE).status_code == 404
