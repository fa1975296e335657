"""``engram.toml``: what it may say, and the sentence when it says something else."""

from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from tenants.limits import Indexes, Installation, Limits, Sizes, Tiers, parse


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "engram.toml"


def test_an_empty_file_leaves_every_default(path: Path) -> None:
    path.write_text("")
    assert parse(path) == Installation(Limits(), Sizes(), Tiers(), Indexes())


def test_the_file_that_comes_with_the_product_says_the_defaults() -> None:
    assert parse(settings.BASE_DIR / "engram.toml") == Installation(Limits(), Sizes(), Tiers(), Indexes())


def test_what_is_named_is_taken_and_the_rest_stays(path: Path) -> None:
    path.write_text("[memory_spaces.limits]\nmax_spreading_depth = 3\n[memory_spaces.sizes]\nbatch = 10_000\n")
    assert parse(path) == Installation(Limits(max_spreading_depth=3), Sizes(batch=10_000), Tiers(), Indexes())


LIMIT, SIZE = "[memory_spaces.limits]\n", "[memory_spaces.sizes]\n"
TRILLION = "a whole number from 1 to 1,000,000,000,000."


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (f"{LIMIT}rate_limit_per_space = 0", f"memory_spaces.limits.rate_limit_per_space is 0; allowed: {TRILLION}"),
        (f"{LIMIT}rate_limit_per_space = -1", f"memory_spaces.limits.rate_limit_per_space is -1; allowed: {TRILLION}"),
        (
            f"{LIMIT}rate_limit_per_space = 1.5",
            f"memory_spaces.limits.rate_limit_per_space is 1.5; allowed: {TRILLION}",
        ),
        (
            f"{LIMIT}rate_limit_per_space = '9'",
            f"memory_spaces.limits.rate_limit_per_space is '9'; allowed: {TRILLION}",
        ),
        (
            f"{LIMIT}rate_limit_per_space = true",
            f"memory_spaces.limits.rate_limit_per_space is True; allowed: {TRILLION}",
        ),
        (
            f"{LIMIT}rate_limit_per_space = [1]",
            f"memory_spaces.limits.rate_limit_per_space is [1]; allowed: {TRILLION}",
        ),
        (
            f"{LIMIT}rate_limit_per_space = inf",
            f"memory_spaces.limits.rate_limit_per_space is inf; allowed: {TRILLION}",
        ),
        (
            f"{LIMIT}hot_capacity_per_space = 1_000_000_000_001",
            f"memory_spaces.limits.hot_capacity_per_space is 1000000000001; allowed: {TRILLION}",
        ),
        (
            f"{LIMIT}max_spreading_depth = 11",
            "memory_spaces.limits.max_spreading_depth is 11; allowed: a whole number from 1 to 10.",
        ),
        (f"{SIZE}batch = 10_001", "memory_spaces.sizes.batch is 10001; allowed: a whole number from 1 to 10,000."),
        (f"{SIZE}results = 1_001", "memory_spaces.sizes.results is 1001; allowed: a whole number from 1 to 1,000."),
        (
            f"{SIZE}content_bytes = 262_145",
            "memory_spaces.sizes.content_bytes is 262145; allowed: a whole number from 1 to 262,144.",
        ),
        (
            f"{SIZE}metadata_bytes = 262_145",
            "memory_spaces.sizes.metadata_bytes is 262145; allowed: a whole number from 1 to 262,144.",
        ),
        (
            f"{LIMIT}hot_capacity = 1",
            "[memory_spaces.limits] has 'hot_capacity'; allowed: cold_capacity_per_space, hot_capacity_per_space, "
            "max_concurrent_per_space, max_spreading_depth, rate_limit_per_space, warm_capacity_per_space.",
        ),
        (
            f"{SIZE}hot_capacity_per_space = 1",
            "[memory_spaces.sizes] has 'hot_capacity_per_space'; allowed: batch, body_bytes, content_bytes, "
            "import_bytes, metadata_bytes, results.",
        ),
        ("[tiers]\nfull_percent = 101", "tiers.full_percent is 101; allowed: a whole number from 1 to 100."),
        ("[tiers]\nidle_days = 0", "tiers.idle_days is 0; allowed: a whole number from 1 to 36,500."),
        ("[tiers]\npromote_hours = '24'", "tiers.promote_hours is '24'; allowed: a whole number from 1 to 8,760."),
        (
            "[tiers]\nhot = 1",
            "[tiers] has 'hot'; allowed: batch, full_percent, idle_days, promote_hours, promote_recalls.",
        ),
        ("[indexes]\nef_search = 1_001", "indexes.ef_search is 1001; allowed: a whole number from 1 to 1,000."),
        ("[indexes]\nmax_indexes = 2_001", "indexes.max_indexes is 2001; allowed: a whole number from 1 to 2,000."),
        ("[indexes]\nmin_memories = 0", f"indexes.min_memories is 0; allowed: {TRILLION}"),
        ("[indexes]\nlists = 1", "[indexes] has 'lists'; allowed: ef_search, max_indexes, min_memories."),
        ("[spaces]", "the file has 'spaces'; allowed: administration, indexes, memory_spaces, tiers."),
        (
            "[administration]\nrate_limit_per_tenant = 0",
            f"administration.rate_limit_per_tenant is 0; allowed: {TRILLION}",
        ),
        ("[administration]\nrate = 1", "[administration] has 'rate'; allowed: rate_limit_per_tenant."),
        ("[memory_spaces.caps]", "[memory_spaces] has 'caps'; allowed: limits, sizes."),
        ("memory_spaces = 7", "[memory_spaces] is 7; allowed: a table."),
        ("[memory_spaces]\nlimits = 7", "[memory_spaces.limits] is 7; allowed: a table."),
        ("[memory_spaces]\nlimits = []", "[memory_spaces.limits] is []; allowed: a table."),
    ],
)
def test_a_value_that_is_not_allowed_is_named_with_what_is(path: Path, text: str, sentence: str) -> None:
    path.write_text(text)
    with pytest.raises(ImproperlyConfigured) as error:
        parse(path)
    assert str(error.value) == f"{path}: {sentence}"


@pytest.mark.parametrize("text", ["rate = ", "[memory_spaces", "= 1", f"{LIMIT}batch = 1\nbatch = 2"])
def test_what_is_no_toml_is_said_with_the_place(path: Path, text: str) -> None:
    path.write_text(text)
    with pytest.raises(ImproperlyConfigured, match=r"engram.toml is not valid TOML: .+"):
        parse(path)


def test_a_file_that_is_not_text_is_said(path: Path) -> None:
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ImproperlyConfigured, match=r"engram.toml is not valid TOML"):
        parse(path)


def test_a_file_that_is_missing_is_said(path: Path) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"engram.toml cannot be read: No such file or directory"):
        parse(path)
