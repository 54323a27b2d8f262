"""X-Ray's nouns as frozen values with their rules. Knows no bytes, no files, no clock, no SQL."""
