"""The running shop under load: put together, watched second by second, validated."""
