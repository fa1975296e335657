import pytest
from django.conf import LazySettings
from django.test import Client
from rest_framework.test import APIClient

from tests.tenants.control_api import ControlApi
from tests.tenants.operators import superuser
from tests.world import World, logged_in


@pytest.fixture
def alice(world: World) -> ControlApi:
    """The admin of acme."""
    return ControlApi(logged_in("alice"))


@pytest.fixture
def bob(world: World) -> ControlApi:
    """A member of acme."""
    return ControlApi(logged_in("bob"))


@pytest.fixture
def charlie(world: World) -> ControlApi:
    """The admin of globex."""
    return ControlApi(logged_in("charlie"))


@pytest.fixture
def application(world: World) -> ControlApi:
    """An application of acme with every permission on all of its spaces."""
    return ControlApi(world.client("acme"))


@pytest.fixture
def nobody(world: World) -> ControlApi:
    """Somebody who did not say who they are."""
    return ControlApi(APIClient())


@pytest.fixture(autouse=True)
def quick_clients(settings: LazySettings) -> None:
    """Every client loads the middleware, which would list all static files each time."""
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture
def api(database: None) -> APIClient:
    """A client that has not said who it is."""
    return APIClient()


@pytest.fixture
def operator(world: World) -> Client:
    """An operator who may do everything, in the admin."""
    return superuser()
