"""``manage.py plan_capacity``: what so many memories need."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from memory.planning import Demand, plan


def planned(**options: Any) -> Any:
    out = StringIO()
    call_command("plan_capacity", "--json", tenants=100, memories=10_000, stdout=out, **options)
    return json.loads(out.getvalue())


def test_it_counts_memories_and_adds_up_their_bytes() -> None:
    answer = planned(text_bytes=132, associations=0, names=0, recalls_per_second=0, remembered_per_second=0)
    assert (answer["memories"], answer["data_gb"], answer["audit_gb"]) == (1_000_000, 1.8, 0.0)


def test_cold_memories_take_less_disk_and_no_cache() -> None:
    hot, cold = planned(), planned(cold=1.0)
    assert cold["data_gb"] < hot["data_gb"]
    assert (hot["cache_gb"], cold["cache_gb"]) == (hot["data_gb"], 0.0)


def test_recalls_take_cores() -> None:
    assert planned(recalls_per_second=100)["cores"] == 11


@given(st.integers(1, 1_000), st.integers(1, 10**6), st.floats(0, 1), st.floats(0, 1_000))
def test_more_of_anything_never_needs_less(tenants: int, memories: int, cold: float, recalls: float) -> None:
    least = plan(Demand(tenants, memories, cold=cold, recalls_per_second=recalls))
    more = plan(Demand(tenants + 1, memories, cold=cold, recalls_per_second=recalls + 1))
    assert more.disk_gb >= least.disk_gb
    assert more.cores >= least.cores
    assert least.cache_gb <= least.data_gb <= least.disk_gb


def test_a_share_above_one_is_refused() -> None:
    with pytest.raises(CommandError, match=r"--cold is 2\.0; allowed: 0 to 1\."):
        planned(cold=2.0)
