"""An id of another space, brought through one's own: not found, and no different from an id of none."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from tests.isolation.matrix import Call, Subject
from tests.isolation.stage import Stage

CALLER = "the space's own key"
SPACE = "acme_s1"
MEMORY = "spaces/<str:space>/memories/<uuid:memory_id>/"
LINK = f"{MEMORY}associations/<uuid:target>/"

OWNERS = {
    "a sibling space of the same key": "acme_s10",
    "a shared space of the same key": "acme_shared",
    "another tenant's space": "globex_s1",
    "an archived space": "acme_archived",
}


@dataclass(frozen=True, slots=True)
class Probe:
    """A call that names an id where one's own belongs: in the path, as the association's target, or in the body."""

    call: Call
    places: tuple[str, ...]
    code: str = "not_found"

    def __str__(self) -> str:
        return f"{self.call} by {' and '.join(self.places)}"


def _call(method: str, route: str, action: str, body: Callable[[Subject], Any] = lambda subject: None) -> Call:
    return Call(method, route, action, "read", 404, body)


def _remembered(subject: Subject) -> Any:
    return {"content": f"Something new, {uuid4()}.", "associations": [{"target": subject.target}]}


PROBES = [
    Probe(_call("GET", MEMORY, "read_memory"), ("memory",)),
    Probe(_call("PATCH", MEMORY, "update_memory", lambda s: {"kind": "note"}), ("memory",)),
    Probe(_call("PATCH", MEMORY, "update_memory", lambda s: {"content": f"Mine now, {uuid4()}."}), ("memory",)),
    Probe(_call("DELETE", MEMORY, "forget"), ("memory",)),
    Probe(_call("GET", f"{MEMORY}associations/", "list_associations"), ("memory",)),
    Probe(_call("PUT", LINK, "associate", lambda s: {"weight": 0.5}), ("memory",)),
    Probe(_call("PUT", LINK, "associate", lambda s: {"weight": 0.5}), ("target",)),
    Probe(_call("PUT", LINK, "associate", lambda s: {"weight": 0.5}), ("memory", "target")),
    Probe(_call("DELETE", LINK, "dissociate"), ("memory",)),
    Probe(_call("DELETE", LINK, "dissociate"), ("target",)),
    Probe(_call("DELETE", LINK, "dissociate"), ("memory", "target")),
    Probe(_call("POST", "spaces/<str:space>/recall/", "recall", lambda s: {"memory": s.memory}), ("memory",)),
    Probe(_call("POST", "spaces/<str:space>/spread/", "spread", lambda s: {"from": [s.memory]}), ("memory",)),
    Probe(_call("POST", "spaces/<str:space>/spread/", "spread", lambda s: {"from": [s.memory, s.target]}), ("target",)),
    Probe(_call("POST", "spaces/<str:space>/memories/", "remember", _remembered), ("target",), "unknown_memory"),
    Probe(
        _call("POST", "spaces/<str:space>/memories/batch/", "remember_batch", lambda s: {"memories": [_remembered(s)]}),
        ("target",),
        "unknown_memory",
    ),
]  # fmt: skip


def _naming(stage: Stage, probe: Probe, ids: tuple[str, str]) -> Subject:
    """One's own space and memories, but for the probe's places."""
    own = dict(zip(("memory", "target"), stage.memories[SPACE], strict=True))
    named = {**own, **{place: ids[("memory", "target").index(place)] for place in probe.places}}
    return Subject(SPACE, named["memory"], named["target"], "", "")


def _masked(text: str, subject: Subject) -> str:
    return text.replace(subject.memory, "ID").replace(subject.target, "ID")


@pytest.mark.parametrize("owner", OWNERS.values(), ids=OWNERS.keys())
@pytest.mark.parametrize("probe", PROBES, ids=str)
def test_an_id_of_another_space_is_as_unknown_as_an_id_of_none(stage: Stage, probe: Probe, owner: str) -> None:
    foreign = _naming(stage, probe, stage.memories[owner])
    nothing = _naming(stage, probe, (str(uuid4()), str(uuid4())))
    before = stage.fingerprint()
    response, request_id = stage.send(CALLER, probe.call, foreign)
    unknown, _ = stage.send(CALLER, probe.call, nothing)
    assert response.json()["errors"][0]["code"] == probe.code
    assert response.status_code == unknown.status_code
    assert _masked(response.content.decode(), foreign) == _masked(unknown.content.decode(), nothing)
    assert stage.fingerprint() == before
    (row,) = stage.trail(request_id)
    assert (row.tenant_id, row.space, row.action, row.outcome) == (
        stage.tenants["acme"],
        SPACE,
        probe.call.action,
        "failed",
    )


def test_the_probes_find_what_they_name_when_it_is_ones_own(stage: Stage) -> None:
    memory, target = stage.memories[SPACE]
    own = Subject(SPACE, memory, target, "", "")
    reading = [
        probe.call for probe in PROBES if probe.call.action in {"read_memory", "recall", "spread", "list_associations"}
    ]
    assert {stage.send(CALLER, call, own)[0].status_code for call in reading} == {200}


def test_a_cursor_of_another_space_lists_ones_own_memories_alone(stage: Stage) -> None:
    headers = stage.headers[CALLER]
    page = stage.fetch("GET", "/api/v1/spaces/acme_s10/memories/?limit=1", headers)
    cursor = page.json()["next"].split("?", 1)[1]
    response = stage.fetch("GET", f"/api/v1/spaces/{SPACE}/memories/?{cursor}", headers)
    assert response.status_code == 200
    assert {memory["space"] for memory in response.json()["results"]} <= {SPACE}


def test_an_idempotency_key_of_another_actor_gives_none_of_their_answers(stage: Stage) -> None:
    keyed = {"Idempotency-Key": "the same for both"}
    body = '{"content": "Said by the owner."}'
    owner = stage.fetch(
        "POST", "/api/v1/spaces/acme_desk/memories/", {**stage.headers["an admin's session"], **keyed}, body
    )
    guest = stage.fetch(
        "POST",
        "/api/v1/spaces/acme_desk/memories/",
        {**stage.headers["the writer of a shared space"], **keyed},
        '{"content": "Said by the guest."}',
    )
    assert (owner.status_code, guest.status_code) == (201, 201)
    assert guest.json()["content"] == "Said by the guest."


def test_an_idempotency_key_of_another_space_gives_none_of_its_answers(stage: Stage) -> None:
    headers = {**stage.headers[CALLER], "Idempotency-Key": "the same in both"}
    body = '{"content": "Said in two spaces."}'
    first = stage.fetch("POST", "/api/v1/spaces/acme_s1/memories/", headers, body)
    second = stage.fetch("POST", "/api/v1/spaces/acme_s10/memories/", headers, body)
    assert (first.json()["space"], second.json()["space"]) == ("acme_s1", "acme_s10")
    assert first.json()["id"] != second.json()["id"]


def test_the_browsable_pages_record_one_operation_as_any_other_client(stage: Stage) -> None:
    request_id = str(uuid4())
    headers = {**stage.headers["an admin's session"], "Accept": "text/html", "X-Request-ID": request_id}
    response = stage.fetch("GET", f"/api/v1/spaces/{SPACE}/memories/", headers)
    assert response.headers["Content-Type"].startswith("text/html")
    assert [(row.action, row.outcome) for row in stage.trail(request_id)] == [("list_memories", "allowed")]
