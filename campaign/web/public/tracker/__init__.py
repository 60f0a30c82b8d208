"""Who was asked and who answered what: the tracker and each candidate's page."""
