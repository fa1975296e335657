"""Running the code that the dashboard shows, as somebody who copies it does."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.servers import ROOT

PACKAGES = ROOT / "tests" / "e2e" / "typescript"
# The example client's: as strict as a project would have it.
COMPILER = ROOT / "examples" / "multi_tenant" / "tsconfig.json"


@dataclass(frozen=True, slots=True)
class Project:
    """A folder in which there is what snippets import."""

    folder: Path

    def install(self) -> None:
        for file in (PACKAGES / "package.json", PACKAGES / "package-lock.json", COMPILER):
            shutil.copy(file, self.folder)
        self._run("npm", "ci", "--prefer-offline", "--no-audit", "--no-fund")

    def python(self, text: str) -> str:
        return self._run(sys.executable, "-c", text)

    def typescript(self, text: str) -> str:
        """What it prints, once the compiler has nothing against it."""
        (self.folder / "typescript.ts").write_text(text)
        self._run("node_modules/.bin/tsc", "--noEmitOnError")
        return self._run("node", "typescript.js")

    def _run(self, *command: str) -> str:
        done = subprocess.run(command, cwd=self.folder, stdout=subprocess.PIPE, text=True, check=False)
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}"
        return done.stdout.strip()
