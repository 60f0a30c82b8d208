"""Commands: arguments, one use case, print."""
