"""Every port and default address of Fluoro, in one place. Nothing else states a number."""

AGENT = 2000
"""UDP segments and TCP sampling calls, as AWS's daemon."""
AGENT_ADMIN = 2001
SERVER = 8080
"""X-Ray API, OTLP/HTTP, console."""
SERVER_ADMIN = 8081
OTLP_GRPC = 4317
OTLP_HTTP = 4318
CLICKHOUSE_HTTP = 8123
CLICKHOUSE_HTTPS = 8443

LOOPBACK = "127.0.0.1"


def loopback(port: int) -> str:
    """`127.0.0.1:port`, the default of every listener."""
    return f"{LOOPBACK}:{port}"
