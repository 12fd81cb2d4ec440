"""Load generated data into an empty, migrated database."""

import json
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction


class Command(BaseCommand):
    help = "Load the CSV files of `python -m data.generate` with COPY, then ANALYZE."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--data", type=Path, required=True, help="the folder they are in")

    def handle(self, *args: object, data: Path, **options: object) -> None:
        try:
            tables = json.loads((data / "tables.json").read_text())
        except OSError as error:
            raise CommandError(f"{data}: {error.strerror}; run data.generate first") from error
        with transaction.atomic(), connection.cursor() as cursor:
            indexes = self.drop_indexes(cursor, list(tables))
            for table, columns in tables.items():
                self.copy(cursor, data / f"{table}.csv", table, columns)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            for definition in indexes:
                cursor.execute(definition)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        self.stdout.write(f"loaded {len(tables)} tables")

    @staticmethod
    def drop_indexes(cursor, tables: list[str]) -> list[str]:
        """Drop what is only an index, for building it once at the end is faster."""
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
            " AND tablename = ANY(%s) AND indexname NOT IN (SELECT conname FROM pg_constraint)",
            [tables],
        )
        found = cursor.fetchall()
        for name, _ in found:
            cursor.execute(f'DROP INDEX "{name}"')
        return [definition for _, definition in found]

    @staticmethod
    def copy(cursor, path: Path, table: str, columns: str) -> None:
        with path.open("rb") as file, cursor.copy(f"COPY {table} ({columns}) FROM STDIN CSV") as to:
            while chunk := file.read(1 << 20):
                to.write(chunk)
        # Identities go on after the highest id that was loaded.
        cursor.execute(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"
        )
