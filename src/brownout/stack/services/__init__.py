"""The services of the shop: how each is started, and what can be done to it."""
