"""One long-lived process with one variant: "few 40" on a pipe makes 40 requests, and the answer is
the process's CPU time in ns since the answer before, all its threads and idle times included.

    worker.py SHARING VARIANT:COMMANDS:ANSWERS...

COMMANDS and ANSWERS are descriptors. Several variants are forks of one bare process. SHARING: how
many processes take turns.
"""

import datetime
import io
import json
import os
import resource
import sys
import time
import warnings
from typing import TextIO

VARIANT, ENDPOINT = os.environ["VARIANT"], os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"]


def opentelemetry() -> None:
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.instrumentation.django import DjangoInstrumentor
    from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor
    from opentelemetry.instrumentation.sqlite3 import SQLite3Instrumentor
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

    share = 0.1 if VARIANT == "otel-10" else 1.0
    provider = TracerProvider(sampler=ParentBased(TraceIdRatioBased(share)))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    for instrumentor in (DjangoInstrumentor, PsycopgInstrumentor, SQLite3Instrumentor):
        instrumentor().instrument()


def sentry() -> None:
    import sentry_sdk

    dsn = ENDPOINT.replace("://", "://key@") + "/1"
    sentry_sdk.init(dsn=dsn, traces_sample_rate=1.0)


def peak() -> int:
    """Bytes of memory at most. Not ru_maxrss where there is /proc: it has the parent's, too."""
    try:
        with open("/proc/self/status") as file:
            found = dict(line.split(":", 1) for line in file)
        return int(found["VmHWM"].split()[0]) * 1024
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS


def seed() -> None:
    from django.apps import apps
    from django.core.management import call_command
    from django.db import connection
    from views import BOOKS, Author, Book

    call_command("migrate", verbosity=0)
    with connection.schema_editor() as editor:
        for model in (Author, Book):
            editor.create_model(model)
    authors = Author.objects.bulk_create([Author(name=f"Author {n}") for n in range(BOOKS)])
    began = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    Book.objects.bulk_create(
        Book(author=authors[n], title=f"Book {n}", pages=40 + n, price=n,
             published=began + datetime.timedelta(days=n))
        for n in range(BOOKS)
    )  # fmt: skip
    assert apps.ready


def environ(path: str) -> dict[str, object]:
    return {
        "REQUEST_METHOD": "GET", "PATH_INFO": path, "SCRIPT_NAME": "", "SERVER_NAME": "shop",
        "SERVER_PORT": "80", "wsgi.input": io.BytesIO(), "wsgi.errors": sys.stderr,
        "wsgi.url_scheme": "http", "REMOTE_ADDR": "127.0.0.1", "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "shop", "HTTP_USER_AGENT": "benchmark", "HTTP_ACCEPT": "*/*",
    }  # fmt: skip


def meter(mode: str, sharing: int) -> None:
    """Put the meter into a process that has none."""
    os.environ["BROWNOUT_METER"] = mode
    from django.conf import settings

    from brownout.meter import adapters

    try:
        from brownout.meter.event import sender
    except ImportError:  # a version of before it had rooms
        from brownout.meter import sender
    sender.EVERY *= sharing
    settings.MIDDLEWARE.insert(0, "brownout.meter.middleware.Meter")
    adapters.watch()


def fork(pipes: dict[str, tuple[int, int]]) -> str:
    """The variant of the child this returns in; the parent ends with its children."""
    from django.db import connections

    connections.close_all()
    for variant in pipes:
        if os.fork() == 0:
            for other, descriptors in pipes.items():
                if other != variant:
                    for descriptor in descriptors:
                        os.close(descriptor)
            return variant
    for descriptors in pipes.values():
        for descriptor in descriptors:
            os.close(descriptor)
    sys.exit(max(os.wait()[1] for _ in pipes) and "a worker failed")


def main() -> None:
    warnings.simplefilter("ignore")
    if VARIANT.startswith("otel"):
        opentelemetry()
    elif VARIANT == "sentry":
        sentry()
    import django

    django.setup()
    from django.core.handlers.wsgi import WSGIHandler

    seed()
    handler = WSGIHandler()

    def request(path: str) -> None:
        statuses = []
        response = handler(environ(path), lambda status, headers: statuses.append(status))
        for _ in response:
            pass
        response.close()
        assert statuses == ["200 OK"], statuses

    def warm_up() -> None:
        for path in ("/few/", "/many/"):
            for _ in range(20):
                request(path)

    def answer(to: TextIO, **found: object) -> None:
        print(json.dumps(found), file=to, flush=True)

    warm_up()
    sharing, *told = sys.argv[1:]
    split = (one.split(":") for one in told)
    pipes = {variant: (int(commands), int(answers)) for variant, commands, answers in split}
    variant = fork(pipes) if len(pipes) > 1 else VARIANT
    kind, _, mode = variant.partition("-")
    if kind == "before":
        sys.path.insert(0, os.environ["EARLIER"])
    if kind in ("meter", "before"):
        meter(mode, int(sharing))
        handler = WSGIHandler()
    warm_up()
    commands, answers = os.fdopen(pipes[variant][0]), os.fdopen(pipes[variant][1], "w")
    answer(answers, rss=peak())
    before = time.process_time_ns()
    for line in commands:
        kind, count = line.split()
        for _ in range(int(count)):
            request(f"/{kind}/")
        now = time.process_time_ns()
        answer(answers, cpu=now - before, rss=peak())
        before = now


if __name__ == "__main__":
    main()
