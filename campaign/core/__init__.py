"""What every floor stands on: settings, database, clock, signed links, e-mail rendering, errors."""
