"""Handlers of the X-Ray API, one module a family of operations."""
