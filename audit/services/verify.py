"""Verifying the trail: is every event still as it was sealed, and is every seal where it was?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from django.utils import timezone

from audit.models import AuditSeal, ExpiredSeal
from audit.services.seals import BEGINNING, COVERED, ENTRY_BYTES, digest, entry, events_after, expired_seal
from tenants.callers import INSTALLATION, Caller
from tenants.errors import NotFound
from tenants.models import Tenant
from tenants.operations import Action, record
from tenants.plurals import number_of
from tenants.scope import tenant_tx
from tenants.services.access import require_operator

Kind = Literal["changed", "removed", "inserted", "reordered", "seal changed", "seals missing", "not sealed"]

# Sealing runs every few minutes; what is older than this and not sealed tells of a worker that is not there.
LATE = timedelta(hours=1)
NO_TENANT = "(installation)"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it was sealed. ``at`` is the event's time, ``seal`` the number of the seal that tells."""

    tenant: str
    kind: Kind
    event: UUID | None
    at: datetime | None
    seal: int | None
    what: str


@dataclass(frozen=True, slots=True)
class Verified:
    """``head`` is the last seal's digest: kept elsewhere, it shows later whether the whole chain was made anew.

    ``expired`` is the number of the last seal that was dropped because its time was over.
    """

    tenant: str
    seals: int
    expired: int
    last_seal: int
    head: str
    events: int
    not_sealed: int
    findings: Sequence[Finding] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Head:
    """A chain's end as it once was."""

    last_seal: int
    head: str


def verify_audit(
    operator: Caller, tenant_slug: str | None = None, against: Mapping[str, Head] | None = None
) -> list[Verified]:
    """Check one tenant's chain or all, and that each still contains the head that was kept. Raises ``NotFound``."""
    require_operator(operator)
    tenants = list(Tenant.objects.order_by("slug"))
    if tenant_slug is not None:
        tenants = [tenant for tenant in tenants if tenant.slug == tenant_slug]
        if not tenants:
            raise NotFound(f"There is no tenant {tenant_slug!r}.")
    chains = [(tenant.id, tenant.slug) for tenant in tenants]
    if tenant_slug is None:
        chains.append((INSTALLATION, NO_TENANT))
    kept = against or {}
    verified = [_Check(tenant_id, slug).run(kept.get(slug)) for tenant_id, slug in chains]
    with tenant_tx(operator.tenant_id):
        findings = sum(len(chain.findings) for chain in verified)
        record(
            operator,
            Action.VERIFY_AUDIT,
            target=f"{number_of(len(verified), 'chain')}, {number_of(findings, 'finding')}",
        )
    return verified


class _Check:
    """One tenant's chain, walked seal by seal, each in a transaction of its own."""

    def __init__(self, tenant_id: UUID, slug: str) -> None:
        self._tenant_id = tenant_id
        self._slug = slug
        self._findings: list[Finding] = []

    def run(self, kept: Head | None) -> Verified:
        seals = events = 0
        with tenant_tx(self._tenant_id, durable=False):
            expired = expired_seal(self._tenant_id)
        previous: AuditSeal | ExpiredSeal | None = expired
        for seal in self._seals():
            self._check_chain(seal, previous)
            events += self._check_events(seal, previous)
            seals, previous = seals + 1, seal
        if kept is not None:
            self._check_kept(kept, expired, previous)
        not_sealed = self._check_rest(previous)
        return Verified(
            tenant=self._slug,
            seals=seals,
            expired=expired.number if expired else 0,
            last_seal=previous.number if previous else 0,
            head=bytes(previous.digest).hex() if previous else "",
            events=events,
            not_sealed=not_sealed,
            findings=self._findings,
        )

    def _seals(self) -> Iterator[AuditSeal]:
        number = 0
        while True:
            with tenant_tx(self._tenant_id, durable=False):
                found = AuditSeal.objects.filter(tenant_id=self._tenant_id, number__gt=number)
                seal = found.order_by("number", "through_at").first()
            if seal is None:
                return
            number = seal.number
            yield seal

    def _check_chain(self, seal: AuditSeal, previous: AuditSeal | ExpiredSeal | None) -> None:
        first = previous.number + 1 if previous else 1
        follows = seal.number == first
        if seal.number > first:
            self._find("seals missing", f"seals {first} to {seal.number - 1} are gone", seal=seal)
        elif not follows:
            self._find("seal changed", f"seal {seal.number} is there, and seal {first - 1} was dropped", seal=seal)
        before = bytes(previous.digest) if previous else BEGINNING
        is_joined = bytes(seal.previous) == before or not follows
        made = digest(self._tenant_id, seal.number, bytes(seal.previous), bytes(seal.manifest))
        if not is_joined or made != bytes(seal.digest):
            self._find("seal changed", f"seal {seal.number} does not follow from what it seals", seal=seal)

    def _check_kept(self, kept: Head, expired: ExpiredSeal | None, last: AuditSeal | ExpiredSeal | None) -> None:
        """The head that was kept is in the chain, or was dropped because its time was over."""
        if last is None or last.number < kept.last_seal:
            self._find("seals missing", f"the chain once had seal {kept.last_seal} and now ends before it")
            return
        with tenant_tx(self._tenant_id, durable=False):
            seal = AuditSeal.objects.filter(tenant_id=self._tenant_id, number=kept.last_seal).first()
        held = seal or (expired if expired and expired.number == kept.last_seal else None)
        if held is not None and bytes(held.digest).hex() != kept.head:
            self._find("seal changed", f"seal {kept.last_seal} is not the one that was kept", seal=seal)
        elif held is None and not (expired and kept.last_seal < expired.number):
            self._find("seals missing", f"seal {kept.last_seal}, which was kept, is gone and has not expired")

    def _check_events(self, seal: AuditSeal, previous: AuditSeal | ExpiredSeal | None) -> int:
        follows = previous is not None and previous.number + 1 == seal.number
        with tenant_tx(self._tenant_id, durable=False):
            found = events_after(self._tenant_id, previous if follows else None)
            if seal.number > 1 and not follows:
                found = found.filter(at__gte=seal.first_at)
            found = found.filter(at__lte=seal.through_at).exclude(at=seal.through_at, id__gt=seal.through_id)
            rows = {row[1]: row for row in found.values_list(*COVERED)}
        for kind, event_id in _differences(_sealed(seal), rows):
            self._find_event(kind, event_id, rows.get(event_id), seal)
        return len(rows)

    def _check_rest(self, last: AuditSeal | ExpiredSeal | None) -> int:
        """What came after the last seal; an event that is missing under a seal may have been moved here."""
        missing = [finding.event for finding in self._findings if finding.kind == "removed" and finding.event]
        with tenant_tx(self._tenant_id, durable=False):
            rest = events_after(self._tenant_id, last)
            not_sealed, oldest = rest.count(), rest.first()
            moved = list(rest.filter(id__in=missing).values_list(*COVERED)) if missing else []
        inserted = {finding.event: finding for finding in self._findings if finding.kind == "inserted"}
        places = {row[1]: row[0] for row in moved} | {event: found.at for event, found in inserted.items()}
        self._findings = [
            replace(finding, kind="reordered", what=f"{finding.what}, and stands at {_time(places[finding.event])} now")
            if finding.kind == "removed" and finding.event in places
            else finding
            for finding in self._findings
            if not (finding.kind == "inserted" and finding.event in missing)
        ]
        if oldest is not None and oldest.at < timezone.now() - LATE:
            self._find(
                "not sealed",
                f"Not sealed since {_time(oldest.at)}: {number_of(not_sealed, 'event')}; is a worker running?",
            )
        return not_sealed

    def _find_event(self, kind: Kind, event_id: UUID, row: Sequence[Any] | None, seal: AuditSeal) -> None:
        if row is None:
            what = f"the event that was recorded at {_time(_made_at(event_id))} is not in its place"
        else:
            what = f"{row[8]} of {row[7] or row[5]} at {_time(row[0])}, {row[9]}"
        found = Finding(self._slug, kind, event_id, row[0] if row else _made_at(event_id), seal.number, what)
        self._findings.append(found)

    def _find(self, kind: Kind, what: str, seal: AuditSeal | None = None) -> None:
        self._findings.append(Finding(self._slug, kind, None, None, seal.number if seal else None, what))


def _sealed(seal: AuditSeal) -> dict[UUID, bytes]:
    """The manifest's entries, in order, by the events' ids."""
    manifest = bytes(seal.manifest)
    entries = [manifest[start : start + ENTRY_BYTES] for start in range(0, len(manifest), ENTRY_BYTES)]
    return {UUID(bytes=each[:16]): each for each in entries if len(each) == ENTRY_BYTES}


def _differences(sealed: Mapping[UUID, bytes], rows: Mapping[UUID, Sequence[Any]]) -> Iterator[tuple[Kind, UUID]]:
    """What is not as it was sealed; both mappings are in order."""
    places = {event_id: place for place, event_id in enumerate(each for each in sealed if each in rows)}
    for place, event_id in enumerate(each for each in rows if each in sealed):
        if entry(rows[event_id]) != sealed[event_id]:
            yield ("changed" if places[event_id] == place else "reordered"), event_id
    for event_id in rows:
        if event_id not in sealed:
            yield "inserted", event_id
    for event_id in sealed:
        if event_id not in rows:
            yield "removed", event_id


def _made_at(event_id: UUID) -> datetime:
    """The time in a UUID of version 7, its first 48 bits (RFC 9562, section 5.7)."""
    return datetime.fromtimestamp((event_id.int >> 80) / 1000, UTC)


def _time(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S.%f}" if at else "?"
