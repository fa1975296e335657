"""The same recall over MCP and over REST, in turns."""

import json
from contextlib import closing
from http.client import HTTPConnection
from itertools import cycle, islice

from tqdm import tqdm

from benchmarks.bulk import Loader
from benchmarks.clients import HttpError
from benchmarks.corpus import Corpus
from benchmarks.installation import Installation
from benchmarks.report import Findings, Table, Wanted
from benchmarks.spaces import fill, make_tenant
from benchmarks.timing import Latency, in_turns, ratio

MOST = 1.3
SPACE = "bench-mcp"
WARM_UP = 30


def measure(installation: Installation, *, quick: bool) -> Findings:
    size, calls = (1_000, 100) if quick else (10_000, 400)
    tenant = make_tenant("bench-mcp", [SPACE])
    with Loader(installation.admin_url) as loader, tqdm(total=size, desc="Filling", unit="memory", leave=False) as bar:
        space = fill(tenant, SPACE, size, 200, Corpus(seed=1), loader, bar)
        loader.settle()
    headers = {
        "Authorization": f"Bearer {installation.site.access_token(tenant.api_key)}",
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
    }

    def post(connection: HTTPConnection, path: str, body: object) -> None:
        connection.request("POST", path, json.dumps(body), headers)
        response = connection.getresponse()
        answer = response.read()
        if response.status != 200 or b'"results' not in answer:
            raise HttpError(f"{path} answered {response.status}: {answer[:500]!r}")

    site = installation.site
    with (
        closing(HTTPConnection(site.address, site.port)) as rest,
        closing(HTTPConnection(site.address, site.port)) as mcp,
    ):
        arms = {
            "REST": lambda query: post(rest, f"/api/v1/spaces/{SPACE}/recall/", {"query": query}),
            "MCP": lambda query: post(mcp, "/mcp", _message(query)),
        }
        in_turns(arms, islice(cycle(space.questions), WARM_UP))
        taken = in_turns(arms, islice(cycle(space.questions), calls))
    return Findings(
        [
            Table(
                f"Recall by text in {size:,} memories over HTTP, ms",
                ["over", "p50", "p95"],
                [[name, Latency.of(times).p50, Latency.of(times).p95] for name, times in taken.items()],
            )
        ],
        [Wanted.at_most("recall over MCP, p50, times REST's", MOST, ratio(taken["MCP"], taken["REST"]))],
    )


def _message(query: str) -> object:
    params = {"name": "recall", "arguments": {"space": SPACE, "query": query}}
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
