"""``verify_audit``: what it tells the operator, whom else it refuses, and the file of heads that it compares with."""

import json
from pathlib import Path
from uuid import UUID

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from audit.services.verify import verify_audit
from tenants.callers import INSTALLATION, Actor, Caller, Origin, operator
from tenants.errors import NotFound, Refused
from tenants.models import Tenant
from tests.audit.sealed import (
    EVENTS,
    as_superuser,
    events,
    verified,
)
from tests.world import World


def test_the_command_says_what_was_found_and_fails(acme: UUID, capsys: pytest.CaptureFixture[str]) -> None:
    victim = events(acme)[2]
    with as_superuser() as admin:
        admin.execute(f"update audit_auditevent set outcome = 'denied' where id = '{victim.id}'")
    with pytest.raises(CommandError, match="see above what was found"):
        call_command("verify_audit")
    told = capsys.readouterr().out
    expected = f"acme: changed (seal 1): recall of a key at {victim.at:%Y-%m-%d %H:%M:%S.%f}, denied, event {victim.id}"
    assert expected in told


def test_the_command_succeeds_where_all_is_well(acme: UUID, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("verify_audit", "--json")
    chains = {chain["tenant"]: chain for chain in json.loads(capsys.readouterr().out)["results"]}
    assert set(chains) == {"acme", "globex", "(installation)"}
    assert (chains["acme"]["events"], chains["acme"]["findings"]) == (2 * EVENTS, [])


@pytest.mark.parametrize(("text", "said"), [("nonsense", "allowed: what verify_audit"), (None, "cannot be read")])
def test_a_file_that_holds_no_heads_is_refused(world: World, tmp_path: Path, text: str | None, said: str) -> None:
    file = tmp_path / "heads.json"
    file.write_text(text) if text else None
    with pytest.raises(CommandError, match=said):
        call_command("verify_audit", "--against", str(file))


def test_only_an_operator_verifies(world: World) -> None:
    caller = Caller(Tenant.objects.get(slug="acme").id, Actor("key", "an-id", "a key"), {}, Origin())
    with pytest.raises(Refused):
        verify_audit(caller)
    with pytest.raises(NotFound, match="no tenant 'nowhere'"):
        verify_audit(operator("tests"), "nowhere")


def test_verifying_is_in_the_trail_itself(acme: UUID) -> None:
    verified()
    assert events(INSTALLATION)[-1].target == "1 chain, 0 findings"
