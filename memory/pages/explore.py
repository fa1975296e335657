"""Explore: a cue, the memories that it brings to mind, and the graph that activation spread over."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe
from django_htmx.http import push_url

from memory.pages.forms import ExploreForm, GraphForm
from memory.records import Activated, Hit, SpreadResult
from memory.services.explore import Found, explore, open_spaces
from memory.services.recall import Spreading
from memory.services.spread import MOST_ACTIVATED, spread
from tenants.callers import Caller
from tenants.models import Permission
from tenants.operations import Action
from tenants.pages.access import member_page
from tenants.services.access import entered

# What a node says of its memory until it is read.
TEXT = 280
MOST_EDGES = 3_000


@dataclass(frozen=True, slots=True)
class ShownHit:
    """A hit, how it was come by in words, and where it leads on."""

    rank: int
    hit: Hit
    how: str
    go_on: str
    read: str


@require_safe
@member_page(Action.RECALL_ACROSS)
def explore_page(request: HttpRequest, caller: Caller) -> HttpResponse:
    return render(request, "memory/explore.html", _look(request, caller))


@require_safe
@member_page(Action.RECALL_ACROSS)
def explore_found(request: HttpRequest, caller: Caller) -> HttpResponse:
    """What was found, alone; the browser's address becomes the whole page's."""
    answer = render(request, "memory/explore_found.html", _look(request, caller))
    return push_url(answer, f"{reverse('explore')}?{request.GET.urlencode()}")


@require_safe
@member_page(Action.SPREAD)
def explore_graph(request: HttpRequest, caller: Caller) -> HttpResponse:
    """The memories that activation reaches from some of a space, and the associations that it flows along, as JSON."""
    form = GraphForm(request.GET)
    if not form.is_valid():
        return JsonResponse({"errors": form.errors.get_json_data()}, status=400)
    given = form.cleaned_data
    with entered(caller, given["space"], Permission.READ) as scope:
        result = spread(scope, given["sources"], given["depth"], Spreading(threshold=given["threshold"]))
    return JsonResponse(_graph(given["space"], result))


def _look(request: HttpRequest, caller: Caller) -> dict[str, Any]:
    form = ExploreForm(request.GET, open_spaces(caller))
    if not form.is_valid() or not form.asks:
        return {"form": form}
    found = explore(caller, form.cleaned_data["space"], form.cue)
    return {
        "form": form,
        "found": found,
        "hits": [_shown(rank, hit, found, form) for rank, hit in enumerate(found.hits, start=1)],
        # Never nought: it is the far end of a scale.
        "most_lexical": max([1.0, *(hit.lexical for hit in found.hits)]),
        "graphs_json": json.dumps(_graphs(form, found)),
        "hits_json": json.dumps([{"id": str(hit.memory.id), "path": list(map(str, hit.path))} for hit in found.hits]),
    }


def _shown(rank: int, hit: Hit, found: Found, form: ExploreForm) -> ShownHit:
    given, memory = form.cleaned_data, hit.memory
    on = {"memory": memory.id, "space": memory.space, "depth": given["depth"], "threshold": given["threshold"]}
    return ShownHit(
        rank=rank,
        hit=hit,
        how=_how(hit, found),
        go_on=f"{reverse('explore')}?{urlencode(on)}",
        read=reverse("memory-page", args=[memory.space, memory.id]),
    )


def _how(hit: Hit, found: Found) -> str:
    """Where a hit came from, in words."""
    if not hit.depth:
        return "Found by the cue itself."
    ranks = {other.memory.id: rank for rank, other in enumerate(found.hits, start=1)}
    start = f"number {ranks[hit.path[0]]}" if hit.path[0] in ranks else "a memory that the cue found"
    return f"{hit.depth} hop{'s' if hit.depth > 1 else ''} from {start}."


def _graphs(form: ExploreForm, found: Found) -> list[dict[str, str]]:
    """Where the graph of each space with hits is had."""
    given = form.cleaned_data
    spaces = given["space"] if given["memory"] else found.spaces
    return [
        {"space": space, "url": f"{reverse('explore-graph')}?{urlencode(_graph_query(given, found, space))}"}
        for space in spaces
    ]


def _graph_query(given: dict[str, Any], found: Found, space: str) -> dict[str, Any]:
    cue: list[UUID] = [given["memory"]] if given["memory"] else []
    sources = dict.fromkeys([*cue, *found.sources(space)])
    return {
        "space": space,
        "sources": ",".join(map(str, sources)),
        "depth": given["depth"],
        "threshold": given["threshold"],
    }


def _graph(space: str, result: SpreadResult) -> dict[str, Any]:
    heaviest = sorted(result.flows, key=lambda flow: -flow.weight)[:MOST_EDGES]
    return {
        "nodes": [_node(space, memory) for memory in result.activations],
        "edges": [
            {"source": flow.source, "target": flow.target, "kind": flow.kind, "weight": flow.weight}
            for flow in heaviest
        ],
        "most": MOST_ACTIVATED,
        "is_cut": result.is_cut,
    }


def _node(space: str, memory: Activated) -> dict[str, Any]:
    text = memory.content if len(memory.content) <= TEXT else f"{memory.content[:TEXT]}…"
    return {
        "id": memory.id,
        "space": space,
        "text": text,
        "kind": memory.kind,
        "session": memory.session,
        "tier": memory.tier,
        "activation": round(memory.activation, 4),
        "depth": memory.depth,
        "path": memory.path,
    }
