"""The file in the data directory in which the installation's processes find servers and secrets."""

import secrets
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Self

from engram_site.runner.files import write_private


@dataclass(frozen=True, slots=True)
class Secrets:
    """What an installation draws once and keeps: Django's key, the tokens' key, the roles' passwords."""

    secret_key: str
    signing_key: str
    owner_password: str
    app_password: str
    backup_password: str

    @classmethod
    def draw(cls) -> Self:
        """New secrets of 384 random bits each, in characters that need no quoting in a URL."""
        return cls(**{field.name: secrets.token_urlsafe(48) for field in fields(cls)})


class EnvironmentFile:
    """``KEY=VALUE`` lines, readable by their owner alone; ``engram_site.env`` falls back to them."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> dict[str, str]:
        if not self.path.exists():
            return {}
        lines = self.path.read_text().splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def update(self, values: dict[str, str]) -> None:
        """Set these variables and keep all others."""
        lines = [f"{name}={value}\n" for name, value in {**self.read(), **values}.items()]
        write_private(self.path, "".join(lines))

    def keep_secrets(self) -> Secrets:
        """The installation's secrets; those that the file does not hold yet are drawn and written."""
        known = self.read()
        drawn = asdict(Secrets.draw())
        kept = {name: known.get(f"ENGRAM_{name.upper()}", value) for name, value in drawn.items()}
        self.update({f"ENGRAM_{name.upper()}": value for name, value in kept.items()})
        return Secrets(**kept)
