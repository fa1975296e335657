"""What Engram can be asked to do, and the announcement that it was asked.

``record`` tells every listener inside the running transaction: the audit trail writes its row there, so an operation and its
record are stored together or not at all. Listeners raise to refuse.
"""

import time
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from django.db.models import TextChoices
from django.dispatch import Signal

from tenants.callers import Actor, Caller
from tenants.scope import SpaceScope

Outcome = Literal["allowed", "denied", "limited", "failed"]


class Action(TextChoices):
    ISSUE_TOKEN = "issue_token"
    REFRESH_TOKEN = "refresh_token"
    REVOKE_TOKEN = "revoke_token"
    WHOAMI = "whoami"
    LOG_IN = "log_in"
    LOG_OUT = "log_out"
    CHANGE_PASSWORD = "change_password"
    VIEW_OVERVIEW = "view_overview"
    CREATE_TENANT = "create_tenant"
    SUSPEND_TENANT = "suspend_tenant"
    RESUME_TENANT = "resume_tenant"
    LIST_TENANTS = "list_tenants"
    LIST_SPACES = "list_spaces"
    CREATE_SPACE = "create_space"
    READ_SPACE = "read_space"
    READ_USAGE = "read_usage"
    UPDATE_SPACE = "update_space"
    ERASE_SPACE = "erase_space"
    FINISH_ERASING = "finish_erasing"
    LIST_ERASURES = "list_erasures"
    SET_LIMITS = "set_limits"
    LIST_GRANTS = "list_grants"
    SHARE_SPACE = "share_space"
    WITHDRAW_SPACE = "withdraw_space"
    LIST_KEYS = "list_keys"
    READ_KEY = "read_key"
    CREATE_KEY = "create_key"
    ROTATE_KEY = "rotate_key"
    REVOKE_KEY = "revoke_key"
    LIST_SIGNING_KEYS = "list_signing_keys"
    READ_SIGNING_KEY = "read_signing_key"
    CREATE_SIGNING_KEY = "create_signing_key"
    ROTATE_SIGNING_KEY = "rotate_signing_key"
    REVOKE_SIGNING_KEY = "revoke_signing_key"
    LIST_TEAMS = "list_teams"
    READ_TEAM = "read_team"
    CREATE_TEAM = "create_team"
    UPDATE_TEAM = "update_team"
    DELETE_TEAM = "delete_team"
    ADD_TEAM_MEMBER = "add_team_member"
    REMOVE_TEAM_MEMBER = "remove_team_member"
    LIST_MEMBERS = "list_members"
    ADD_MEMBER = "add_member"
    UPDATE_MEMBER = "update_member"
    REMOVE_MEMBER = "remove_member"
    ADMINISTER = "administer"
    LIST_EVENTS = "list_events"
    EXPORT_EVENTS = "export_events"
    VERIFY_AUDIT = "verify_audit"
    KEEP_AUDIT = "keep_audit"
    CHECK_ISOLATION = "check_isolation"
    BREAK_GLASS = "break_glass"
    CLOSE_GLASS = "close_glass"
    REMEMBER = "remember"
    REMEMBER_BATCH = "remember_batch"
    LIST_MEMORIES = "list_memories"
    READ_MEMORY = "read_memory"
    UPDATE_MEMORY = "update_memory"
    FORGET = "forget"
    LIST_ASSOCIATIONS = "list_associations"
    ASSOCIATE = "associate"
    DISSOCIATE = "dissociate"
    RECALL = "recall"
    RECALL_ACROSS = "recall_across"
    SPREAD = "spread"
    REFRESH_LEXICON = "refresh_lexicon"
    LINK_ENTITIES = "link_entities"
    REREAD_WORDS = "reread_words"
    CALL_TOOL = "call_tool"
    EXPORT = "export"
    LIST_IMPORTS = "list_imports"
    START_IMPORT = "start_import"
    READ_IMPORT = "read_import"
    CONTINUE_IMPORT = "continue_import"
    CANCEL_IMPORT = "cancel_import"
    IMPORT_MEMORIES = "import_memories"
    REBALANCE = "rebalance"
    BUILD_INDEX = "build_index"
    DROP_INDEX = "drop_index"
    VIEW_TIERS = "view_tiers"
    APPLY_RECALLS = "apply_recalls"
    EXPIRE_MEMORIES = "expire_memories"
    VIEW_WORK = "view_work"
    SEND_AGAIN = "send_again"


_REFUSALS: dict[int, Outcome] = {401: "denied", 403: "denied", 429: "limited", 507: "limited"}


def outcome_of(status: int) -> Outcome:
    """What an error's HTTP status says of the operation."""
    return _REFUSALS.get(status, "failed")


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that was asked for, or several alike, ``times`` in all. ``target`` names what it was done to, ``reason`` why it
    was refused; never content."""

    tenant_id: UUID
    space_id: UUID | None
    space: str
    actor: Actor
    action: Action
    outcome: Outcome
    target: str
    reason: str
    request_id: str
    address: str
    duration_ms: float
    times: int


operation_recorded = Signal()


def record(
    by: Caller | SpaceScope,
    action: Action,
    *,
    outcome: Outcome = "allowed",
    target: object = "",
    reason: str = "",
    space: str = "",
    times: int = 1,
) -> None:
    """Announce an operation. Call it inside ``space_tx`` or ``tenant_tx`` of the same tenant."""
    space_id = by.space_id if isinstance(by, SpaceScope) else None
    operation = Operation(
        tenant_id=by.tenant_id,
        space_id=space_id,
        space=by.space if isinstance(by, SpaceScope) else space,
        actor=by.actor,
        action=action,
        outcome=outcome,
        target=str(target)[:200],
        reason=reason[:100],
        request_id=by.origin.request_id,
        address=by.origin.address,
        duration_ms=(time.perf_counter() - by.origin.started) * 1000,
        times=times,
    )
    operation_recorded.send(sender=Operation, operation=operation)
