"""A campaign may choose the colour of its links, buttons and head; empty for the house's own."""

import sqlalchemy as sa
from alembic import op

revision = "4be1d09a72c3"
down_revision = "7d2f6a90c1e5"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # With a default the column is added in place, so no table is built anew on SQLite.
    op.add_column("campaigns", sa.Column("accent", sa.String(), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("campaigns", "accent")
