"""The record holds copies, days and reasons; its heads are published; suggestions wait.

Events that are there keep form 1 and hash as before. Going back down loses what form 2 hashes, so
the chain of a record that has events of form 2 no longer verifies then.
"""

import sqlalchemy as sa
from alembic import op

from campaign.core import db

revision = "e5a81d3c7f20"
down_revision = "e52b8c61f7d0"
branch_labels = None
depends_on = None

# Each table of the record: what its triggers say, and which columns name a row.
_KEPT = {
    "pledge_events": (
        "pledge events are added, never changed",
        "id = NEW.id OR (campaign_id = NEW.campaign_id AND sequence = NEW.sequence)",
    ),
    "pledge_heads": (
        "published heads are added, never changed",
        "campaign_id = NEW.campaign_id AND day = NEW.day",
    ),
}

_REFUSE_REPLACE = """
CREATE TRIGGER {table}_refuse_REPLACE BEFORE INSERT ON {table}
WHEN EXISTS (SELECT 1 FROM {table} WHERE {is_same})
BEGIN SELECT RAISE(ABORT, '{words}'); END
"""


def upgrade() -> None:
    op.add_column(
        "pledge_events", sa.Column("form", sa.Integer(), nullable=False, server_default="1")
    )
    op.add_column(
        "pledge_events",
        sa.Column("archive_sha256", sa.String(), nullable=False, server_default=""),
    )
    op.add_column(
        "pledge_events", sa.Column("archive_url", sa.String(), nullable=False, server_default="")
    )
    op.add_column(
        "pledge_events", sa.Column("reason", sa.Text(), nullable=False, server_default="")
    )
    op.add_column("pledge_events", sa.Column("valid_from", sa.Date(), nullable=True))
    op.create_index(
        "ix_pledge_events_about",
        "pledge_events",
        ["campaign_id", "refers_to_id"],
        sqlite_where=sa.text("refers_to_id IS NOT NULL"),
        postgresql_where=sa.text("refers_to_id IS NOT NULL"),
    )
    op.create_table(
        "pledge_heads",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("head_hash", sa.String(), nullable=False),
        sa.Column("published_at", db.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_pledge_heads_campaign_id_campaigns")
        ),
        sa.PrimaryKeyConstraint("campaign_id", "day", name=op.f("pk_pledge_heads")),
    )
    _create_suggestions()
    if op.get_bind().dialect.name == "sqlite":
        _refuse_on_sqlite()
    else:
        _refuse_on_postgresql()


def _create_suggestions() -> None:
    op.create_table(
        "evidence_suggestions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("candidacy_id", sa.Integer(), nullable=False),
        sa.Column("ask_id", sa.Integer(), nullable=False),
        sa.Column("stance", sa.String(length=40), nullable=False),
        sa.Column("source_url", sa.String(), nullable=False),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.Column("said_on", sa.Date(), nullable=True),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("suggested_at", db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("decided_at", db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("event_id", sa.Integer(), nullable=True),
        *(
            sa.ForeignKeyConstraint(
                [column],
                [f"{table}.id"],
                name=op.f(f"fk_evidence_suggestions_{column}_{table}"),
            )
            for column, table in (
                ("campaign_id", "campaigns"),
                ("candidacy_id", "candidacies"),
                ("ask_id", "asks"),
                ("event_id", "pledge_events"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_suggestions")),
    )
    op.create_index(
        "ix_evidence_suggestions_waiting", "evidence_suggestions", ["campaign_id", "status", "id"]
    )


def _refuse_on_sqlite() -> None:
    """Refuse what the first triggers do not see: REPLACE deletes a row without a DELETE."""
    for table, (words, is_same) in _KEPT.items():
        if table != "pledge_events":
            for verb in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_refuse_{verb} BEFORE {verb} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{words}'); END"
                )
        op.execute(_REFUSE_REPLACE.format(table=table, words=words, is_same=is_same))


def _refuse_on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION pledge_heads_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN RAISE EXCEPTION '{_KEPT['pledge_heads'][0]}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER pledge_heads_refuse_change BEFORE UPDATE OR DELETE ON pledge_heads "
        "FOR EACH ROW EXECUTE FUNCTION pledge_heads_refuse_change()"
    )
    for table in _KEPT:
        op.execute(
            f"CREATE TRIGGER {table}_refuse_truncate BEFORE TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse_change()"
        )


def downgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    op.drop_table("evidence_suggestions")
    op.drop_table("pledge_heads")
    if is_sqlite:
        op.execute("DROP TRIGGER pledge_events_refuse_REPLACE")
    else:
        op.execute("DROP FUNCTION pledge_heads_refuse_change()")
        op.execute("DROP TRIGGER pledge_events_refuse_truncate ON pledge_events")
    op.drop_index("ix_pledge_events_about", "pledge_events")
    for column in ("valid_from", "reason", "archive_url", "archive_sha256", "form"):
        op.drop_column("pledge_events", column)
