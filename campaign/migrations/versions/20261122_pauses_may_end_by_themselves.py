"""A pause may end by itself; claims read due messages from the index in their whole order."""

import sqlalchemy as sa
from alembic import op

from campaign.core import db

revision = "b1f4c07d93aa"
down_revision = "3b1f0c8e7a52"
branch_labels = None
depends_on = None

_INDEX, _TABLE = "ix_outbox_messages_claim", "outbox_messages"


def upgrade() -> None:
    op.add_column(
        "delivery_pauses", sa.Column("ends_at", db.UTCDateTime(timezone=True), nullable=True)
    )
    op.drop_index(_INDEX, _TABLE)
    # With the id, or PostgreSQL sorts all messages that are due at one moment for each claim.
    op.create_index(_INDEX, _TABLE, ["status", "lane", "due_at", "id"])


def downgrade() -> None:
    op.drop_index(_INDEX, _TABLE)
    op.create_index(_INDEX, _TABLE, ["status", "lane", "due_at"])
    op.drop_column("delivery_pauses", "ends_at")
