"""Letters may come in digests: one message carries many, and candidates choose how they come."""

import sqlalchemy as sa
from alembic import op

from campaign.core import db

revision = "e52b8c61f7d0"
down_revision = "5e0c7d31ba46"
branch_labels = None
depends_on = None

_FORMS = ("every_letter", "one_digest_a_day")


def _form(name: str, **column: object) -> sa.Column:
    kind = sa.Enum(*_FORMS, name="mailform", native_enum=False, length=40)
    return sa.Column(name, kind, nullable=False, **column)


def upgrade() -> None:
    op.add_column("campaigns", _form("mail_form", server_default="every_letter"))
    op.add_column(
        "campaigns", sa.Column("letters_a_day", sa.Integer(), nullable=False, server_default="20")
    )
    op.add_column(
        "campaigns", sa.Column("digest_hour", sa.Integer(), nullable=False, server_default="18")
    )
    op.create_table(
        "mail_choices",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("candidacy_id", sa.Integer(), nullable=False),
        _form("form"),
        sa.Column("chosen_by", sa.String(), nullable=False),
        sa.Column("chosen_at", db.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_mail_choices_campaign_id_campaigns")
        ),
        sa.ForeignKeyConstraint(
            ["candidacy_id"],
            ["candidacies.id"],
            name=op.f("fk_mail_choices_candidacy_id_candidacies"),
        ),
        sa.PrimaryKeyConstraint("campaign_id", "candidacy_id", name=op.f("pk_mail_choices")),
    )
    with op.batch_alter_table("letters") as batch_op:
        batch_op.add_column(sa.Column("digest_at", db.UTCDateTime(timezone=True), nullable=True))
        batch_op.drop_constraint("uq_letters_outbox_message_id", type_="unique")
        batch_op.create_index("ix_letters_outbox_message_id", ["outbox_message_id"])
        batch_op.create_index(
            "ix_letters_waiting_for_digest",
            ["status", "digest_at"],
            sqlite_where=sa.text("outbox_message_id IS NULL AND digest_at IS NOT NULL"),
            postgresql_where=sa.text("outbox_message_id IS NULL AND digest_at IS NOT NULL"),
        )
    # Whoever had asked for a digest, and waited for a person to see to it, has chosen one now.
    op.execute(
        "INSERT INTO mail_choices (campaign_id, candidacy_id, form, chosen_by, chosen_at) "
        "SELECT campaign_id, candidacy_id, 'one_digest_a_day', 'candidate', max(requested_at) "
        "FROM candidate_requests WHERE kind = 'one_digest_a_day' AND settled_at IS NULL "
        "GROUP BY campaign_id, candidacy_id"
    )
    op.execute(
        "UPDATE candidate_requests SET settled_at = requested_at "
        "WHERE kind = 'one_digest_a_day' AND settled_at IS NULL"
    )


def downgrade() -> None:
    with op.batch_alter_table("letters") as batch_op:
        batch_op.drop_index("ix_letters_waiting_for_digest")
        batch_op.drop_index("ix_letters_outbox_message_id")
        batch_op.create_unique_constraint("uq_letters_outbox_message_id", ["outbox_message_id"])
        batch_op.drop_column("digest_at")
    op.drop_table("mail_choices")
    op.drop_column("campaigns", "digest_hour")
    op.drop_column("campaigns", "letters_a_day")
    op.drop_column("campaigns", "mail_form")
