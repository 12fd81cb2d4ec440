"""The front end's page and the health check."""

from functools import cache

from django.conf import settings
from django.core.cache import cache as values
from django.db import connection
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe


@cache
def index() -> bytes:
    """The built front end's index.html; a release never changes it."""
    return (settings.FRONTEND_DIST / "index.html").read_bytes()


@require_safe
def page(request: HttpRequest, id: int | None = None) -> HttpResponse:
    """Every page is the same document; the front end's router does the rest."""
    return _document(200)


def missing(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Where nothing is: people get the document, whose router says so; programs get JSON."""
    if request.method not in ("GET", "HEAD") or request.path.startswith(("/api/", "/assets/")):
        return JsonResponse({"detail": "Not found."}, status=404)
    return _document(404)


def refused(request: HttpRequest, exception: Exception) -> JsonResponse:
    """What Django itself refuses: a foreign host, more parameters than anybody has."""
    return JsonResponse({"detail": "This is no request that the shop can answer."}, status=400)


def _document(status: int) -> HttpResponse:
    try:
        return HttpResponse(index(), status=status, headers={"Cache-Control": "no-cache"})
    except OSError:
        return HttpResponse("The front end has not been built.", status=503)


@require_safe
def asset(request: HttpRequest, file: str) -> FileResponse:
    """A file of another release's front end; this release's own never come here (WhiteNoise)."""
    try:
        content = (settings.FRONTEND_ASSETS / file).open("rb")
    except (OSError, ValueError) as error:  # nor has any file a NUL in its name
        raise Http404 from error
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return FileResponse(content, headers=headers)


@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """Whether this process reaches its database and its cache."""
    answer = {"status": "ok", "release": settings.RELEASE}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        values.get("healthz")
    except Exception as error:
        return JsonResponse(answer | {"status": type(error).__name__}, status=503)
    return JsonResponse(answer)
