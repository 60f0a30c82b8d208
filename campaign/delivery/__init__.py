"""Delivery: the outbox, the worker and the channels; knows nothing of letters."""
