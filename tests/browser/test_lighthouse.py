"""Lighthouse on the four main pages, as a middling phone on a slow network would load them."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.browser.conftest import CHROMIUM
from tests.browser.pages import SLUG
from tests.browser.tools import find_package, find_program

pytestmark = pytest.mark.browser

LEAST = 98
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
CHROMIUM_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    # Nothing but this machine is looked for.
    r"--host-resolver-rules=MAP\ *\ ~NOTFOUND,EXCLUDE\ 127.0.0.1",
)


@pytest.mark.parametrize(
    "path",
    [
        f"/{SLUG}/",
        f"/{SLUG}/port-velland-harbour/",
        f"/{SLUG}/port-velland-harbour/write",
        f"/{SLUG}/pledges/",
    ],
)
def test_lighthouse_is_content(demonstration: str, tmp_path: Path, path: str) -> None:
    address = f"{demonstration}{path}"
    scores, faults = report(address, tmp_path)
    if scores.get("performance", 0) < LEAST:
        # Time is measured, and the machine may have been busy with something else: once more.
        scores, faults = report(address, tmp_path)
    assert scores.keys() == set(CATEGORIES), faults
    assert min(scores.values()) >= LEAST, f"{scores}\n" + "\n".join(faults)


def report(address: str, folder: Path) -> tuple[dict[str, int], list[str]]:
    """Return the score of each category in per cent, and the audits that were not passed.

    No scores where Lighthouse could not follow the page on a busy machine.
    """
    node = find_program("node")
    program = find_package("lighthouse/cli/index.js")
    file = folder / "report.json"
    command = [
        node, str(program), address, "--quiet", "--no-enable-error-reporting",
        "--output=json", f"--output-path={file}", f"--only-categories={','.join(CATEGORIES)}",
        f"--chrome-flags={' '.join(CHROMIUM_FLAGS)}",
    ]  # fmt: skip
    run = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=180,
        env={**os.environ, "CHROME_PATH": str(CHROMIUM), "CI": "true"},
    )
    if run.returncode:
        return {}, [run.stderr]
    found = json.loads(file.read_text(encoding="utf-8"))
    assert found["finalDisplayedUrl"] == address
    scores = {name: round(100 * found["categories"][name]["score"]) for name in CATEGORIES}
    faults = [
        f"{audit['id']}: {audit['score']} {audit.get('displayValue', '')}"
        for audit in found["audits"].values()
        if audit["score"] is not None and audit["score"] < 0.9
    ]
    return scores, faults
