"""Time in templates, serialisers and JSON, without the SQL, cache and calls that they ask for."""

from __future__ import annotations

from functools import wraps
from types import ModuleType
from typing import Any

from brownout.meter.event.work import CURRENT, Span


def install_template(library: ModuleType) -> None:
    """``library``: django.template.base."""
    library.Template.render = _timed(library.Template.render)


def install_jinja(library: ModuleType) -> None:
    """``library``: jinja2.environment."""
    library.Template.render = _timed(library.Template.render)


def install_serializers(library: ModuleType) -> None:
    """``library``: rest_framework.serializers. Not what they do for each object: too often."""
    library.BaseSerializer.data = property(_timed(library.BaseSerializer.data.fget))


def install_response(library: ModuleType) -> None:
    """``library``: rest_framework.response."""
    rendered = library.Response.rendered_content
    library.Response.rendered_content = property(_timed(rendered.fget))


def install_json(library: ModuleType) -> None:
    """``library``: django.http.response."""
    library.JsonResponse.__init__ = _timed(library.JsonResponse.__init__)


def _timed(original: Any) -> Any:
    """What is rendered within it (an included template) is part of it."""

    @wraps(original)
    def timed(*args: Any, **kwargs: Any) -> Any:
        work = CURRENT.get()
        if work is None or work.rendering:
            return original(*args, **kwargs)
        work.rendering = True
        span = Span(work)
        try:
            return original(*args, **kwargs)
        finally:
            work.rendering = False
            work.template_time += span.end()
            work.cpu_template += span.cpu()

    return timed
