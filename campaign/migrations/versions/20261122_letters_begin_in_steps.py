"""Letters of a new campaign begin in steps, domains are paused alone, claims look at one scope."""

import sqlalchemy as sa
from alembic import op

from campaign.core import db

revision = "e52c7f9a1d04"
down_revision = "5c8e1f7a2d64"
branch_labels = None
depends_on = None

_INDEX, _TABLE = "ix_outbox_messages_claim", "outbox_messages"


def upgrade() -> None:
    op.create_table(
        "domain_pauses",
        sa.Column("domain", sa.String(), nullable=False),
        sa.Column("paused_at", db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("ends_at", db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("refusals", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("domain", name=op.f("pk_domain_pauses")),
    )
    op.create_table(
        "delivery_ramps",
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("begun_at", db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("waits_until", db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("stopped_at", db.UTCDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_delivery_ramps")),
    )
    op.create_table(
        "ramp_messages",
        sa.Column("outbox_message_id", sa.Integer(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["outbox_message_id"],
            ["outbox_messages.id"],
            name=op.f("fk_ramp_messages_outbox_message_id_outbox_messages"),
        ),
        sa.PrimaryKeyConstraint("outbox_message_id", name=op.f("pk_ramp_messages")),
    )
    op.create_index("ix_ramp_messages_scope_step", "ramp_messages", ["scope", "step"])
    op.drop_index(_INDEX, _TABLE)
    op.create_index(_INDEX, _TABLE, ["status", "lane", "scope", "due_at", "id"])
    # A campaign that has sent more than the steps hold has shown what a ramp shows.
    op.execute(
        "INSERT INTO delivery_ramps (scope, step, begun_at)"
        " SELECT scope, 2, MIN(sent_at) FROM outbox_messages"
        " WHERE lane = 'letter' AND status = 'sent' AND scope <> ''"
        " GROUP BY scope HAVING COUNT(*) > 550"
    )


def downgrade() -> None:
    op.drop_index(_INDEX, _TABLE)
    op.create_index(_INDEX, _TABLE, ["status", "lane", "due_at", "id"])
    op.drop_index("ix_ramp_messages_scope_step", "ramp_messages")
    op.drop_table("ramp_messages")
    op.drop_table("delivery_ramps")
    op.drop_table("domain_pauses")
