"""Public counts of letters are read from indexes alone."""

from alembic import op

revision = "3b1f0c8e7a52"
down_revision = "4be1d09a72c3"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_letters_campaign_id_status", table_name="letters")
    op.drop_index("ix_letters_candidacy_id_status", table_name="letters")
    op.create_index("ix_letters_of_campaign", "letters", ["campaign_id", "status", "supporter_id"])
    op.create_index(
        "ix_letters_to_candidate",
        "letters",
        ["candidacy_id", "status", "campaign_id", "supporter_id"],
    )


def downgrade() -> None:
    op.drop_index("ix_letters_to_candidate", table_name="letters")
    op.drop_index("ix_letters_of_campaign", table_name="letters")
    op.create_index("ix_letters_candidacy_id_status", "letters", ["candidacy_id", "status"])
    op.create_index("ix_letters_campaign_id_status", "letters", ["campaign_id", "status"])
