"""Pledge events are added and never changed: the database refuses, whoever asks."""

from alembic import op

revision = "7d2f6a90c1e5"
down_revision = "c709bd684838"
branch_labels = None
depends_on = None

# A later batch ALTER of the table on SQLite builds it anew and must create its triggers again.
_SQLITE = """
CREATE TRIGGER pledge_events_refuse_{verb} BEFORE {verb} ON pledge_events
BEGIN SELECT RAISE(ABORT, 'pledge events are added, never changed'); END
"""

_POSTGRESQL = (
    """
CREATE FUNCTION pledge_events_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'pledge events are added, never changed'; END $$
""",
    """
CREATE TRIGGER pledge_events_refuse_change BEFORE UPDATE OR DELETE ON pledge_events
FOR EACH ROW EXECUTE FUNCTION pledge_events_refuse_change()
""",
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(_SQLITE.format(verb=verb))
        return
    for statement in _POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(f"DROP TRIGGER pledge_events_refuse_{verb}")
        return
    op.execute("DROP TRIGGER pledge_events_refuse_change ON pledge_events")
    op.execute("DROP FUNCTION pledge_events_refuse_change()")
