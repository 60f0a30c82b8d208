"""Importers: one module for each source; each reads a file into typed records."""
