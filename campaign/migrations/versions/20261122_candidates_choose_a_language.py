"""Candidates choose the language of their page and of the mail to them."""

import sqlalchemy as sa
from alembic import op

revision = "c81d52e07f3a"
down_revision = "5e732e9da152"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("answer_links") as batch:
        batch.add_column(
            sa.Column("language", sa.String(length=40), server_default="en", nullable=False)
        )


def downgrade() -> None:
    with op.batch_alter_table("answer_links") as batch:
        batch.drop_column("language")
