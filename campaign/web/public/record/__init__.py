"""The record as files that outsiders keep and check."""
