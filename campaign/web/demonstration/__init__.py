"""Pages that exist in the demonstration only: the mailbox viewer and the styles page."""
