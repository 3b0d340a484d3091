"""Conversations, messages and cases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "conversations",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("language_chosen", sa.Boolean, nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("origin", sa.String(255)),
        sa.Column("created_at", sa.String(20), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
    )
    op.create_index("conversations_by_origin", "conversations", ["channel", "origin"])
    op.create_table(
        "messages",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(64), nullable=False, unique=True),
        sa.Column(
            "conversation", sa.String(64), sa.ForeignKey("conversations.id", ondelete="CASCADE")
        ),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("created_at", sa.String(20), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("choices", sa.Text, nullable=False),
        sa.Column("card", sa.Text),
        sa.Column("choice", sa.String(255)),
        sa.Column("key", sa.String(128)),
        sa.Column("answered", sa.Boolean, nullable=False),
        sa.Column("reply_to", sa.String(64)),
        sa.UniqueConstraint("conversation", "key", name="one_message_a_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("messages_in_order", "messages", ["conversation", "seq"])
    op.create_index("messages_waiting", "messages", ["answered", "conversation"])
    op.create_index("messages_by_question", "messages", ["reply_to"])
    op.create_table(
        "cases",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column(
            "conversation", sa.String(64), sa.ForeignKey("conversations.id", ondelete="CASCADE")
        ),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("urgency", sa.String(16), nullable=False),
        sa.Column("created_at", sa.String(20), nullable=False),
    )
    op.create_index("ix_cases_conversation", "cases", ["conversation"])


def downgrade() -> None:
    op.drop_table("cases")
    op.drop_table("messages")
    op.drop_table("conversations")
