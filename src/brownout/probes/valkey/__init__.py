"""Valkey as cache and as broker: connections, families of keys, queues and what waits in them."""
