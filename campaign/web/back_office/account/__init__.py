"""The organiser’s own login, and the audit log."""
