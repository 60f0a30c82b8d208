"""Probes: tries of the way by which bounces come back."""

import sqlalchemy as sa
from alembic import op

from campaign.core import db

revision = "5e0c7d31ba46"
down_revision = "e52c7f9a1d04"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "delivery_probes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("return_token", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("sent_at", db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("returned_at", db.UTCDateTime(timezone=True), nullable=True),
        sa.Column(
            "returned_by",
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
            nullable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_probes")),
        sa.UniqueConstraint("return_token", name=op.f("uq_delivery_probes_return_token")),
        sa.UniqueConstraint("message_id", name=op.f("uq_delivery_probes_message_id")),
    )


def downgrade() -> None:
    op.drop_table("delivery_probes")
