"""The Nu HTML checker reads every page as the server sent it, and the files that pages load."""

import json
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from campaign.core.config import PROJECT_ROOT
from tests.browser.survey import Survey
from tests.browser.tools import find_package, find_program

pytestmark = pytest.mark.browser

JAR = "vnu-jar/build/dist/vnu.jar"


def complaints(files: Iterable[Path]) -> list[str]:
    """Return what the checker finds in HTML, CSS and SVG files, a line each; errors only."""
    java = find_program("java")
    command = [
        java, "-Xss4m", "-jar", str(find_package(JAR)),
        "--errors-only", "--also-check-css", "--also-check-svg", "--format", "json",
        *map(str, files),
    ]  # fmt: skip
    run = subprocess.run(command, capture_output=True, text=True, timeout=300)
    return [
        f"{Path(each['url']).name}, line {each.get('lastLine')}: {each['message']}"
        f" {each.get('extract', '')!r}"
        for each in json.loads(run.stderr)["messages"]
    ]


def test_every_page_is_right(survey: Survey) -> None:
    found = complaints(sorted(survey.folder.glob("*.html")))
    named = [
        f"{survey.names[int(line[:3]) - 1]}: {line}" if line[:3].isdigit() else line
        for line in found
    ]
    assert not named, "\n".join(named)


def test_style_sheets_and_pictures_are_right() -> None:
    static = PROJECT_ROOT / "static"
    found = complaints(
        sorted(file for file in static.rglob("*") if file.suffix in (".css", ".svg"))
    )
    assert not found, "\n".join(found)


def test_the_checker_finds_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(
        "<!doctype html><html lang=en><title>A page</title><p><div></div></p><p id=a><p id=a>"
    )
    (tmp_path / "sheet.css").write_text("p { colour: red }")
    found = "\n".join(complaints([tmp_path / "page.html", tmp_path / "sheet.css"]))
    assert "Duplicate ID" in found
    assert "colour" in found
