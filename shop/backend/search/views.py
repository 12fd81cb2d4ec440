"""Search: by the words of titles and descriptions, and by meaning."""

from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db.models import F
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.models import Book
from catalog.queries import by_ids
from catalog.serializers import BookCard
from search.ranking import fuse
from search.semantic import nearest
from shop.pagination import decode, encode, foreign

RESULTS = 24
CANDIDATES = 200
LONGEST = 100


class Search(APIView):
    """The best matches of the first candidates; ``total`` stops counting there."""

    def get(self, request: Request) -> Response:
        text = request.query_params.get("q", "").strip()
        if not text or len(text) > LONGEST or "\0" in text:
            raise ValidationError({"q": f"Ask for something, in {LONGEST} characters at most."})
        query = SearchQuery(text, config="english", search_type="websearch")
        matches = Book.objects.filter(document=query).values("id", "document")[:CANDIDATES]
        ranked = (
            Book.objects.filter(id__in=matches.values("id"))
            .annotate(rank=SearchRank(F("document"), query))
            .order_by("-rank", "-sold", "id")
            .values_list("id", flat=True)
        )
        near, source = nearest(text)
        ids = fuse(list(ranked), near)
        shown, following = page(ids, request.query_params.get("after", ""))
        found = by_ids(shown)
        return Response(
            {
                "results": BookCard(found, many=True).data,
                "total": len(ids),
                "next": following,
                "semantic": source and source._asdict(),
            }
        )


def page(ids: list[int], after: str) -> tuple[list[int], str | None]:
    """The ids after a cursor, which names the last one that was shown, and the next cursor."""
    start = 0
    if after:
        [last] = decode(after, 1)
        if last not in ids:
            raise foreign()
        start = ids.index(last) + 1
    shown = ids[start : start + RESULTS]
    more = start + RESULTS < len(ids)
    return shown, encode([shown[-1]]) if more else None
