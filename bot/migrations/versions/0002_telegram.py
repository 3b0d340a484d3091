"""What the Telegram door keeps: chats, updates it has taken, keyboards it has shown."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    conversation = sa.ForeignKey("conversations.id", ondelete="CASCADE")
    op.create_table(
        "telegram_chats",
        sa.Column("chat", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("conversation", sa.String(64), conversation, nullable=False, unique=True),
        sa.Column("delivered", sa.String(64)),
        sa.Column("blocked_at", sa.String(20)),
    )
    op.create_table(
        "telegram_updates",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("received_at", sa.String(20), nullable=False),
        sa.Column("content", sa.Text),
        sa.Column("tries", sa.Integer, nullable=False),
    )
    op.create_index("telegram_updates_by_age", "telegram_updates", ["received_at"])
    op.create_table(
        "telegram_keyboards",
        sa.Column("token", sa.String(32), primary_key=True),
        sa.Column(
            "chat",
            sa.BigInteger,
            sa.ForeignKey("telegram_chats.chat", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("message", sa.BigInteger),
        sa.Column("choices", sa.Text, nullable=False),
        sa.Column("used_by", sa.BigInteger),
    )
    op.create_index("telegram_keyboards_of_chat", "telegram_keyboards", ["chat", "used_by"])


def downgrade() -> None:
    op.drop_table("telegram_keyboards")
    op.drop_table("telegram_updates")
    op.drop_table("telegram_chats")
