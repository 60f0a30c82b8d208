"""The wording of an ask is added and never changed: answers say yes or no to that very text."""

from alembic import op

revision = "a94c1e7b2d60"
down_revision = "c81d52e07f3a"
branch_labels = None
depends_on = None

_WORDS = "wordings of asks are added, never changed"

# A later batch ALTER of the table on SQLite builds it anew and must create its triggers again.
_SQLITE = f"""
CREATE TRIGGER ask_versions_refuse_{{verb}} BEFORE {{verb}} ON ask_versions
BEGIN SELECT RAISE(ABORT, '{_WORDS}'); END
"""

_SQLITE_REPLACE = """
CREATE TRIGGER ask_versions_refuse_REPLACE BEFORE INSERT ON ask_versions
WHEN EXISTS (
  SELECT 1 FROM ask_versions
  WHERE id = NEW.id OR (ask_id = NEW.ask_id AND number = NEW.number)
)
BEGIN SELECT RAISE(ABORT, 'wordings of asks are added, never changed'); END
"""

_POSTGRESQL = (
    f"""
CREATE FUNCTION ask_versions_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '{_WORDS}'; END $$
""",
    """
CREATE TRIGGER ask_versions_refuse_change BEFORE UPDATE OR DELETE ON ask_versions
FOR EACH ROW EXECUTE FUNCTION ask_versions_refuse_change()
""",
    """
CREATE TRIGGER ask_versions_refuse_truncate BEFORE TRUNCATE ON ask_versions
FOR EACH STATEMENT EXECUTE FUNCTION ask_versions_refuse_change()
""",
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(_SQLITE.format(verb=verb))
        op.execute(_SQLITE_REPLACE)
        return
    for statement in _POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE", "REPLACE"):
            op.execute(f"DROP TRIGGER ask_versions_refuse_{verb}")
        return
    for trigger in ("change", "truncate"):
        op.execute(f"DROP TRIGGER ask_versions_refuse_{trigger} ON ask_versions")
    op.execute("DROP FUNCTION ask_versions_refuse_change()")
