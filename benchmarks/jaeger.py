"""Jaeger v2 as a process: built from its Go module into the cache folder, with its Badger store.

The module replaces a dependency, so that `go install` refuses it; a copy is built instead. Its user
interface is not part of the module; the build then holds a page that says so.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import msgspec

from bodies import cache
from report import say
from serving import Program, free_port, request

MODULE = "github.com/jaegertracing/jaeger"
VERSION = "v1.76.0"
"""The same release as Jaeger 2.13.0; `cmd/jaeger` in it is v2."""

_START_LIMIT_S = 120
_KEPT = "8760h"


class Jaeger(Program):
    """`jaeger` on a folder."""

    def __init__(
        self, binary: Path, folder: Path, processors: set[int], *, is_durable: bool
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder / "store"
        self.otlp_port, port = free_port(), free_port()
        config = folder / "config.yaml"
        config.write_text(json.dumps(self._config(port, is_durable=is_durable)))  # JSON is YAML
        command = [binary, f"--config={config}"]
        super().__init__(command, processors, folder / "jaeger.log", port)

        def is_ready() -> bool | None:
            status, _ = request(self.port, "GET", "/api/services")
            return status == 200 or None

        self.until(is_ready, "Jaeger's start", _START_LIMIT_S)

    def _config(self, port: int, *, is_durable: bool) -> object:
        """Its own example for Badger.

        Without the processor that batches, which would acknowledge before anything is written;
        our requests are batches already.
        """
        badger = {
            "directories": {
                "keys": str(self.folder / "keys"),
                "values": str(self.folder / "values"),
            },
            "ephemeral": False,
            "consistency": is_durable,
            "ttl": {"spans": _KEPT},
        }
        nowhere = "127.0.0.1:0"
        return {
            "service": {
                "extensions": ["jaeger_storage", "jaeger_query"],
                "pipelines": {
                    "traces": {"receivers": ["otlp"], "exporters": ["jaeger_storage_exporter"]}
                },
                "telemetry": {"metrics": {"level": "none"}, "logs": {"level": "warn"}},
            },
            "extensions": {
                "jaeger_query": {
                    "storage": {"traces": "kept"},
                    "http": {"endpoint": f"127.0.0.1:{port}"},
                    "grpc": {"endpoint": nowhere},
                },
                "jaeger_storage": {"backends": {"kept": {"badger": badger}}},
            },
            "receivers": {
                "otlp": {"protocols": {"http": {"endpoint": f"127.0.0.1:{self.otlp_port}"}}}
            },
            "exporters": {"jaeger_storage_exporter": {"trace_storage": "kept"}},
        }


def build() -> Path:
    """Jaeger's binary, built when it is not in the cache; takes minutes, and says how many.

    The command ends the benchmark when Go is missing or its proxy cannot be reached.
    """
    folder = cache() / f"jaeger-{VERSION}"
    binary = folder / "jaeger"
    if binary.exists():
        return binary
    go = shutil.which("go")
    if go is None:
        sys.exit("Jaeger is built from its Go module: install Go, or leave the peer out")
    began = time.monotonic()
    say(f"building Jaeger {VERSION}")
    folder.mkdir(parents=True, exist_ok=True)
    download = [go, "mod", "download", "-json", f"{MODULE}@{VERSION}"]
    said = subprocess.run(download, check=True, stdout=subprocess.PIPE, cwd=folder).stdout
    module = Path(msgspec.json.decode(said)["Dir"])
    source = folder / "source"
    shutil.rmtree(source, ignore_errors=True)
    # The module's files are read-only; the copies must not be, or it could not be removed.
    shutil.copytree(module, source, copy_function=shutil.copyfile)
    for path in (source, *source.rglob("*")):
        path.chmod(0o755)
    command = [go, "build", "-buildvcs=false", "-p=1", "-o", str(binary), "./cmd/jaeger"]
    subprocess.run(command, check=True, cwd=source, env={**os.environ, "GOFLAGS": ""})
    shutil.rmtree(source)
    took_s = time.monotonic() - began
    (folder / "took_s").write_text(f"{took_s:.0f}")
    say(f"built in {took_s:.0f} s")
    return binary


if __name__ == "__main__":
    print(build())
