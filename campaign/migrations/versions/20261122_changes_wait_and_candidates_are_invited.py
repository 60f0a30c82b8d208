"""Changes of answers wait for confirmation, candidates are invited, and words may be shown."""

import sqlalchemy as sa
from alembic import op

from campaign.core import db

revision = "5e732e9da152"
down_revision = "e5a81d3c7f20"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "invitation_timetables",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("invite_at", db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("first_reminder_days", sa.Integer(), nullable=False),
        sa.Column("second_reminder_days", sa.Integer(), nullable=False),
        sa.Column("planned_at", db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("planned_by", sa.String(), nullable=False),
        sa.Column("stopped_at", db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("stopped_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaigns.id"],
            name=op.f("fk_invitation_timetables_campaign_id_campaigns"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation_timetables")),
    )
    with op.batch_alter_table("invitation_timetables", schema=None) as batch_op:
        batch_op.create_index(
            "uq_invitation_timetables_running",
            ["campaign_id"],
            unique=True,
            sqlite_where=sa.text("stopped_at IS NULL"),
            postgresql_where=sa.text("stopped_at IS NULL"),
        )

    op.create_table(
        "invitations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("timetable_id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("candidacy_id", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("outbox_message_id", sa.Integer(), nullable=False),
        sa.Column("queued_at", db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("sent_at", db.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_invitations_campaign_id_campaigns")
        ),
        sa.ForeignKeyConstraint(
            ["candidacy_id"],
            ["candidacies.id"],
            name=op.f("fk_invitations_candidacy_id_candidacies"),
        ),
        sa.ForeignKeyConstraint(
            ["outbox_message_id"],
            ["outbox_messages.id"],
            name=op.f("fk_invitations_outbox_message_id_outbox_messages"),
        ),
        sa.ForeignKeyConstraint(
            ["timetable_id"],
            ["invitation_timetables.id"],
            name=op.f("fk_invitations_timetable_id_invitation_timetables"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint(
            "candidacy_id",
            "campaign_id",
            "step",
            name=op.f("uq_invitations_candidacy_id_campaign_id_step"),
        ),
        sa.UniqueConstraint("outbox_message_id", name=op.f("uq_invitations_outbox_message_id")),
    )
    with op.batch_alter_table("invitations", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_invitations_campaign_id"), ["campaign_id"], unique=False
        )

    op.create_table(
        "hidden_words",
        sa.Column("letter_id", sa.Integer(), nullable=False),
        sa.Column("hidden_at", db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letters.id"], name=op.f("fk_hidden_words_letter_id_letters")
        ),
        sa.PrimaryKeyConstraint("letter_id", name=op.f("pk_hidden_words")),
    )
    op.create_table(
        "pending_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("candidacy_id", sa.Integer(), nullable=False),
        sa.Column("ask_id", sa.Integer(), nullable=False),
        sa.Column("ask_version_id", sa.Integer(), nullable=False),
        sa.Column(
            "stance",
            sa.Enum(
                "yes",
                "yes_with_reservations",
                "partly",
                "no",
                "declined",
                name="stance",
                native_enum=False,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("asked_at", db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("due_at", db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("outbox_message_id", sa.Integer(), nullable=True),
        sa.Column("settled_at", db.UTCDateTime(timezone=True), nullable=True),
        sa.Column(
            "outcome",
            sa.Enum(
                "confirmed",
                "unopposed",
                "allowed",
                "disputed",
                "dropped",
                "replaced",
                "lapsed",
                name="changeoutcome",
                native_enum=False,
                length=40,
            ),
            nullable=True,
        ),
        sa.ForeignKeyConstraint(
            ["ask_id"], ["asks.id"], name=op.f("fk_pending_changes_ask_id_asks")
        ),
        sa.ForeignKeyConstraint(
            ["ask_version_id"],
            ["ask_versions.id"],
            name=op.f("fk_pending_changes_ask_version_id_ask_versions"),
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_pending_changes_campaign_id_campaigns")
        ),
        sa.ForeignKeyConstraint(
            ["candidacy_id"],
            ["candidacies.id"],
            name=op.f("fk_pending_changes_candidacy_id_candidacies"),
        ),
        sa.ForeignKeyConstraint(
            ["outbox_message_id"],
            ["outbox_messages.id"],
            name=op.f("fk_pending_changes_outbox_message_id_outbox_messages"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pending_changes")),
    )
    with op.batch_alter_table("pending_changes", schema=None) as batch_op:
        batch_op.create_index("ix_pending_changes_due", ["settled_at", "due_at"], unique=False)
        batch_op.create_index(
            "uq_pending_changes_open",
            ["campaign_id", "candidacy_id", "ask_id"],
            unique=True,
            sqlite_where=sa.text("settled_at IS NULL"),
            postgresql_where=sa.text("settled_at IS NULL"),
        )

    # With a default the column is added in place, so no table is built anew on SQLite.
    op.add_column("actions", sa.Column("words_text", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("actions", "words_text")

    with op.batch_alter_table("pending_changes", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_pending_changes_open",
            sqlite_where=sa.text("settled_at IS NULL"),
            postgresql_where=sa.text("settled_at IS NULL"),
        )
        batch_op.drop_index("ix_pending_changes_due")

    op.drop_table("pending_changes")
    op.drop_table("hidden_words")
    with op.batch_alter_table("invitations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_invitations_campaign_id"))

    op.drop_table("invitations")
    with op.batch_alter_table("invitation_timetables", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_invitation_timetables_running",
            sqlite_where=sa.text("stopped_at IS NULL"),
            postgresql_where=sa.text("stopped_at IS NULL"),
        )

    op.drop_table("invitation_timetables")
