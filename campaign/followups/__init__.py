"""What an event in one domain causes in another."""
