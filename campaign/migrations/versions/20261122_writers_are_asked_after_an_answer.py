"""Letters overtaken by an answer: what their writers were asked and chose, and who got news."""

import sqlalchemy as sa
from alembic import op

from campaign.core import db

revision = "9c1f7e2b5a40"
down_revision = "d17a7a3557b8"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "letter_questions",
        sa.Column("letter_id", sa.Integer(), nullable=False),
        sa.Column("opened_at", db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("asked_at", db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("expires_at", db.UTCDateTime(timezone=True), nullable=True),
        sa.Column(
            "choice",
            sa.Enum(
                "thank_you",
                "follow_up",
                "nothing",
                name="answerchoice",
                native_enum=False,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("chosen_at", db.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letters.id"], name=op.f("fk_letter_questions_letter_id_letters")
        ),
        sa.PrimaryKeyConstraint("letter_id", name=op.f("pk_letter_questions")),
    )
    with op.batch_alter_table("letter_questions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_letter_questions_asked_at"), ["asked_at"])
    op.add_column(
        "news_subscriptions",
        sa.Column("told_at", db.UTCDateTime(timezone=True), nullable=True),
    )


def downgrade() -> None:
    op.drop_column("news_subscriptions", "told_at")
    op.drop_table("letter_questions")
