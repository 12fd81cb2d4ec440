"""What readers think of a book on the whole, worked out ahead by tasks."""

from typing import Any

from reviews.models import Mood, Summary

SUMMARY = ("text", "model", "version", "reviews", "created")
MOOD = ("positive", "reviews")


def opinions(book_id: int) -> dict[str, Any]:
    """{summary, sentiment} of a book, each None where there is none (yet)."""
    return {
        "summary": Summary.objects.filter(book_id=book_id).values(*SUMMARY).first(),
        "sentiment": Mood.objects.filter(book_id=book_id).values(*MOOD).first(),
    }
