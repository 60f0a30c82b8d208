"""Letters know whose hours of the day count for their pace, and lines are read from an index.

Letters of before have no time zone and go by UTC.
"""

import sqlalchemy as sa
from alembic import op

revision = "5c8e1f7a2d64"
down_revision = "9c1f7e2b5a40"
branch_labels = None
depends_on = None

_TABLE = "outbox_messages"
_BEFORE = "ix_outbox_messages_recipient_key_sent_at"
_INDEX = "ix_outbox_messages_recipient_key_sent_at_due_at"


def upgrade() -> None:
    op.add_column(_TABLE, sa.Column("timezone", sa.String(), nullable=True))
    op.drop_index(_BEFORE, _TABLE)
    op.create_index(_INDEX, _TABLE, ["recipient_key", "sent_at", "due_at"])


def downgrade() -> None:
    op.drop_index(_INDEX, _TABLE)
    op.create_index(_BEFORE, _TABLE, ["recipient_key", "sent_at"])
    op.drop_column(_TABLE, "timezone")
