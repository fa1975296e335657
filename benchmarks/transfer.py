"""Export and import of a whole space with its vectors and associations: over HTTP, and by a worker's hands."""

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from statistics import median
from uuid import UUID

from tqdm import tqdm

from benchmarks.bulk import Loader
from benchmarks.clients import HttpError
from benchmarks.corpus import Corpus
from benchmarks.installation import Installation
from benchmarks.report import Findings, Table, Wanted
from benchmarks.spaces import FilledSpace, fill, make_tenant
from benchmarks.timing import timed
from engram_site.turns import take_short_turns
from memory.models import Import
from memory.services.import_memories import import_memories
from tenants.models import Permission
from tenants.scope import SpaceScope

LEAST_EXPORTED = 5_000
LEAST_IMPORTED = 2_000
NDJSON = "application/x-ndjson"
PIECE = 1 << 16
ASSOCIATION = b'{"type":"association"'


@dataclass(frozen=True, slots=True)
class Imported:
    """The milliseconds of sending a file, and of a worker's storing it."""

    sending: float
    storing: float


def measure(installation: Installation, *, quick: bool) -> Findings:
    # This process does a worker's part.
    take_short_turns()
    size, rounds = (5_000, 1) if quick else (50_000, 3)
    targets = [f"copy-{number}" for number in range(rounds)]
    bare_targets = [f"bare-{number}" for number in range(rounds)]
    names = ["original", *targets, *bare_targets]
    tenant = make_tenant("transfer", names, permissions=frozenset(Permission.values))
    with Loader(installation.admin_url) as loader, tqdm(total=size, desc="Filling", unit="memory", leave=False) as bar:
        original = fill(tenant, "original", size, 0, Corpus(seed=1), loader, bar)
        loader.settle()
    token = installation.site.access_token(tenant.api_key)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": NDJSON}
    connection = HTTPConnection(installation.site.address, installation.site.port, timeout=600)
    with closing(connection):
        exported = [timed(lambda: _export(connection, headers)) for _ in range(rounds)]
        file = _export(connection, headers)
        bare = b"".join(line for line in file.splitlines(keepends=True) if not line.startswith(ASSOCIATION))
        # In turns, so that both files meet the same machine.
        imported = [
            (_import(connection, headers, original, target, file), _import(connection, headers, original, other, bare))
            for target, other in zip(targets, bare_targets, strict=True)
        ]
    whole, alone = zip(*imported, strict=True)
    lines = file.count(b"\n")
    rates = {
        "export over HTTP": size / median(exported) * 1000,
        "import": _rate(size, whole),
        "import of the memories alone, without their associations": _rate(size, alone),
    }
    return Findings(
        [
            Table(
                f"A space of {size:,} memories and {original.associations:,} associations: {lines:,} lines",
                ["what", "memories/s"],
                [[what, rate] for what, rate in rates.items()],
            ),
            Table(
                "Importing it, part by part",
                ["what", "memories/s", "lines/s"],
                [
                    [what, size / milliseconds * 1000, lines / milliseconds * 1000]
                    for what, milliseconds in (
                        ("sending the file over HTTP", median(each.sending for each in whole)),
                        ("the worker's part", median(each.storing for each in whole)),
                    )
                ],
            ),
            Table("The file", ["bytes", "bytes a memory"], [[len(file), len(file) / size]]),
        ],
        [
            Wanted.at_least("memories/s exported with vectors", LEAST_EXPORTED, rates["export over HTTP"]),
            *(
                Wanted.at_least(
                    f"memories/s imported with vectors, sending included, {what}", LEAST_IMPORTED, _rate(size, taken)
                )
                for what, taken in (("alone", alone), ("with their associations", whole))
            ),
        ],
    )


def _rate(memories: int, taken: Sequence[Imported]) -> float:
    return memories / median(each.sending + each.storing for each in taken) * 1000


def _export(connection: HTTPConnection, headers: dict[str, str]) -> bytes:
    connection.request("GET", "/api/v1/spaces/original/export/", headers=headers)
    response = connection.getresponse()
    file = response.read()
    if not file.endswith(b'{"type": "end"}\n'):
        raise HttpError(f"The export answered {response.status} and ends with {file[-200:]!r}")
    return file


def _import(
    connection: HTTPConnection, headers: dict[str, str], original: FilledSpace, target: str, file: bytes
) -> Imported:
    ids: list[UUID] = []

    # It opens by itself, and the server has closed what it was while a worker stored the file before.
    connection.close()

    def send() -> None:
        connection.request("POST", f"/api/v1/spaces/{target}/import/", iter(_pieces(file)), _sized(headers, file))
        response = connection.getresponse()
        answer = response.read()
        if response.status != 202:
            raise HttpError(f"The import answered {response.status}: {answer[:500]!r}")
        ids.append(UUID(json.loads(answer)["id"]))

    sending = timed(send)
    scope = SpaceScope.for_task(original.tenant.open(target).space_id)

    def work() -> None:
        status = import_memories(scope, ids[0], turn=0, seconds=600)
        if status != Import.Status.DONE:
            raise HttpError(f"The import into {target} is {status}")

    return Imported(sending, timed(work))


def _pieces(file: bytes) -> Iterator[bytes]:
    return (file[start : start + PIECE] for start in range(0, len(file), PIECE))


def _sized(headers: dict[str, str], file: bytes) -> dict[str, str]:
    return {**headers, "Content-Length": str(len(file))}
