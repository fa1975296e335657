import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "engram_site.settings")
django_application = get_wsgi_application()

# Only now are the apps there that the door needs.
from engram_site.closed_doors import ClosedDoors  # noqa: E402

application = ClosedDoors(django_application)
