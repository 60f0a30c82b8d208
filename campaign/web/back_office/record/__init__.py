"""The record: look through it, and decide on what candidates object to or what is abusive."""
