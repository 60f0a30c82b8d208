"""Open data, version 1: read by everybody, written by nobody."""
