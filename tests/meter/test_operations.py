"""GraphQL and JSON-RPC: the route names the operation, and an answer of errors is seen."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import elsewhere
import pytest
import versions
from metering import Project, Receiver

from brownout.meter.event.work import Work
from brownout.meter.responses import operations

DATA = {"data": {"books": []}}


@pytest.mark.parametrize(
    ("asked", "answer", "name", "exception"),
    [
        ({"query": "query Books { books { id } }"}, DATA, " query Books", ""),
        ({"query": "query A {a} query B {b}", "operationName": "B"}, DATA, " query B", ""),
        ({"query": "mutation Buy($id: ID) { buy(id: $id) }"}, DATA, " mutation Buy", ""),
        ({"query": "{ books { id } }"}, DATA, " query {books}", ""),
        ({"query": "mutation { n: buy }"}, DATA, " mutation {buy}", ""),
        ([{"query": "{a}"}, {"query": "{b}"}], [DATA, DATA], " batch of 2", ""),
        ({"query": "{ b }"}, {"data": None, "errors": [{}]}, " query {b}", "GraphQLError"),
        ({"query": "{ b }"}, {"errors": [{}], "data": None}, " query {b}", "GraphQLError"),
        # An answer with a field of that name.
        ({"query": "{ b }"}, {"data": {"errors": [1]}}, " query {b}", ""),
        (
            {"jsonrpc": "2.0", "method": "cart.add"},
            {"jsonrpc": "2.0", "result": 1},
            " cart.add",
            "",
        ),
        (
            {"jsonrpc": "2.0", "method": "cart.add"},
            {"jsonrpc": "2.0", "error": {"code": 1}},
            " cart.add",
            "JSONRPCError",
        ),
        # What looks like it and is none.
        ({"query": "shoes"}, DATA, "", ""),
        ({"text": "{ shoes }"}, DATA, "", ""),
        ([], DATA, "", ""),
        ({"query": "{ b }"}, {"items": []}, "", ""),
        ({"jsonrpc": "2.0", "method": "x" * 99}, {"jsonrpc": "2.0"}, "", ""),
    ],
)
def test_the_operation_and_its_errors(asked: Any, answer: Any, name: str, exception: str) -> None:
    request, work = SimpleNamespace(method="POST", _body=json.dumps(asked).encode()), Work()
    assert operations.of(work, request, json.dumps(answer).encode()) == name
    assert work.exception == exception
    work.close()


def test_names_that_callers_make_up_are_so_many_at_most() -> None:
    work, found = Work(), set()
    for number in range(2 * operations.MOST):
        asked = {"query": f"query Made{number} {{ a }}"}
        request = SimpleNamespace(method="POST", _body=json.dumps(asked).encode())
        found.add(operations.of(work, request, b'{"data": {}}'))
    work.close()
    assert "" in found and len(found) <= operations.MOST + 1


STRAWBERRY = """
import strawberry
from django.urls import path
from strawberry.django.views import AsyncGraphQLView, GraphQLView

@strawberry.type
class Query:
    @strawberry.field
    def books(self) -> int:
        return 3
    @strawberry.field
    def broken(self) -> int:
        raise KeyError("no")

schema = strawberry.Schema(Query)
views.urlpatterns += [path("graphql/", GraphQLView.as_view(schema=schema)),
                      path("later/", AsyncGraphQLView.as_view(schema=schema))]
WHERE = ["/graphql/", "/later/"]
"""

ASK = """
def ask(where, text):
    body = {"data": json.dumps({"query": text}), "content_type": "application/json"}
    assert client.post(where, **body).status_code == 200
for where in WHERE:
    ask(where, "query Books { books }")
    ask(where, "{ broken }")
"""

GRAPHENE = """
import json, os
os.environ["DJANGO_SETTINGS_MODULE"] = "bazaar.settings"
import django
django.setup()
import graphene
from django.test import Client
from django.urls import path
from graphene_django.views import GraphQLView
from bazaar import urls

class Query(graphene.ObjectType):
    books = graphene.Int()
    broken = graphene.Int()
    def resolve_books(self, info):
        return 3
    def resolve_broken(self, info):
        raise KeyError("no")

schema = graphene.Schema(query=Query)
urls.urlpatterns += [path("graphql/", GraphQLView.as_view(schema=schema))]
client, WHERE = Client(), ["/graphql/"]
"""


def operations_of(receiver: Receiver) -> list[tuple[str, int, str]]:
    """What is told when these pages are asked."""
    return [(row["route"], row["status"], row["exception"]) for row in receiver.work()]


def expected(*pages: str) -> list[tuple[str, int, str]]:
    return [
        (f"POST /{page}/ {operation}", 200, exception)
        for page in pages
        for operation, exception in (("query Books", ""), ("query {broken}", "GraphQLError"))
    ]


@pytest.mark.matrix
def test_strawberry(receiver: Receiver, tmp_path: Path) -> None:
    python = versions.environment(
        versions.python_for("5.2"), "django~=5.2.0", "strawberry-graphql", *versions.LIBRARIES
    )
    project = Project(tmp_path, receiver.url, receiver.url)
    project.run(STRAWBERRY + ASK, python)
    assert operations_of(receiver) == expected("graphql", "later")


@pytest.mark.matrix
def test_graphene(receiver: Receiver, tmp_path: Path) -> None:
    python = versions.environment(versions.python_for("5.2"), *versions.SERVERS)
    done = elsewhere.python(elsewhere.metered(tmp_path, receiver.url), GRAPHENE + ASK, python)
    assert done.returncode == 0, done.stderr
    assert operations_of(receiver) == expected("graphql")
