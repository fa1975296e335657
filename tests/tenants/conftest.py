import pytest
from django.conf import LazySettings
from rest_framework.test import APIClient


@pytest.fixture(autouse=True)
def quick_clients(settings: LazySettings) -> None:
    """Every client loads the middleware, which would list all static files each time."""
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture
def api(database: None) -> APIClient:
    """A client that has not said who it is."""
    return APIClient()
