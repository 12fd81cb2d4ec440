"""The bodies of requests."""

from typing import Any

from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser, JSONParser

LARGEST = 64 * 1024
"""Bytes; the longest thing that anybody sends is a review."""


class TooLarge(APIException):
    status_code = 413
    default_detail = f"The body has more than {LARGEST // 1024} kB."
    default_code = "too_large"


class SmallJSON(BaseParser):
    """JSON of a sane size and depth; whatever else comes is a 4xx.

    It has a JSONParser and is none: the body of one is read before anybody asks how large it is.
    """

    media_type = JSONParser.media_type

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        request = (parser_context or {})["request"]
        if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST:
            raise TooLarge
        try:
            return JSONParser().parse(stream, media_type, parser_context)
        except RecursionError as error:
            raise ParseError("JSON parse error - nested too deeply") from error
