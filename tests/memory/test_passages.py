import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.passages import (
    LIMIT,
    TARGET,
    Passage,
    PassageError,
    read_ndjson,
    read_passages,
    split_markdown,
    split_text,
)

WORDS = st.text(alphabet="abcdeZ0.!?,;\"')#`-é字", min_size=1, max_size=12)
SPACES = st.sampled_from([" ", " ", "  ", "\t", "\n", "\n\n", "\r\n\r\n", " \n \n", "\u00a0"])
TEXTS = st.lists(st.tuples(WORDS, SPACES), max_size=80).map(lambda pairs: "".join(w + s for w, s in pairs))
LENGTHS = st.tuples(st.integers(1, 60), st.integers(0, 60)).map(lambda pair: (pair[0], pair[0] + pair[1]))


def contents(passages: list[Passage]) -> list[str]:
    return [passage.content for passage in passages]


def letters(texts: list[str]) -> str:
    return "".join("".join(texts).split())


@given(TEXTS, LENGTHS)
def test_it_loses_nothing_but_whitespace(text: str, lengths: tuple[int, int]) -> None:
    target, limit = lengths
    assert letters(contents(split_text(text, target=target, limit=limit))) == letters([text])


@given(TEXTS, LENGTHS)
def test_no_passage_is_empty_or_over_the_limit(text: str, lengths: tuple[int, int]) -> None:
    target, limit = lengths
    assert all(0 < len(content) <= limit for content in contents(split_text(text, target=target, limit=limit)))


@given(TEXTS, st.integers(12, 60))
def test_words_within_the_limit_stay_whole(text: str, limit: int) -> None:
    passages = split_text(text, target=12, limit=limit)
    assert [word for content in contents(passages) for word in content.split()] == text.split()


@given(TEXTS, LENGTHS)
def test_the_same_text_gives_the_same_passages(text: str, lengths: tuple[int, int]) -> None:
    target, limit = lengths
    assert split_text(text, target=target, limit=limit) == split_text(text, target=target, limit=limit)


@given(st.text(), LENGTHS)
def test_any_text_at_all_can_be_cut(text: str, lengths: tuple[int, int]) -> None:
    target, limit = lengths
    assert letters(contents(split_text(text, target=target, limit=limit))) == letters([text])


@given(TEXTS, LENGTHS)
def test_markdown_passages_keep_the_limit(text: str, lengths: tuple[int, int]) -> None:
    target, limit = lengths
    passages = split_markdown(text, target=target, limit=limit)
    assert all(0 < len(content) <= limit for content in contents(passages))


def test_short_paragraphs_share_a_passage() -> None:
    assert contents(split_text("Buy rope.\n\n\nFeed the goat.\n")) == ["Buy rope.\n\nFeed the goat."]


def test_paragraphs_near_the_target_stand_alone() -> None:
    first, second = "a" * (TARGET - 50), "b" * (TARGET - 50)
    assert contents(split_text(f"{first}\n\n{second}")) == [first, second]


def test_a_paragraph_within_the_limit_stays_whole() -> None:
    paragraph = "One sentence. " * 80
    assert contents(split_text(paragraph)) == [paragraph.strip()]


def test_a_long_paragraph_is_cut_at_the_sentence_end_nearest_to_the_target() -> None:
    text = "The goat ate the rope. It did not share. Nobody had asked it to."
    assert contents(split_text(text, target=40, limit=50)) == [
        "The goat ate the rope. It did not share.",
        "Nobody had asked it to.",
    ]


def test_abbreviations_and_list_numbers_end_no_sentence() -> None:
    text = "Feed it hay, e.g. from the barn, then 2. Close the gate behind you. Then rest."
    assert contents(split_text(text, target=20, limit=70)) == [
        "Feed it hay, e.g. from the barn, then 2. Close the gate behind you.",
        "Then rest.",
    ]


def test_lines_are_kept_where_there_are_no_sentences() -> None:
    assert contents(split_text("goat 1 fed\ngoat 2 fed\ngoat 3 fed", target=20, limit=22)) == [
        "goat 1 fed\ngoat 2 fed",
        "goat 3 fed",
    ]


def test_a_word_over_the_limit_is_cut() -> None:
    assert contents(split_text("x" * 25, target=10, limit=10)) == ["x" * 10, "x" * 10, "x" * 5]


def test_a_megabyte_without_a_single_space_is_cut_in_a_moment() -> None:
    assert len(split_text("x" * 1_000_000)) == -(-1_000_000 // LIMIT)


def test_text_passages_carry_their_session() -> None:
    assert split_text("Feed the goat.", session="diary") == [Passage("Feed the goat.", session="diary")]


def test_text_of_nothing_but_whitespace_gives_no_passage() -> None:
    assert split_text(" \n\n\t") == []


@pytest.mark.parametrize(("target", "limit"), [(0, 10), (20, 10), (600, 8193)])
def test_impossible_lengths_are_refused(target: int, limit: int) -> None:
    with pytest.raises(ValueError, match=f"target is {target} and limit is {limit}; allowed: 1 <= target"):
        split_text("Feed the goat.", target=target, limit=limit)


def test_markdown_passages_carry_the_trail_of_headings() -> None:
    text = "# Goats\n\nThey climb.\n\n## Food\n\nHay.\n\n### Treats\n\nApples.\n\n## Shelter\n\nA barn.\n"
    assert [(p.content, p.metadata) for p in split_markdown(text)] == [
        ("Goats\n\nThey climb.", {"heading": "Goats"}),
        ("Food\n\nHay.", {"heading": "Goats › Food"}),
        ("Treats\n\nApples.", {"heading": "Goats › Food › Treats"}),
        ("Shelter\n\nA barn.", {"heading": "Goats › Shelter"}),
    ]


def test_underlined_and_closed_headings_count() -> None:
    text = "Goats\n=====\n\nThey climb.\n\nFood\n----\n\nHay.\n\n## C# ##\n\nSharp.\n"
    assert [p.metadata["heading"] for p in split_markdown(text)] == ["Goats", "Goats › Food", "Goats › C#"]


def test_a_heading_with_nothing_below_it_opens_the_next_passage() -> None:
    assert contents(split_markdown("# Goats\n## Food\nHay.")) == ["Goats\n\nFood\n\nHay."]


def test_markdown_without_headings_has_no_trail() -> None:
    assert split_markdown("They climb.", "goats.md") == [Passage("They climb.", session="goats.md")]


def test_headings_inside_a_code_fence_are_code() -> None:
    text = "# Goats\n\n~~~sh\n# feed them\n\nfeed --all\n~~~\n\nDone."
    assert contents(split_markdown(text)) == ["Goats\n\n~~~sh\n# feed them\n\nfeed --all\n~~~\n\nDone."]


def test_a_code_fence_within_the_limit_stays_whole() -> None:
    fence = "```python\n" + "feed(goat)\n\n" * 80 + "```"
    assert fence in contents(split_markdown(f"Before it. {'x ' * 300}\n\n{fence}\n\nAfter it. {'y ' * 300}"))


def test_a_longer_code_fence_is_cut_between_lines_and_fenced_again() -> None:
    text = "```sh\nfeed goat\n  water goat\nbrush goat\n```"
    assert contents(split_markdown(text, target=20, limit=38)) == [
        "```sh\nfeed goat\n  water goat\n```",
        "```sh\nbrush goat\n```",
    ]


def test_a_code_fence_left_open_reaches_to_the_end() -> None:
    assert contents(split_markdown("```\n# no heading\nfeed")) == ["```\n# no heading\nfeed"]


def test_front_matter_is_left_out() -> None:
    assert split_markdown("---\ntitle: Goats\ntags: [farm]\n---\n\nThey climb.") == [Passage("They climb.")]


def test_a_rule_at_the_start_is_no_front_matter() -> None:
    assert "They climb." in contents(split_markdown("---\n\nThey climb.\n\n---\n\nThey eat."))[0]


def test_a_line_of_ndjson_carries_every_field() -> None:
    line = json.dumps(
        {
            "content": "The goat is called Zlateh.",
            "session": "diary",
            "kind": "note",
            "observed_at": "2026-09-14T10:30:00+02:00",
            "confidence": 0.5,
            "metadata": {"farm": "Upper Meadow"},
        }
    )
    assert list(read_ndjson([line])) == [
        Passage(
            "The goat is called Zlateh.",
            session="diary",
            kind="note",
            observed_at=datetime(2026, 9, 14, 10, 30, tzinfo=timezone(timedelta(hours=2))),
            confidence=0.5,
            metadata={"farm": "Upper Meadow"},
        )
    ]


def test_optional_fields_may_be_absent_or_null() -> None:
    line = '{"content": "Hay.", "session": null, "observed_at": null, "confidence": null}'
    assert list(read_ndjson(['{"content": "Hay."}', line])) == [Passage("Hay."), Passage("Hay.")]


def test_a_time_in_utc_may_end_in_z() -> None:
    [passage] = read_ndjson(['{"content": "Hay.", "observed_at": "2026-09-14T10:30:00Z"}'])
    assert passage.observed_at == datetime(2026, 9, 14, 10, 30, tzinfo=UTC)


def test_a_kind_is_any_short_word() -> None:
    kinds = ["fact", "meeting-note", "k2"]
    lines = [json.dumps({"content": "Hay.", "kind": kind}) for kind in kinds]
    assert [passage.kind for passage in read_ndjson(lines)] == kinds


def test_blank_lines_are_skipped_but_counted() -> None:
    with pytest.raises(PassageError, match=r"^line 3: 'content' is missing; allowed: a text"):
        list(read_ndjson(['{"content": "Hay."}', "  \n", "{}"]))


def test_lines_before_a_bad_one_are_read() -> None:
    passages = read_ndjson(['{"content": "Hay."}', "oats"])
    assert next(passages).content == "Hay."


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"confidence": 3.2}, "'confidence' is 3.2; allowed: a number from 0 to 1"),
        ({"confidence": True}, "'confidence' is true; allowed: a number from 0 to 1"),
        ({"confidence": float("nan")}, "'confidence' is NaN; allowed: a number from 0 to 1"),
        ({"confidence": "high"}, "'confidence' is \"high\"; allowed: a number from 0 to 1"),
        (
            {"kind": "Day dream"},
            "'kind' is \"Day dream\"; allowed: 1 to 32 of a to z, 0 to 9, _ and -, the first a letter",
        ),
        ({"kind": ["fact"]}, "'kind' is [\"fact\"]; allowed: 1 to 32 of"),
        (
            {"observed_at": "2026-09-14T10:30:00"},
            "'observed_at' is \"2026-09-14T10:30:00\"; allowed: an ISO 8601",
        ),
        (
            {"observed_at": "last week"},
            "'observed_at' is \"last week\"; allowed: an ISO 8601 time with an offset",
        ),
        ({"observed_at": 1789}, "'observed_at' is 1789; allowed: an ISO 8601 time with an offset"),
        ({"metadata": ["farm"]}, "'metadata' is [\"farm\"]; allowed: an object"),
        ({"metadata": {"hay": float("inf")}}, "'metadata' is {\"hay\": Infinity}; allowed: an object"),
        ({"metadata": {"hay": "\0"}}, '\'metadata\' is {"hay": "\\u0000"}; allowed: an object'),
        ({"session": 7}, "'session' is 7; allowed: a text that is not blank"),
        ({"session": ""}, "'session' is \"\"; allowed: a text that is not blank"),
        ({"content": " "}, "'content' is \" \"; allowed: a text that is not blank, of at most 32 KiB"),
        ({"content": "h\0y"}, "'content' is \"h\\u0000y\"; allowed: a text that is not blank"),
        ({"content": "\ud800"}, "'content' is \"\\ud800\"; allowed: a text that is not blank"),
        ({"content": None}, "'content' is null; allowed: a text that is not blank"),
        ({"contents": "Hay."}, "'contents' is not a field of a memory; allowed: content, session, kind"),
    ],
)
def test_a_bad_field_is_named_with_its_line(fields: dict[str, object], complaint: str) -> None:
    lines = ['{"content": "Hay."}'] * 11 + [json.dumps({"content": "Oats.", **fields})]
    with pytest.raises(PassageError) as refusal:
        list(read_ndjson(lines))
    assert str(refusal.value).startswith(f"line 12: {complaint}")


@pytest.mark.parametrize("line", ["oats", '{"content": "Hay."', "[" * 100_000, '"Hay."', "[]", "7"])
def test_a_line_that_is_no_json_object_is_refused(line: str) -> None:
    with pytest.raises(PassageError, match=r"^line 1: .*allowed: one JSON object$"):
        list(read_ndjson([line]))


def test_a_backslash_before_u0000_is_no_nul() -> None:
    [passage] = read_ndjson([json.dumps({"content": "Hay.", "metadata": {"escape": "\\u0000"}})])
    assert passage.metadata == {"escape": "\\u0000"}


def test_content_of_exactly_32_kib_is_allowed() -> None:
    content = "é" * (16 * 1024)
    assert [passage.content for passage in read_ndjson([json.dumps({"content": content})])] == [content]


def test_content_over_32_kib_is_refused_and_shown_in_short() -> None:
    with pytest.raises(PassageError) as refusal:
        list(read_ndjson([json.dumps({"content": "x" * (32 * 1024 + 1)})]))
    assert "at most 32 KiB" in str(refusal.value)
    assert len(str(refusal.value)) < 200


@pytest.mark.parametrize("name", ["goats.md", "goats.MARKDOWN"])
def test_markdown_files_are_read_by_section(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_text("# Goats\n\nThey climb.\n", encoding="utf-8")
    assert list(read_passages(file)) == [Passage("Goats\n\nThey climb.", session=name, metadata={"heading": "Goats"})]


@pytest.mark.parametrize("name", ["goats.txt", "goats.rst", "GOATS"])
def test_other_files_are_read_as_text(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_bytes("\ufeff# Goats\r\n\r\nThey climb.\r\n".encode())
    assert list(read_passages(file)) == [Passage("# Goats\n\nThey climb.", session=name)]


@pytest.mark.parametrize("name", ["goats.ndjson", "goats.jsonl"])
def test_ndjson_files_are_read_by_line(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_text('{"content": "Hay."}\n\n{"content": "Oats.", "session": "diary"}\n', encoding="utf-8")
    assert list(read_passages(file)) == [Passage("Hay."), Passage("Oats.", session="diary")]


def test_a_bad_line_names_its_file(tmp_path: Path) -> None:
    file = tmp_path / "goats.ndjson"
    file.write_text('{"content": "Hay."}\n{"content": 7}\n', encoding="utf-8")
    with pytest.raises(PassageError, match=r"^goats\.ndjson, line 2: 'content' is 7; allowed: "):
        list(read_passages(file))


@pytest.mark.parametrize("name", ["goat.jpg", "goat.txt", "goat.ndjson"])
def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_bytes(b"\xff\xd8\xff\xe0")
    with pytest.raises(PassageError, match=rf"^{name} is not text in UTF-8; allowed: \.txt, \.md"):
        list(read_passages(file))


def test_a_binary_file_that_happens_to_decode_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "goat.bin"
    file.write_bytes(b"goat\0goat")
    with pytest.raises(PassageError, match=r"^goat\.bin is not text in UTF-8"):
        list(read_passages(file))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PassageError, match=r"goats\.txt cannot be read \(No such file or directory\)"):
        list(read_passages(tmp_path / "goats.txt"))
