"""What an answer carries and costs: items, rendering, streams."""
