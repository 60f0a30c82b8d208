"""Returned mail: what came back, who gets nothing more, which addresses are to be repaired."""

import sqlalchemy as sa
from alembic import op

from campaign.core import db

revision = "d17a7a3557b8"
down_revision = "b1f4c07d93aa"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "suppressions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("address_key", sa.String(), nullable=False),
        sa.Column(
            "reason",
            sa.Enum(
                "complaint",
                "hard_bounce",
                "soft_bounces",
                "unsubscribed",
                name="suppressionreason",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("since", db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("lifted_at", db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.String(), nullable=False),
        sa.Column("lifted_reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppressions")),
    )
    with op.batch_alter_table("suppressions", schema=None) as batch_op:
        batch_op.create_index(
            "uq_suppressions_in_force",
            ["address_key", "reason"],
            unique=True,
            sqlite_where=sa.text("lifted_at IS NULL"),
            postgresql_where=sa.text("lifted_at IS NULL"),
        )

    op.create_table(
        "contact_repairs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("opened_at", db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("settled_at", db.UTCDateTime(timezone=True), nullable=True),
        sa.Column(
            "outcome",
            sa.Enum(
                "corrected",
                "none_known",
                "works_after_all",
                name="repairoutcome",
                native_enum=False,
                length=40,
            ),
            nullable=True,
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_contact_repairs_person_id_people")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_repairs")),
    )
    with op.batch_alter_table("contact_repairs", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_contact_repairs_person_id"), ["person_id"], unique=False
        )
        batch_op.create_index(
            "uq_contact_repairs_open",
            ["person_id"],
            unique=True,
            sqlite_where=sa.text("settled_at IS NULL"),
            postgresql_where=sa.text("settled_at IS NULL"),
        )

    op.create_table(
        "delivery_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "provider",
            sa.Enum(
                "mail",
                "ses",
                "postmark",
                "mailgun",
                "sendgrid",
                name="provider",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("outbox_message_id", sa.Integer(), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "hard_bounce",
                "soft_bounce",
                "mailbox_full",
                "delayed",
                "unreadable",
                "complaint",
                "automatic_reply",
                "reply",
                name="eventkind",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("address_key", sa.String(), nullable=False),
        sa.Column("received_at", db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("excerpt", sa.Text(), nullable=False),
        sa.Column(
            "decision",
            sa.Enum("hard", "soft", "ignore", name="eventdecision", native_enum=False, length=40),
            nullable=True,
        ),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("decided_at", db.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["outbox_message_id"],
            ["outbox_messages.id"],
            name=op.f("fk_delivery_events_outbox_message_id_outbox_messages"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_events")),
        sa.UniqueConstraint(
            "provider", "event_id", name=op.f("uq_delivery_events_provider_event_id")
        ),
    )
    with op.batch_alter_table("delivery_events", schema=None) as batch_op:
        batch_op.create_index(
            "ix_delivery_events_address_key_received_at",
            ["address_key", "received_at"],
            unique=False,
        )
        batch_op.create_index(
            "ix_delivery_events_kind_decision", ["kind", "decision"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_delivery_events_outbox_message_id"), ["outbox_message_id"], unique=False
        )

    with op.batch_alter_table("outbox_messages", schema=None) as batch_op:
        batch_op.add_column(sa.Column("return_token", sa.String(), nullable=True))
        batch_op.create_index("uq_outbox_messages_return_token", ["return_token"], unique=True)

    # Messages that are out already have the token behind "bounce+".
    op.execute(
        "UPDATE outbox_messages SET return_token = substr(return_path, 8, 24)"
        " WHERE return_path LIKE 'bounce+________________________@%'"
    )


def downgrade() -> None:
    with op.batch_alter_table("outbox_messages", schema=None) as batch_op:
        batch_op.drop_index("uq_outbox_messages_return_token")
        batch_op.drop_column("return_token")

    with op.batch_alter_table("delivery_events", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_delivery_events_outbox_message_id"))
        batch_op.drop_index("ix_delivery_events_kind_decision")
        batch_op.drop_index("ix_delivery_events_address_key_received_at")

    op.drop_table("delivery_events")
    with op.batch_alter_table("contact_repairs", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_contact_repairs_open",
            sqlite_where=sa.text("settled_at IS NULL"),
            postgresql_where=sa.text("settled_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_contact_repairs_person_id"))

    op.drop_table("contact_repairs")
    with op.batch_alter_table("suppressions", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_suppressions_in_force",
            sqlite_where=sa.text("lifted_at IS NULL"),
            postgresql_where=sa.text("lifted_at IS NULL"),
        )

    op.drop_table("suppressions")
