"""Fluoro: application tracing for Kubernetes that speaks AWS X-Ray.

The packages and the one direction in which they import each other are drawn in
`docs/architecture.md`. Importing this package does no work.
"""

__version__ = "0.1.0"
