"""What one domain's news means for another, and what needs several domains to be put together."""
