"""Create the table of tasks, as in the original application, with its first three tasks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table; one that the original's own updatedb created is kept with its rows."""
    if sa.inspect(op.get_bind()).has_table("tasks"):
        return
    tasks = op.create_table(
        "tasks",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("completed", sa.Boolean, nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
    )
    titles = ("1st Task", "2nd Task", "3rd Task")
    op.bulk_insert(
        tasks,
        [{"completed": False, "priority": n, "title": title} for n, title in enumerate(titles)],
    )


def downgrade() -> None:
    op.drop_table("tasks")
