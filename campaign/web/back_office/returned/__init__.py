"""Mail that came back: bounces to decide, addresses to repair, who gets nothing more."""
