"""A trace put together from its documents and spans: assembly, summaries. Pure."""
