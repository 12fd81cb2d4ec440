"""Load generated or learned data into the empty tables of a migrated database."""

import json
from pathlib import Path
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection, transaction

INDEXES = """
    SELECT format('DROP INDEX %%I', indexname), indexdef FROM pg_indexes
    WHERE schemaname = 'public' AND tablename = ANY(%s)
      AND indexname NOT IN (SELECT conname FROM pg_constraint)
"""
FOREIGN_KEYS = """
    SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname),
           format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s',
                  conrelid::regclass, conname, pg_get_constraintdef(oid))
    FROM pg_constraint WHERE contype = 'f' AND conrelid = ANY(%s::regclass[])
"""
"""What is dropped and made again: (the statement that drops it, the one that makes it).

Building an index once and comparing a foreign key with one join is faster than row by row.
Primary keys and unique constraints stay.
"""


class Command(BaseCommand):
    help = "Load the CSV files that a folder's tables.json names with COPY, then ANALYZE."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--data", type=Path, required=True, help="the folder they are in")

    def handle(self, *args: object, data: Path, **options: object) -> None:
        tables = self.read(data)
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                again = self.drop(cursor, list(tables))
                for table, columns in tables.items():
                    self.copy(cursor, data / f"{table}.csv", table, columns)
                for statement in again:
                    cursor.execute(statement)
            with connection.cursor() as cursor:
                cursor.execute(f"ANALYZE {', '.join(tables)}")
        except (DatabaseError, psycopg.Error) as error:
            raise CommandError(f"{data}: {str(error).strip()}") from error
        self.stdout.write(f"loaded {len(tables)} tables")

    @staticmethod
    def read(data: Path) -> dict[str, str]:
        """Table -> columns, in the order of loading."""
        try:
            tables = json.loads((data / "tables.json").read_text())
        except OSError as error:
            raise CommandError(f"{data}: {error.strerror}; run data.generate first") from error
        except ValueError as error:
            raise CommandError(f"{data}/tables.json is no JSON: {error}") from error
        lost = [table for table in tables if not (data / f"{table}.csv").is_file()]
        if not tables or lost:
            raise CommandError(f"{data}: no data of {', '.join(lost) or 'any table'}")
        return tables

    @staticmethod
    def drop(cursor: Any, tables: list[str]) -> list[str]:
        """Drop what is made again at the end -> the statements that make it."""
        cursor.execute(INDEXES, [tables])
        found = cursor.fetchall()
        cursor.execute(FOREIGN_KEYS, [tables])
        found += cursor.fetchall()
        for statement, _ in found:
            cursor.execute(statement)
        return [statement for _, statement in found]

    @staticmethod
    def copy(cursor: Any, path: Path, table: str, columns: str) -> None:
        with path.open("rb") as file, cursor.copy(f"COPY {table} ({columns}) FROM STDIN CSV") as to:
            while chunk := file.read(1 << 20):
                to.write(chunk)
        if "id" in columns.split(","):
            # Identities go on after the highest id that was loaded.
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"
            )
