"""Appointments and incident reports; versions of a report are append-only"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# INSERT OR REPLACE deletes the old row without asking the triggers on DELETE (https://sqlite.org/lang_conflict.html): hence the third.
SQLITE_TRIGGERS = (
    """
    CREATE TRIGGER incident_versions_no_update BEFORE UPDATE ON incident_versions
    BEGIN SELECT RAISE(ABORT, 'incident_versions is append-only'); END
    """,
    """
    CREATE TRIGGER incident_versions_no_delete BEFORE DELETE ON incident_versions
    BEGIN SELECT RAISE(ABORT, 'incident_versions is append-only'); END
    """,
    """
    CREATE TRIGGER incident_versions_no_replace BEFORE INSERT ON incident_versions
    WHEN EXISTS (SELECT 1 FROM incident_versions WHERE report_id = NEW.report_id AND version = NEW.version)
    BEGIN SELECT RAISE(ABORT, 'incident_versions is append-only'); END
    """,
)
POSTGRESQL_TRIGGERS = (
    """
    CREATE FUNCTION incident_versions_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'incident_versions is append-only' USING ERRCODE = 'integrity_constraint_violation';
    END
    $$
    """,
    """
    CREATE TRIGGER incident_versions_append_only BEFORE UPDATE OR DELETE ON incident_versions
    FOR EACH ROW EXECUTE FUNCTION incident_versions_append_only()
    """,
)


def upgrade() -> None:
    op.create_table(
        "submission_counts",
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "year", name=op.f("pk_submission_counts")),
    )
    op.create_table(
        "appointments",
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_appointments_conversation_id_conversations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_appointments")),
    )
    op.create_index(op.f("ix_appointments_conversation_id"), "appointments", ["conversation_id"])
    op.create_table(
        "incident_reports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("versions", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], name=op.f("fk_incident_reports_conversation_id_conversations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_reports")),
        sa.UniqueConstraint("number", name=op.f("uq_incident_reports_number")),
    )
    op.create_index(op.f("ix_incident_reports_conversation_id"), "incident_reports", ["conversation_id"])
    op.create_table(
        "incident_versions",
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=True),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["report_id"], ["incident_reports.id"], name=op.f("fk_incident_versions_report_id_incident_reports")),
        sa.PrimaryKeyConstraint("report_id", "version", name=op.f("pk_incident_versions")),
        sqlite_with_rowid=False,
    )
    for statement in POSTGRESQL_TRIGGERS if op.get_bind().dialect.name == "postgresql" else SQLITE_TRIGGERS:
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("incident_versions")  # its triggers go with it
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION incident_versions_append_only()")
    op.drop_index(op.f("ix_incident_reports_conversation_id"), "incident_reports")
    op.drop_table("incident_reports")
    op.drop_index(op.f("ix_appointments_conversation_id"), "appointments")
    op.drop_table("appointments")
    op.drop_table("submission_counts")
