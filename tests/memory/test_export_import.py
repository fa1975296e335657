"""Export and import: a whole space out as lines, and in again to the bit."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.services.events import recent_events
from memory.models import Import
from memory.records import NewMemory
from memory.services import export as exporting
from memory.services import import_memories as importing
from memory.services.export import expected_size, export
from memory.services.remember import remember_batch
from memory.tasks import SILENT_SECONDS, resume_imports
from tenants.models import Tenant
from tenants.scope import space_tx
from tests.limits import limit_space
from tests.memory.parallel import at_once
from tests.memory.space_api import SpaceApi, detail, problems, space_of_vectors
from tests.memory.test_tallies import counted, tallied
from tests.memory.transfers import (
    EAST,
    NORTH,
    clear,
    exported,
    file_of,
    imported,
    memory,
    of_type,
    plane_file,
    send,
    stored,
    work,
)
from tests.world import World, remember_in, scope_of


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


def test_a_vector_is_the_same_to_the_bit_whether_it_was_remembered_or_imported(plane: SpaceApi) -> None:
    vectors = [[-0.0, 1.0], [1.0, -0.0], [0.6, 0.8], [-0.70710678, 0.70710678], [6e-8, 1.0], [-1e-9, -1.0]]
    for number, vector in enumerate(vectors):
        plane.remember(f"Memory {number}.", embedding=vector)
    other = other_space()
    imported(other, plane_file(*[memory(f"Memory {n}.", embedding=vector) for n, vector in enumerate(vectors)]))
    assert sorted(vectors_of(other)) == sorted(vectors_of(plane)) != []


def vectors_of(space: SpaceApi) -> list[tuple[str, str]]:
    return [(json.loads(row[0])["content"], row[2]) for row in stored(space.space) if len(row) == 3]


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


def test_the_size_of_an_export_is_told_before_it_begins(acme: SpaceApi) -> None:
    acme.batch([{"content": f"Number {n} was told to us on the phone.", "session": "one"} for n in range(100)])
    told = expected_size(scope_of(acme.space))
    assert told.memories == len(of_type("memory", exported(acme)))
    assert told.with_vectors == pytest.approx(len(acme.get("export/").getvalue()), rel=0.1)
    assert told.without_vectors == pytest.approx(len(acme.get("export/", vectors="false").getvalue()), rel=0.1)


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


def test_the_trail_says_who_asked_and_what_the_worker_did(plane: SpaceApi) -> None:
    job = imported(plane, plane_file(memory("One.")))
    failed = imported(plane, plane_file("x"))
    exported(plane)
    events = recent_events(Tenant.objects.get(slug="acme").id, 20)
    told = [(event.actor_kind, event.action, event.outcome, event.target, event.reason) for event in events]
    assert ("key", "start_import", "allowed", job["id"], "") in told
    assert ("system", "import_memories", "allowed", f"{job['id']}: 1 memory, 0 associations", "") in told
    assert ("system", "import_memories", "failed", failed["id"], "invalid in line 2") in told
    assert ("key", "export", "allowed", "", "") in told


def test_a_file_that_was_never_finished_is_given_up(plane: SpaceApi) -> None:
    job = send(plane, b"{", "import/?more=true").json()
    assert work(plane, job["id"]) == "failed"
    assert plane.get(f"import/{job['id']}/").json()["problem"]["code"] == "abandoned"


def fall_silent() -> None:
    with space_tx(scope_of("acme_plane")):
        Import.objects.update(updated_at=timezone.now() - timedelta(seconds=SILENT_SECONDS + 1))


def test_an_import_that_only_waits_in_the_queue_is_not_sent_again_each_minute(plane: SpaceApi) -> None:
    send(plane, plane_file())
    assert resume_imports() == 0
    fall_silent()
    assert (resume_imports(), resume_imports()) == (1, 0)
    fall_silent()
    assert resume_imports() == 1


def test_an_import_that_a_worker_is_storing_just_now_is_not_sent_again(plane: SpaceApi) -> None:
    send(plane, plane_file())
    fall_silent()
    with space_tx(scope_of("acme_plane")):
        assert Import.objects.select_for_update().get()
        assert at_once(resume_imports) == [0]
    assert resume_imports() == 1


def test_an_import_leaves_its_connection_planning_as_ever(plane: SpaceApi) -> None:
    imported(plane, plane_file(memory("One.")))
    with connection.cursor() as cursor:
        cursor.execute("show plan_cache_mode")
        assert cursor.fetchone() == ("auto",)


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
