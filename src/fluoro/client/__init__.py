"""The X-Ray API from a terminal: Fluoro's or AWS's, known by its answers alone; no settings."""
