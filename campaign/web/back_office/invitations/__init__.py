"""Candidates invited to answer, on one timetable."""
