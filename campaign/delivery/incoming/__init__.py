"""What comes back about messages that have left: read, proved, and stored once."""
