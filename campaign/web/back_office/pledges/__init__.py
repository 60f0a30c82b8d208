"""Answers given elsewhere: entered by one organiser, reviewed by another."""
