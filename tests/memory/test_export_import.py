"""Export and import: a whole space out as lines, and in again to the bit."""

import json
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.services.events import recent_events
from memory.models import Memory
from memory.records import NewMemory
from memory.services import export as exporting
from memory.services import import_memories as importing
from memory.services.export import export
from memory.services.remember import remember_batch
from tenants import limits
from tenants.models import Space, Tenant
from tenants.scope import SpaceScope, space_tx
from tests.limits import limit_space
from tests.memory.space_api import SpaceApi, detail, problems, space_of_vectors
from tests.memory.test_tallies import counted, tallied
from tests.world import World, remember_in, scope_of

NDJSON = "application/x-ndjson"
EAST, NORTH = [1.0, 0.0], [0.0, 1.0]
HEAD = {"type": "space", "version": 1, "embedding_model": "of-the-client", "embedding_dimension": 2}
END = {"type": "end"}


def exported(space: SpaceApi, **parameters: Any) -> list[Any]:
    """The lines of an export."""
    answer = space.get("export/", **parameters)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, NDJSON)
    return [json.loads(line) for line in answer.getvalue().splitlines()]


def of_type(kind: str, lines: list[Any]) -> list[Any]:
    return [line for line in lines if line["type"] == kind]


def file_of(*lines: Any) -> bytes:
    return "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines).encode()


def plane_file(*lines: Any) -> bytes:
    return file_of(HEAD, *lines, END)


def memory(content: str, **fields: Any) -> dict[str, Any]:
    return {"type": "memory", "id": str(uuid4()), "content": content, "embedding": EAST, **fields}


def send(space: SpaceApi, body: bytes, path: str = "import/") -> Any:
    method = space.client.post if path.startswith("import/?") or path == "import/" else space.client.patch
    return method(f"/api/v1/spaces/{space.space}/{path}", body, content_type=NDJSON)


def imported(space: SpaceApi, body: bytes) -> Any:
    """The import that came of a file, after a worker's work."""
    answer = send(space, body)
    assert answer.status_code == 202, answer.content
    work(space, answer.json()["id"])
    return space.get(f"import/{answer.json()['id']}/").json()


def work(space: SpaceApi, import_id: str, seconds: float = 60) -> str:
    scope = SpaceScope.for_task(Space.objects.get(name=space.space).id)
    return importing.import_memories(scope, UUID(import_id), seconds)


def stored(space: str) -> list[tuple[Any, ...]]:
    """Every column of every memory, vector and association of a space, but for the space itself."""
    scope = scope_of(space)
    with space_tx(scope), connection.cursor() as cursor:
        cursor.execute(
            "select to_jsonb(m) - 'space_id', e.tier, e.vector::text from memory_memory m"
            " left join memory_embedding e on e.space_id = m.space_id and e.memory_id = m.id order by m.id"
        )
        memories = cursor.fetchall()
        cursor.execute("select to_jsonb(a) - 'space_id' from memory_association a order by 1")
        return [*memories, *cursor.fetchall()]


def clear(*spaces: str) -> None:
    for space in spaces:
        with space_tx(scope_of(space)):
            Memory.objects.all().delete()


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "PAGE", 7)
    monkeypatch.setattr(importing, "BATCH_LINES", 5)


@pytest.fixture
def lived_in(plane: SpaceApi) -> SpaceApi:
    """A space with a past: sessions, links, tiers, recalls, odd texts, and times that only the database sets."""
    ids = plane.batch(
        [
            {"content": f"Memory {n}.", "session": f"session {n % 3}", "embedding": [n - 15.5, 0.25 * n]}
            for n in range(30)
        ]
    )
    plane.remember('Naïve ☃ "quoted" \\ \n line', metadata={"a": [1, 2.5, None, "ü"], "b": {}}, embedding=NORTH)
    plane.associate(ids[3], ids[20], 0.123456)
    plane.associate(ids[20], ids[3], 0.9)
    plane.change_row(ids[4], tier="warm", stability=3.14159, recall_count=7, recent_recalls=["2026-02-03T04:05:06.7Z"])
    plane.change_row(ids[5], tier="cold", last_recalled_at="2026-01-02T03:04:05.678901Z")
    plane.remember("Memory 4.", embedding=EAST)
    return plane


def other_space(name: str = "acme_other") -> SpaceApi:
    return space_of_vectors(name, 2)


def test_an_import_of_an_export_is_the_same_space_to_the_bit(lived_in: SpaceApi, small_pages: None) -> None:
    other = other_space()
    job = imported(other, b"".join(lived_in.get("export/").streaming_content))
    assert (job["status"], job["memories"], job["existing"], job["problem"]) == ("done", 31, 0, None)
    assert stored(other.space) == stored(lived_in.space)
    assert tallied(other.space) == counted(other.space)
    assert exported(other)[1:] == exported(lived_in)[1:]


def test_what_is_imported_can_be_recalled_and_spread_as_before(lived_in: SpaceApi) -> None:
    other = other_space()
    imported(other, b"".join(lived_in.get("export/").streaming_content))
    cue = {"embedding": [0.3, 0.7], "limit": 8, "depth": 2}
    assert other.recalled(**cue) == lived_in.recalled(**cue)
    first = lived_in.recalled(**cue)[0]
    assert other.spread(first)["associations"] == lived_in.spread(first)["associations"]


def test_an_export_without_vectors_has_them_made_anew(acme: SpaceApi) -> None:
    remember_in("acme_s1", "Another one.", session="one")
    lines = exported(acme, vectors="false")
    assert {line["embedding"] for line in of_type("memory", lines)} == {None}
    acme_s10 = SpaceApi("acme_s10", acme.client)
    acme_s10.delete(f"memories/{acme_s10.listed()[0]}/")
    assert imported(acme_s10, file_of(*lines))["memories"] == 2
    assert stored("acme_s10") == stored("acme_s1")


def test_an_export_is_a_head_then_memories_with_their_links_then_an_end(plane: SpaceApi) -> None:
    first, second = plane.batch([{"content": word, "session": "s", "embedding": EAST} for word in ("One.", "Two.")])
    lines = exported(plane)
    assert [line["type"] for line in lines] == [
        "space",
        "memory",
        "memory",
        "association",
        "association",
        "mark",
        "end",
    ]
    assert (lines[0]["space"], lines[0]["embedding_model"], lines[0]["vectors"]) == (
        "acme_plane",
        "of-the-client",
        True,
    )
    assert [(line["source"], line["target"]) for line in of_type("association", lines)] == sorted(
        [(first, second), (second, first)]
    )
    assert lines[-2] == {"type": "mark", "after": second}


@pytest.mark.parametrize(
    ("kind", "table", "elsewhere", "renamed"),
    [
        ("memory", "memory_memory", {"space_id", "content_hash", "lexemes"}, {"embedding", "type"}),
        ("association", "memory_association", {"space_id", "source_id", "target_id"}, {"source", "target", "type"}),
    ],
)
def test_an_export_leaves_no_column_out(
    lived_in: SpaceApi, kind: str, table: str, elsewhere: set[str], renamed: set[str]
) -> None:
    with connection.cursor() as cursor:
        columns = {column.name for column in connection.introspection.get_table_description(cursor, table)}
    assert set(of_type(kind, exported(lived_in))[0]) - renamed == columns - elsewhere


def test_what_has_expired_is_in_no_export(plane: SpaceApi) -> None:
    first, second = plane.batch([{"content": word, "session": "s", "embedding": EAST} for word in ("One.", "Two.")])
    plane.expire(first)
    lines = exported(plane)
    assert [line["id"] for line in of_type("memory", lines)] == [second]
    assert of_type("association", lines) == []


def test_an_export_that_broke_off_goes_on_from_its_last_mark(lived_in: SpaceApi, small_pages: None) -> None:
    whole = exported(lived_in)
    marks = [index for index, line in enumerate(whole) if line["type"] == "mark"]
    assert len(marks) == 5
    rest = exported(lived_in, after=whole[marks[1]]["after"])
    assert whole[: marks[1] + 1] + rest == whole


def test_an_export_holds_no_transaction_open_while_its_reader_dawdles(lived_in: SpaceApi, small_pages: None) -> None:
    lines = export(scope_of("acme_plane"))
    next(lines), next(lines)
    assert not connection.in_atomic_block
    lived_in.remember("Meanwhile.", embedding=NORTH)
    assert "Meanwhile." in "".join(lines)


def test_an_import_starts_on_a_file_sent_in_pieces(lived_in: SpaceApi) -> None:
    body = b"".join(lived_in.get("export/").streaming_content)
    other = other_space()
    job = send(other, body[:1000], "import/?more=true").json()
    assert (job["status"], job["bytes"]) == ("receiving", 1000)
    job = send(other, body[1000:3000], f"import/{job['id']}/?offset=1000&more=true").json()
    assert (job["status"], job["bytes"]) == ("receiving", 3000)
    job = send(other, body[3000:], f"import/{job['id']}/?offset=3000").json()
    assert (job["status"], job["bytes"]) == ("queued", len(body))
    assert work(other, job["id"]) == "done"
    assert stored(other.space) == stored(lived_in.space)


def test_a_piece_that_does_not_follow_is_refused_and_told_where_to_go_on(plane: SpaceApi) -> None:
    job = send(plane, b'{"type"', "import/?more=true").json()
    answer = send(plane, b"x", f"import/{job['id']}/?offset=3")
    assert (answer.status_code, problems(answer)) == (409, [("offset_mismatch", "offset")])
    assert detail(answer) == "'offset' is 3; the file has come as far as byte 7, go on from there."


def test_one_import_at_a_time(plane: SpaceApi) -> None:
    job = send(plane, b"", "import/?more=true").json()
    answer = send(plane, plane_file())
    assert (answer.status_code, problems(answer)) == (409, [("import_unfinished", None)])
    assert plane.delete(f"import/{job['id']}/").status_code == 204
    assert imported(plane, plane_file())["status"] == "done"
    assert [entry["status"] for entry in plane.get("import/").json()["results"]] == ["done", "cancelled"]


def test_what_has_ended_takes_no_more_and_is_not_cancelled(plane: SpaceApi) -> None:
    job = imported(plane, plane_file())
    answer = send(plane, b"", f"import/{job['id']}/?offset=0")
    assert (answer.status_code, problems(answer)) == (409, [("import_not_receiving", None)])
    answer = plane.delete(f"import/{job['id']}/")
    assert (answer.status_code, problems(answer)) == (409, [("import_finished", None)])


def test_a_worker_that_died_leaves_the_rest_to_the_next(lived_in: SpaceApi, small_pages: None) -> None:
    other = other_space()
    job = send(other, b"".join(lived_in.get("export/").streaming_content)).json()
    assert [work(other, job["id"], seconds=0) for _ in range(3)] == ["running"] * 3
    so_far = other.get(f"import/{job['id']}/").json()
    assert (so_far["lines"], so_far["memories"]) == (15, 7)
    assert 0 < so_far["bytes_done"] < so_far["bytes"]
    assert work(other, job["id"]) == "done"
    assert stored(other.space) == stored(lived_in.space)
    assert work(other, job["id"]) == "done"


def test_a_cancelled_import_keeps_what_it_has_stored_and_goes_no_further(lived_in: SpaceApi, small_pages: None) -> None:
    other = other_space()
    job = send(other, b"".join(lived_in.get("export/").streaming_content)).json()
    work(other, job["id"], seconds=0)
    other.delete(f"import/{job['id']}/")
    assert work(other, job["id"]) == "cancelled"
    assert len(other.listed()) == 4


def test_importing_again_changes_nothing(lived_in: SpaceApi) -> None:
    before = stored(lived_in.space)
    job = imported(lived_in, b"".join(lived_in.get("export/").streaming_content))
    assert (job["memories"], job["existing"], job["associations"]) == (0, 31, 0)
    assert stored(lived_in.space) == before


def test_a_content_that_is_held_under_another_id_takes_that_ones_links(plane: SpaceApi) -> None:
    held = plane.remember("Held already.", embedding=NORTH)
    twin, new = memory("Held already."), memory("New.")
    link = {"type": "association", "source": twin["id"], "target": new["id"], "weight": 0.5}
    itself = {"type": "association", "source": twin["id"], "target": held}
    job = imported(plane, plane_file(twin, new, link, itself))
    assert (job["memories"], job["existing"], job["associations"]) == (1, 1, 1)
    assert [(entry["source"], entry["target"]) for entry in plane.associations(held)] == [(held, new["id"])]


def test_a_file_takes_no_more_than_the_room_there_is(plane: SpaceApi, small_pages: None) -> None:
    limit_space("acme_plane", hot_capacity_per_space=1, warm_capacity_per_space=1, cold_capacity_per_space=5)
    job = imported(plane, plane_file(*[memory(f"Memory {n}.") for n in range(20)]))
    assert (job["status"], job["memories"]) == ("failed", 4)
    assert (job["problem"]["code"], job["problem"]["line"]) == ("capacity_exceeded", 6)
    assert len(plane.listed()) == 4


BAD = [
    (file_of(), 0, "cut", None, "without a line of type 'end'"),
    (file_of(HEAD), 1, "cut", None, "it was cut"),
    (file_of(HEAD, END, END), 3, "invalid", None, "goes on after"),
    (file_of(END), 1, "invalid", "type", "The first line, and no other, is of type 'space'"),
    (plane_file(HEAD), 2, "invalid", "type", "The first line, and no other"),
    (file_of({**HEAD, "version": 2}, END), 1, "invalid", "version", "'version' is 2; allowed: 1."),
    (file_of({**HEAD, "embedding_dimension": 3}, END), 1, "invalid", "embedding_model", "with 3 dimensions"),
    (plane_file("not json"), 2, "invalid", None, "This is not JSON in UTF-8"),
    (plane_file("[1]"), 2, "invalid", None, "This is [1]; allowed: one JSON object."),
    (plane_file('{"type":"memory","content":"\\u0000"}'), 2, "invalid", None, "a NUL character cannot be stored"),
    (plane_file('{"type":"memory","metadata":' + "[" * 100_000), 2, "invalid", None, "This is not JSON in UTF-8"),
    (plane_file({"type": "secret"}), 2, "invalid", "type", "allowed: space, memory, association, mark, end."),
    (plane_file({"type": ["memory"]}), 2, "invalid", "type", "'type' is"),
    (plane_file({"type": "memory", "content": "No id."}), 2, "invalid", "id", "'id' is missing; allowed: a UUID."),
    (plane_file(memory("Odd.", space_id=str(uuid4()))), 2, "invalid", "space_id", "'space_id' is not a field"),
    (plane_file(memory("Odd.", id="17")), 2, "invalid", "id", "'id' is \"17\"; allowed: a UUID."),
    (plane_file(memory("  ")), 2, "invalid", "content", "a text that is not blank"),
    (plane_file(memory("x" * 32_769)), 2, "invalid", "content", "allowed: a text"),
    (plane_file(memory("Odd.", kind="Odd!")), 2, "invalid", "kind", "1 to 32 of a to z"),
    (plane_file(memory("Odd.", confidence=True)), 2, "invalid", "confidence", "a number from 0 to 1"),
    (plane_file(memory("Odd.", metadata={"a": "x" * 16_384})), 2, "invalid", "metadata", "metadata_bytes"),
    (plane_file(memory("Odd.", created_at="2026-01-01")), 2, "invalid", "created_at", "an ISO 8601 time"),
    (plane_file(memory("Odd.", created_at="0001-01-01T00:00:00+14:00")), 2, "invalid", "created_at", "an ISO 8601"),
    (plane_file(memory("Odd.", tier="lava")), 2, "invalid", "tier", "hot, warm, cold"),
    (plane_file(memory("Odd.", stability=0)), 2, "invalid", "stability", "days"),
    (plane_file(memory("Odd.", recall_count=2**31)), 2, "invalid", "recall_count", "a whole number from 0"),
    (plane_file(memory("Odd.", embedding=[1.0])), 2, "invalid", "embedding", "'embedding' has 1 numbers"),
    (plane_file(memory("Odd.", embedding=[0, 0])), 2, "invalid", "embedding", "no direction"),
    (plane_file(memory("Odd.", embedding=[10**400, 0])), 2, "invalid", "embedding", "a number that is too large"),
    (plane_file(memory("Odd.", embedding="[1,0]")), 2, "invalid", "embedding", "a list of numbers"),
    (plane_file(memory("Odd.", embedding=None)), 2, "embedding_required", "embedding", "send 'embedding'"),
    (plane_file({"type": "association", "source": str(uuid4()), "target": str(uuid4())}), 2, "unknown_memory", "source", ""),
    (plane_file({"type": "association", "source": str(UUID(int=1)), "target": str(UUID(int=1))}), 2, "invalid", "target", ""),
    (plane_file("x" * 500_000), 2, "too_large", None, "which no line needs"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "line", "code", "attr", "words"), BAD, ids=range(len(BAD)))
def test_a_hostile_file_is_refused_by_its_line_and_field_and_leaves_nothing(
    plane: SpaceApi, body: bytes, line: int, code: str, attr: str | None, words: str
) -> None:
    job = imported(plane, body)
    problem = job["problem"]
    assert (job["status"], problem["line"], problem["code"], problem["attr"]) == ("failed", line, code, attr)
    assert problem["detail"].startswith(f"Line {line}: ")
    assert words in problem["detail"]
    assert plane.listed() == []


def test_a_link_to_a_later_line_is_refused_whatever_the_batch(plane: SpaceApi) -> None:
    first, second = memory("One."), memory("Two.")
    link = {"type": "association", "source": first["id"], "target": second["id"]}
    job = imported(plane, plane_file(first, link, second))
    assert (job["problem"]["line"], job["problem"]["attr"]) == (3, "target")


def test_a_link_to_another_spaces_memory_is_refused(world: World, plane: SpaceApi) -> None:
    mine, theirs = memory("Mine."), world.memories["globex_s1"]
    link = {"type": "association", "source": mine["id"], "target": theirs}
    job = imported(plane, plane_file(mine, link))
    assert (job["problem"]["code"], job["problem"]["line"], job["problem"]["attr"]) == ("unknown_memory", 3, "target")


def test_an_id_that_another_tenant_uses_is_ones_own_here(world: World, plane: SpaceApi) -> None:
    before = stored("globex_s1")
    assert imported(plane, plane_file(memory("Mine now.", id=world.memories["globex_s1"])))["memories"] == 1
    assert plane.row(world.memories["globex_s1"]).content == "Mine now."
    assert stored("globex_s1") == before


def test_a_vector_of_another_length_is_brought_to_one(plane: SpaceApi) -> None:
    imported(plane, plane_file(memory("Long.", embedding=[3.0, 4.0])))
    assert stored("acme_plane")[0][2] == "[0.60009766,0.7998047]"


def test_a_file_larger_than_the_installation_allows_is_refused(
    plane: SpaceApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    smaller = replace(limits.installation(), sizes=limits.Sizes(import_bytes=100))
    monkeypatch.setattr("memory.services.imports.installation", lambda: smaller)
    answer = send(plane, plane_file(memory("One."), memory("Two.")))
    assert (answer.status_code, problems(answer)) == (413, [("too_large", None)])


def test_a_file_of_another_type_is_refused(plane: SpaceApi) -> None:
    answer = plane.client.post("/api/v1/spaces/acme_plane/import/", b"a,b", content_type="text/csv")
    assert answer.status_code == 415


def test_a_file_may_be_larger_than_any_other_request(plane: SpaceApi, monkeypatch: pytest.MonkeyPatch) -> None:
    smaller = replace(limits.installation(), sizes=limits.Sizes(body_bytes=100))
    monkeypatch.setattr("engram_site.middleware.installation", lambda: smaller)
    assert imported(plane, plane_file(memory("One."), memory("Two.")))["memories"] == 2
    assert plane.post("memories/", {"content": "x" * 200}).status_code == 413


def test_who_may_write_may_not_import_for_that_sets_what_clients_cannot(world: World) -> None:
    answer = send(SpaceApi("acme_s1", world.client("acme_s1")), plane_file())
    assert (answer.status_code, problems(answer)) == (403, [("permission_denied", None)])


def test_the_trail_says_who_asked_and_what_the_worker_did(plane: SpaceApi) -> None:
    job = imported(plane, plane_file(memory("One.")))
    failed = imported(plane, plane_file("x"))
    exported(plane)
    events = recent_events(Tenant.objects.get(slug="acme").id, 20)
    told = [(event.actor_kind, event.action, event.outcome, event.target, event.reason) for event in events]
    assert ("key", "start_import", "allowed", job["id"], "") in told
    assert ("system", "import_memories", "allowed", f"{job['id']}: 1 memories, 0 associations", "") in told
    assert ("system", "import_memories", "failed", failed["id"], "invalid in line 2") in told
    assert ("key", "export", "allowed", "", "") in told


def test_a_file_that_was_never_finished_is_given_up(plane: SpaceApi) -> None:
    job = send(plane, b"{", "import/?more=true").json()
    assert work(plane, job["id"]) == "failed"
    assert plane.get(f"import/{job['id']}/").json()["problem"]["code"] == "abandoned"


def test_nothing_of_a_file_is_left_once_it_is_read(lived_in: SpaceApi) -> None:
    imported(lived_in, b"".join(lived_in.get("export/").streaming_content))
    imported(lived_in, plane_file("x"))
    with space_tx(scope_of("acme_plane")), connection.cursor() as cursor:
        cursor.execute("select (select count(*) from memory_importpart), (select count(*) from memory_importalias)")
        assert cursor.fetchone() == (0, 0)


TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1).filter(str.strip)
MEMORIES = st.lists(
    st.builds(
        NewMemory,
        content=TEXTS,
        kind=st.sampled_from(["fact", "note"]),
        confidence=st.floats(0, 1, width=32),
        session=st.none() | st.sampled_from(["a", "b"]),
        metadata=st.dictionaries(
            TEXTS, st.none() | st.booleans() | TEXTS | st.floats(allow_nan=False, allow_infinity=False)
        ),
        embedding=st.tuples(st.floats(0.01, 1), st.floats(-1, 1)),
    ),
    max_size=8,
)


@pytest.fixture
def twin(world: World) -> SpaceApi:
    return other_space("acme_twin")


@given(MEMORIES)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_space_comes_through_as_it_was(plane: SpaceApi, twin: SpaceApi, memories: list[NewMemory]) -> None:
    clear("acme_twin", "acme_plane")
    remember_batch(scope_of("acme_plane"), memories)
    assert imported(twin, b"".join(plane.get("export/").streaming_content))["status"] == "done"
    assert stored("acme_twin") == stored("acme_plane")
