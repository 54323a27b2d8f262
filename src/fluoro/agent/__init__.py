"""The process on each node: UDP and TCP 2000, batches to the server. Never parses a document."""
