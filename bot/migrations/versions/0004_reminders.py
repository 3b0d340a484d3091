"""Reminders; links from the website to Telegram; buttons that stay."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    conversation = sa.ForeignKey("conversations.id", ondelete="CASCADE")
    op.create_table(
        "reminders",
        sa.Column("conversation", sa.String(64), conversation, nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("due_on", sa.String(10), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("sent_at", sa.String(20)),
        sa.PrimaryKeyConstraint("conversation", "name", "day"),
    )
    op.create_index("reminders_due", "reminders", ["sent_at", "due_on"])
    op.create_table(
        "telegram_links",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        sa.Column(
            "conversation",
            sa.String(64),
            sa.ForeignKey("conversations.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.String(20), nullable=False),
    )
    op.create_index("telegram_links_by_age", "telegram_links", ["expires_at"])
    op.add_column(
        "telegram_keyboards",
        sa.Column("lasting", sa.Boolean, nullable=False, server_default=sa.false()),
    )


def downgrade() -> None:
    op.drop_column("telegram_keyboards", "lasting")
    op.drop_table("telegram_links")
    op.drop_table("reminders")
