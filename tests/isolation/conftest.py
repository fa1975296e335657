"""Connections beside Django's, one for each sort of role, and the matrix's stage."""

import os
from collections.abc import Iterator

import psycopg
import pytest

from tests.isolation.raw import Rivals, build_rivals
from tests.isolation.stage import Stage, admin_connection, build_stage


@pytest.fixture(scope="module")
def stage(standing_database: None) -> Iterator[Stage]:
    with admin_connection() as admin:
        yield build_stage(admin)


@pytest.fixture(scope="module")
def rivals(standing_database: None) -> Rivals:
    with admin_connection() as admin:
        return build_rivals(admin)


@pytest.fixture
def app() -> Iterator[psycopg.Connection]:
    """Raw SQL as the site's own role."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as raw:
        yield raw


@pytest.fixture
def owner() -> Iterator[psycopg.Connection]:
    """Raw SQL as the schema's owner."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as raw:
        yield raw


@pytest.fixture
def admin() -> Iterator[psycopg.Connection]:
    """Raw SQL as a superuser."""
    with admin_connection() as raw:
        yield raw
