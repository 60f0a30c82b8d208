"""Reports: tables and figures over several domains."""
