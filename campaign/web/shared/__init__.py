"""What all audiences share: database session, forms, errors, headers, limits."""
