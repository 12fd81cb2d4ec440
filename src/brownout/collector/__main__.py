"""``python -m brownout.collector``."""

from brownout.collector.server import main

main()
