"""What an event in one domain causes in another, and what several must do together."""
