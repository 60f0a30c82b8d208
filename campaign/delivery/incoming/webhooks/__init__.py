"""Mail services that report by webhook: one file each, which proves a request and reads it."""
