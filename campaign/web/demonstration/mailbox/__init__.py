"""The mailbox viewer: what the demonstration would have sent."""
