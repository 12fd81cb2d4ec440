"""Full-text search."""

from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db.models import F
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.models import Book
from catalog.queries import by_ids
from catalog.serializers import BookCard

RESULTS = 24
CANDIDATES = 200
LONGEST = 100


class Search(APIView):
    """The best matches of the first candidates; ``total`` stops counting there."""

    def get(self, request: Request) -> Response:
        text = request.query_params.get("q", "").strip()
        if not text or len(text) > LONGEST:
            raise ValidationError({"q": f"Ask for something, in {LONGEST} characters at most."})
        query = SearchQuery(text, config="english", search_type="websearch")
        matches = Book.objects.filter(document=query).values("id", "document")[:CANDIDATES]
        ranked = (
            Book.objects.filter(id__in=matches.values("id"))
            .annotate(rank=SearchRank(F("document"), query))
            .order_by("-rank", "-sold", "id")
            .values_list("id", flat=True)
        )
        ids = list(ranked)
        found = by_ids(ids[:RESULTS])
        return Response({"results": BookCard(found, many=True).data, "total": len(ids)})
