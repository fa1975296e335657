"""This installation: where it keeps its data, and where its web server answers."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from engram_site.runner.errors import StartError

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Site:
    data: Path
    host: str
    port: int

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        port = environment.get("ENGRAM_PORT", "8000")
        if not port.isdecimal() or not 1 <= int(port) <= 65535:
            raise StartError(f"ENGRAM_PORT is '{port}'; allowed: a number from 1 to 65535.")
        return cls(
            data=(ROOT / environment.get("ENGRAM_DATA_DIR", ".engram")).resolve(),
            host=environment.get("ENGRAM_HOST", "127.0.0.1"),
            port=int(port),
        )

    @property
    def address(self) -> str:
        """The host to call: a server that listens everywhere answers on loopback too."""
        return "127.0.0.1" if self.host in {"0.0.0.0", "::"} else self.host  # noqa: S104

    @property
    def url(self) -> str:
        return f"http://{f'[{self.address}]' if ':' in self.address else self.address}:{self.port}"

    def log(self, name: str) -> Path:
        return self.data / "logs" / f"{name}.log"

    def is_ready(self) -> bool:
        status, _ = self._call("GET", "/readyz")
        return status == 200

    def access_token(self, api_key: str) -> str | None:
        """A token for the key, or None if the site does not accept it (any more)."""
        status, answer = self._call("POST", "/api/v1/auth/token/", {"api_key": api_key})
        return str(json.loads(answer)["access"]) if status == 200 else None

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, bytes]:
        """Status and body of an answer; status 0 while nobody answers."""
        connection = http.client.HTTPConnection(self.address, self.port, timeout=10)
        try:
            connection.request(method, path, json.dumps(body or {}), {"Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, response.read()
        except OSError:
            return 0, b""
        finally:
            connection.close()
