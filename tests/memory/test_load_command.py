"""``manage.py remember``: files into a space."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from audit.models import AuditEvent
from tenants.scope import tenant_tx
from tests.memory.space_api import SpaceApi, space_of_vectors
from tests.world import World, scope_of


def remember(*files: Path, space: str = "acme_s1") -> Any:
    """The command's answer as JSON."""
    out = StringIO()
    call_command("remember", *map(str, files), "--space", space, "--json", stdout=out)
    return json.loads(out.getvalue())


@pytest.fixture
def ndjson(tmp_path: Path) -> Path:
    path = tmp_path / "notes.ndjson"
    lines = [
        {
            "content": "Priya prefers kroner.",
            "kind": "preference",
            "session": "call",
            "confidence": 0.75,
            "observed_at": "2026-09-14T10:30:00+02:00",
            "metadata": {"customer": 20574},
        },
        {"content": "Ruth hikes with her son.", "session": "call"},
    ]
    path.write_text("\n\n".join(json.dumps(line) for line in lines))
    return path


def test_ndjson_is_remembered_a_memory_a_line(acme: SpaceApi, ndjson: Path) -> None:
    assert remember(ndjson) == {"space": "acme_s1", "files": 1, "created": 2, "reinforced": 0}
    ruth, priya, _ = acme.get("memories/").json()["results"]
    assert (ruth["content"], ruth["kind"], ruth["session"]) == ("Ruth hikes with her son.", "fact", "call")
    assert {name: priya[name] for name in ("kind", "confidence", "observed_at", "metadata")} == {
        "kind": "preference",
        "confidence": 0.75,
        "observed_at": "2026-09-14T08:30:00Z",
        "metadata": {"customer": 20574},
    }
    assert {(link["source"], link["target"]) for link in acme.associations(ruth["id"])} == {
        (ruth["id"], priya["id"]),
        (priya["id"], ruth["id"]),
    }


def test_text_is_remembered_in_passages_that_follow_each_other(acme: SpaceApi, tmp_path: Path) -> None:
    path = tmp_path / "story.txt"
    path.write_text("\n\n".join(f"Paragraph {n}. " + "Something happened. " * 30 for n in range(4)))
    assert remember(path)["created"] == 4
    memories = acme.get("memories/", session="story.txt").json()["results"][::-1]
    assert [memory["content"].split(".")[0] for memory in memories] == [f"Paragraph {n}" for n in range(4)]
    reached = acme.spread(memories[0]["id"], depth=3, threshold=0)["activations"]
    assert [memory["id"] for memory in memories] == sorted(entry["memory"]["id"] for entry in reached)


def test_markdown_is_remembered_with_its_headings(acme: SpaceApi, tmp_path: Path) -> None:
    path = tmp_path / "guide.md"
    path.write_text("# Install\n\nRun the installer.\n\n## Linux\n\nUse the package.\n")
    assert remember(path)["created"] == 2
    memories = acme.get("memories/", session="guide.md").json()["results"]
    assert [memory["metadata"] for memory in memories] == [{"heading": "Install › Linux"}, {"heading": "Install"}]


def test_what_is_loaded_can_be_recalled(acme: SpaceApi, ndjson: Path) -> None:
    remember(ndjson)
    assert acme.recall(query="Which currency does Priya want?")[0]["memory"]["content"] == "Priya prefers kroner."


def test_a_repeated_run_reinforces_what_is_there(acme: SpaceApi, ndjson: Path) -> None:
    remember(ndjson)
    assert remember(ndjson) == {"space": "acme_s1", "files": 1, "created": 0, "reinforced": 2}
    assert len(acme.listed()) == 3
    assert acme.row(acme.listed()[0]).recall_count == 1


def test_many_files_are_counted_together(acme: SpaceApi, ndjson: Path, tmp_path: Path) -> None:
    other = tmp_path / "more.ndjson"
    other.write_text('{"content": "One more."}\n{"content": "Ruth hikes with her son."}')
    assert remember(ndjson, other) == {"space": "acme_s1", "files": 2, "created": 3, "reinforced": 1}


def test_more_than_one_batch_keeps_its_order(acme: SpaceApi, tmp_path: Path) -> None:
    path = tmp_path / "many.ndjson"
    path.write_text("\n".join(f'{{"content": "Step {n}.", "session": "steps"}}' for n in range(70)))
    assert remember(path)["created"] == 70
    listed = acme.get("memories/", session="steps", limit=100).json()["results"]
    assert [memory["content"] for memory in listed] == [f"Step {n}." for n in reversed(range(70))]
    assert len(acme.associations(listed[5]["id"])) == 4


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("bad.ndjson", '{"content": "Good."}\n{"content": ""}', r"bad\.ndjson, line 2: 'content' is \"\"; allowed: "),
        ("bad.ndjson", '{"content": "Good.", "colour": "red"}', r"line 1: 'colour' is not a field of a memory"),
        ("bad.ndjson", "not json", r"line 1: not json is not JSON"),
        ("bad.txt", "nul\0", r"bad\.txt is not text in UTF-8"),
    ],
)
def test_a_bad_line_in_the_last_file_leaves_nothing_of_the_first(
    acme: SpaceApi, world: World, ndjson: Path, tmp_path: Path, name: str, text: str, complaint: str
) -> None:
    bad = tmp_path / name
    bad.write_text(text)
    with pytest.raises(CommandError, match=complaint):
        remember(ndjson, bad)
    assert acme.listed() == [world.memories["acme_s1"]]


def test_a_file_that_is_not_there_is_named(acme: SpaceApi, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"absent\.txt cannot be read \(No such file or directory\)"):
        remember(tmp_path / "absent.txt")


def test_an_empty_file_holds_no_memories(acme: SpaceApi, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").touch()
    assert remember(tmp_path / "empty.txt")["created"] == 0


def test_an_unknown_space_is_named(world: World, ndjson: Path) -> None:
    with pytest.raises(CommandError, match=r"^There is no space 'umbrella'\.$"):
        remember(ndjson, space="umbrella")


def test_a_space_of_the_clients_vectors_cannot_be_loaded_with_texts(world: World, ndjson: Path) -> None:
    space = space_of_vectors("acme_plane", 2)
    with pytest.raises(CommandError, match=r"'acme_plane' holds vectors of the model 'of-the-client'"):
        remember(ndjson, space="acme_plane")
    assert space.listed() == []


def test_a_person_is_told_in_words(acme: SpaceApi, ndjson: Path) -> None:
    out = StringIO()
    call_command("remember", str(ndjson), "--space", "acme_s1", stdout=out)
    assert out.getvalue() == "space       acme_s1\nfiles       1\ncreated     2\nreinforced  0\n"


def test_the_spaces_tenant_sees_in_its_trail_that_an_operator_did_it(acme: SpaceApi, ndjson: Path) -> None:
    remember(ndjson)
    scope = scope_of("acme_s1")
    with tenant_tx(scope.tenant_id):
        event = AuditEvent.objects.filter(action="remember_batch").get()
    assert (event.actor_kind, event.address, event.space, event.target, event.outcome) == (
        "operator",
        "shell",
        "acme_s1",
        "2 memories",
        "allowed",
    )
