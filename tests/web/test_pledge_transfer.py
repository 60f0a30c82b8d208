"""``campaign pledges export`` and ``import``: nothing is lost, nothing is changed."""

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy.orm import Session

from campaign.cli.commands import campaign
from campaign.pledges.models import PledgeEvent
from campaign.pledges.queries import check_chain
from campaign.pledges.rules import Stance, chain_hash, from_json_line, to_json_line
from campaign.pledges.service import dispute_entry, hide_texts
from tests.factories.pledges import NOW, answer, entered, published
from tests.factories.worlds import PledgeWorld, pledge_world

ODD = "-1 is what I say\n'and' =SUM(A1), “é”; \"yes\""


@pytest.fixture
def world(web_session: Session) -> PledgeWorld:
    web_session.expire_on_commit = False
    world = pledge_world()
    web_session.commit()
    return world


@pytest.fixture
def run(app: Flask) -> Callable[..., tuple[int, str, str]]:
    def run(*arguments: str) -> tuple[int, str, str]:
        with app.app_context():
            result = CliRunner().invoke(campaign, ["pledges", *arguments])
        return result.exit_code, result.stdout, result.stderr

    return run


def fill(session: Session, world: PledgeWorld) -> None:
    """Record something of every kind, with texts that files handle badly."""
    answer(session, world, statement=ODD)
    bob = world.candidacies[1].id
    entry = published(
        session, world, candidacy_id=bob, quote="'twas said", valid_from=date(2031, 4, 30),
        archive_sha256="ab" * 32, archive_url="https://archive.example/1",
    )  # fmt: skip
    where = {"campaign_id": world.campaign.id, "event_id": entry.id, "now": NOW}
    dispute_entry(session, entered_by="candidate", words="  @me?", **where)
    hide_texts(session, hidden_by="organiser:2", reason="+ a private person", **where)
    entered(session, world, candidacy_id=bob, ask_id=world.asks[1].id)


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_what_was_exported_comes_back_as_it_was(
    app: Flask, web_session: Session, world: PledgeWorld, run: Callable[..., tuple[int, str, str]],
    tmp_path: Path, kind: str,
) -> None:  # fmt: skip
    path, again = tmp_path / f"record.{kind}", tmp_path / f"again.{kind}"
    fill(web_session, world)
    web_session.commit()
    assert run("export", "--campaign", "safer-streets", "--format", kind, str(path)) == (0, "", "")
    assert run("import", str(path)) == (0, "safer-streets: 6 entries read, 0 added\n", "")
    _forget_the_record(app)
    dry = run("import", str(path), "--dry-run")
    assert dry == (0, "safer-streets: 6 entries read, 6 would be added\n", "")
    assert _count(app) == 0
    assert run("import", str(path)) == (0, "safer-streets: 6 entries read, 6 added\n", "")
    assert run("import", str(path)) == (0, "safer-streets: 6 entries read, 0 added\n", "")
    assert run("verify")[0] == 0
    run("export", "--campaign", "safer-streets", "--format", kind, str(again))
    assert again.read_bytes() == path.read_bytes()
    with app.extensions["campaign"].database.writer() as session:
        new = answer(session, world, stance=Stance.NO)
        assert new.sequence == 7
        assert check_chain(session, world.campaign, now=NOW).faults == []
        session.commit()
    assert run("import", str(path))[1].endswith("the record here goes on for 1 more\n")


def test_no_cell_of_the_csv_is_a_formula(
    web_session: Session, world: PledgeWorld, run: Callable[..., tuple[int, str, str]]
) -> None:
    fill(web_session, world)
    web_session.commit()
    code, output, _error = run("export", "--campaign", "safer-streets", "--format", "csv", "-")
    assert code == 0
    rows = list(csv.reader(output.splitlines(keepends=True)))
    cells = [cell for row in rows for cell in row]
    assert f"'{ODD}" in cells
    assert "''twas said" in cells
    assert not [cell for cell in cells if cell.lstrip().startswith(("=", "+", "-", "@"))]


def test_a_file_that_was_changed_or_has_parted_is_refused_whole(
    app: Flask, web_session: Session, world: PledgeWorld,
    run: Callable[..., tuple[int, str, str]], tmp_path: Path,
) -> None:  # fmt: skip
    fill(web_session, world)
    web_session.commit()
    path = tmp_path / "record.jsonl"
    run("export", "--campaign", "safer-streets", "--format", "jsonl", str(path))
    lines = path.read_text().splitlines(keepends=True)

    def refused(*changed: str) -> str:
        path.write_text("".join(changed))
        code, output, error = run("import", str(path))
        assert (code, output) == (1, "")
        return error

    _forget_the_record(app)
    wrong = lines[1].replace('"stance":"yes"', '"stance":"no"')
    assert refused(lines[0], wrong, *lines[2:]) == (
        "Error: Line 2: its content is not what its hash was made of. Nothing was changed.\n"
    )
    assert "Line 2: entry 2 should come here" in refused(lines[0], *lines[2:])
    assert "Line 3: this is not a line of JSON" in refused(*lines[:2], "{broken\n")
    assert "Line 1: nothing is known here as x" in refused(lines[0].replace("{", '{"x":1,', 1))
    assert "The file has no events." in refused("")
    public = "this is the public record, without what is not public; import the file that “campaign"
    assert f"Line 1: {public}" in refused('{"licence":"CC BY 4.0"}\n', *lines)
    assert f"Line 2: {public}" in refused(lines[0], '{"sealed":true,"sequence":2}\n')
    other = json.loads(lines[0]) | {"campaign": "elsewhere"}
    assert "its content" in refused(json.dumps(other))
    assert "Cannot read" in run("import", str(tmp_path / "nowhere"))[2]
    assert _count(app) == 0
    # The record goes on in another way than the file: the two have parted.
    with app.extensions["campaign"].database.writer() as session:
        answer(session, world, stance=Stance.DECLINED)
        session.commit()
    assert "Line 1: entry 1 is another one here: the two records have parted" in refused(*lines)
    assert _count(app) == 1


def test_no_file_brings_in_what_no_organiser_could_do(
    app: Flask, web_session: Session, world: PledgeWorld,
    run: Callable[..., tuple[int, str, str]], tmp_path: Path,
) -> None:  # fmt: skip
    fill(web_session, world)
    web_session.commit()
    path = tmp_path / "record.jsonl"
    run("export", "--campaign", "safer-streets", "--format", "jsonl", str(path))
    events = [from_json_line(line) for line in path.read_text().splitlines()]
    review, previous = events[2][0], events[1][1]
    assert (review.kind, review.entered_by) == ("review", "organiser:2")
    again = replace(review, sequence=4, previous_hash=events[2][1])
    link = replace(events[0][0], sequence=4, previous_hash=events[2][1], entered_by="organiser:1")
    _forget_the_record(app)
    for kept, entry, sentence in (
        (2, replace(review, entered_by="organiser:1"), "whoever made the entry decided on it"),
        (2, replace(review, refers_to=1), "it is about no entry of this candidate and ask"),
        (2, replace(review, refers_to=9), "it is about entry 9, which does not come before"),
        (3, again, "the entry has been reviewed before"),
        (3, link, "only the candidate answers by link, and only by link"),
    ):
        assert entry.previous_hash in (previous, events[2][1])
        lines = [to_json_line(*each) for each in (*events[:kept], (entry, chain_hash(entry)))]
        path.write_text("".join(f"{line}\n" for line in lines))
        code, output, error = run("import", str(path))
        assert (code, output) == (1, "")
        assert f"Line {kept + 1}: {sentence}" in error
        assert "Nothing was changed." in error
        assert _count(app) == 0


def test_a_head_that_was_noted_elsewhere_is_compared(
    web_session: Session, world: PledgeWorld, run: Callable[..., tuple[int, str, str]]
) -> None:
    event = answer(web_session, world)
    web_session.commit()
    slug = ("--campaign", "safer-streets")
    assert run("verify", *slug, "--head", f"1:{event.hash.upper()}")[0] == 0
    code, output, _error = run("verify", *slug, "--head", f"2:{event.hash}")
    assert code == 1
    assert "entry 2: it is missing, and its hash was given with --head" in output
    assert run("verify", "--head", f"1:{event.hash}")[0] == 2
    assert run("verify", *slug, "--head", "1:abc")[0] == 2


def _count(app: Flask) -> int:
    with app.extensions["campaign"].database.reader() as session:
        return session.query(PledgeEvent).count()


def _forget_the_record(app: Flask) -> None:
    """Be an installation that has only the file; the triggers are made again as they were."""
    database = app.extensions["campaign"].database
    with database.engine.connect() as connection:
        raw = connection.connection.driver_connection
        made = raw.execute(
            "SELECT sql FROM sqlite_master WHERE name = 'pledge_events_refuse_DELETE'"
        ).fetchone()[0]
        raw.executescript(
            "PRAGMA foreign_keys=OFF; DROP TRIGGER pledge_events_refuse_DELETE;"
            f"DELETE FROM pledge_events; {made}; PRAGMA foreign_keys=ON"
        )
