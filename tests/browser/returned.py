"""Mail that comes back to the running demonstration, so that its pages have something to show."""

import json
import os
import re
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.returned import ANN, sample


@dataclass(frozen=True)
class Returned:
    """What the pages about returned mail show: addresses of pages that stand for themselves."""

    repair: str
    suppression: str
    unsubscribe: str


def let_mail_return(folder: Path, base_url: str) -> Returned:
    """Bounce one letter of the demonstration, and send two reports that a person must read."""
    database = sqlite3.connect(folder / "instance" / "demo" / "campaign.sqlite", timeout=30)
    sent = database.execute(
        "SELECT return_token, max(recipient) FROM outbox_messages"
        " WHERE lane = 'letter' AND status = 'sent' GROUP BY recipient_key LIMIT 3"
    ).fetchall()
    names = ("postfix_unknown_user", "forwarded_to_somebody_else", "unreadable")
    for (token, recipient), name in zip(sent, names, strict=True):
        subprocess.run(
            [str(Path(sys.executable).parent / "campaign"), "mail", "receive"],
            input=sample(name, token).replace(ANN.encode(), recipient.encode()),
            env={
                **os.environ,
                "CAMPAIGN_INSTANCE": str(folder / "instance"),
                "CAMPAIGN_DEMONSTRATION": "1",
                "BASE_URL": base_url,
            },
            check=True,
        )
    (repair,) = database.execute("SELECT id FROM contact_repairs").fetchone()
    (suppression,) = database.execute("SELECT id FROM suppressions").fetchone()
    (headers,) = database.execute(
        "SELECT headers FROM outbox_messages WHERE headers LIKE '%List-Unsubscribe%'"
    ).fetchone()
    database.close()
    link = re.search(
        r"<https?://[^/]+(/unsubscribe/[^>]+)>", json.loads(headers)["List-Unsubscribe"]
    )
    assert link is not None
    return Returned(
        repair=f"/organise/returned/repairs/{repair}",
        suppression=f"/organise/returned/suppressions/{suppression}",
        unsubscribe=link[1],
    )
