"""Bytes to values and back: datagrams, segment documents, the X-Ray API's JSON. No I/O."""
