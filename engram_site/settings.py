"""Django settings: one file, in Django's order, every variable read through ``env``."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from engram_site import env

BASE_DIR = env.BASE_DIR
DATA_DIR = env.data_dir()

DEBUG = env.flag("ENGRAM_DEBUG", default=False)
SECRET_KEY = env.text("ENGRAM_SECRET_KEY")
SECRET_KEY_FALLBACKS = env.words("ENGRAM_PREVIOUS_SECRET_KEYS")
ALLOWED_HOSTS = env.words("ENGRAM_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env.words("ENGRAM_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "engram_site.apps.EngramAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "drf_standardized_errors",
    "django_htmx",
    "csp",
    "tenants",
    "audit",
    "memory",
]

MIDDLEWARE = [
    "engram_site.middleware.RequestIdMiddleware",
    "engram_site.measuring.MeasuringMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "engram_site.middleware.PathMiddleware",
    "engram_site.middleware.BodySizeMiddleware",
    "engram_site.streams.StreamsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "engram_site.urls"
WSGI_APPLICATION = "engram_site.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "tenants.pages.header.header",
            ],
        },
    },
]


WEB_THREADS = env.integer("ENGRAM_WEB_THREADS", 8, least=1)
DATABASE_POOLED = env.flag("ENGRAM_DATABASE_POOL", default=False)
POOL_SIZE = env.integer("ENGRAM_POOL_SIZE", WEB_THREADS + 2, least=1)
# Threads that help with requests which ask several spaces, each with a connection that no thread of the web server needs.
HELPERS = max(0, POOL_SIZE - WEB_THREADS) if DATABASE_POOLED else 1


def _database(url: str, password: str, *, pooled: bool) -> dict[str, Any]:
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured(
            f"DATABASE_URL starts with {parts.scheme!r}; allowed: postgresql://user:password@host:port/database."
        )
    # A statement that a connection runs again is planned no more, which takes longer than running most.
    threshold = 5 if env.flag("ENGRAM_DATABASE_PREPARED", default=True) else None
    prepared = {"server_side_binding": True, "prepare_threshold": threshold}
    options: dict[str, Any] = {"application_name": "engram", **prepared, **dict(parse_qsl(parts.query))}
    if pooled:
        # All are there from the start (``memory.warming``), and stay.
        options["pool"] = {"min_size": POOL_SIZE, "max_size": POOL_SIZE, "timeout": 10}
    return {
        "ENGINE": "engram_site.database",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or "") or password,
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "OPTIONS": options,
        "CONN_MAX_AGE": 0 if pooled else 600,
    }


# Migrations run as the schema's owner, everything else as the role that row-level security binds.
DATABASE_ROLE = env.text("ENGRAM_DATABASE_ROLE", "app")
DATABASES = {
    "default": _database(
        env.text("DATABASE_OWNER_URL" if DATABASE_ROLE == "owner" else "DATABASE_URL"),
        env.text("DATABASE_OWNER_PASSWORD" if DATABASE_ROLE == "owner" else "DATABASE_PASSWORD", ""),
        pooled=DATABASE_POOLED,
    )
}
# Whoever builds indexes has to own the tables: the worker that is given this does, beside what it does as the app's role.
DATABASE_OWNER_URL = env.text("DATABASE_OWNER_URL", "")
DATABASE_OWNER_PASSWORD = env.text("DATABASE_OWNER_PASSWORD", "")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.text("REDIS_URL")
# Seconds that a request waits for Redis before it goes on without it.
REDIS_TIMEOUT = env.integer("ENGRAM_REDIS_TIMEOUT_MS", 250, least=1) / 1000

AUTHENTICATION_BACKENDS = ["tenants.backends.PacedBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "tenants.services.passwords.RefreshTokensEnd"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "overview"
LOGOUT_REDIRECT_URL = "login"

LANGUAGE_CODE = "en-us"
# Nothing is translated; looking translations up took a fifth of a page's time.
USE_I18N = False
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [
    BASE_DIR / "static",
    ("uplot", BASE_DIR / "node_modules" / "uplot" / "dist"),
    ("cytoscape", BASE_DIR / "node_modules" / "cytoscape" / "dist"),
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "tenants.authentication.TokenAuthentication",
        "tenants.authentication.MemberAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["tenants.permissions.IsCaller"],
    "DEFAULT_RENDERER_CLASSES": [
        "tenants.api.answers.AnswerRenderer",
        "rest_framework.renderers.BrowsableAPIRenderer",
    ],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "tenants.api.negotiation.Negotiation",
    "DEFAULT_PARSER_CLASSES": ["engram_site.parsers.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "engram_site.schema.EngramSchema",
    "EXCEPTION_HANDLER": "engram_site.errors.handle",
    "UNAUTHENTICATED_USER": None,
}

DRF_STANDARDIZED_ERRORS = {
    "EXCEPTION_HANDLER_CLASS": "engram_site.errors.ExceptionHandler",
    "EXCEPTION_FORMATTER_CLASS": "engram_site.errors.Formatter",
    "ENABLE_IN_DEBUG_FOR_UNHANDLED_EXCEPTIONS": True,
}

SPECTACULAR_SETTINGS = {
    "TITLE": "Engram",
    "DESCRIPTION": "Multi-tenant memory: remember, recall and spread, inside isolated spaces.",
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {"TierEnum": "memory.models.Tier"},
    "GET_LIB_DOC_EXCLUDES": "engram_site.schema.doc_excludes",
}

# Access tokens are short-lived, because what they name is fixed when they are signed; what they may still touch is looked up
# live at every request.
TOKEN_ISSUER = env.text("ENGRAM_TOKEN_ISSUER", "engram")
TOKEN_AUDIENCE = env.text("ENGRAM_TOKEN_AUDIENCE", "engram-api")
TOKEN_SIGNING_KEY = env.text("ENGRAM_SIGNING_KEY")
TOKEN_PREVIOUS_SIGNING_KEYS = env.words("ENGRAM_PREVIOUS_SIGNING_KEYS")
TOKEN_ACCESS_LIFETIME = timedelta(seconds=env.integer("ENGRAM_TOKEN_SECONDS", 900, least=1))
TOKEN_REFRESH_LIFETIME = timedelta(days=14)
TOKEN_MAX_SPACES = 100

ENGRAM_CONFIG = Path(env.text("ENGRAM_CONFIG", str(BASE_DIR / "engram.toml")))
ENGRAM_EMBEDDER = env.text("ENGRAM_EMBEDDER", "local")
ENGRAM_OPENAI_URL = env.text("ENGRAM_OPENAI_URL", "https://api.openai.com/v1")
ENGRAM_OPENAI_API_KEY = env.text("ENGRAM_OPENAI_API_KEY", "")
ENGRAM_OPENAI_MODEL = env.text("ENGRAM_OPENAI_MODEL", "text-embedding-3-small")
ENGRAM_OPENAI_DIMENSION = env.integer("ENGRAM_OPENAI_DIMENSION", 1536, least=1)
ENGRAM_OPENAI_SEND_DIMENSION = env.flag("ENGRAM_OPENAI_SEND_DIMENSION", default=False)

# What a new space's vectors are, unless it says otherwise.
DEFAULT_EMBEDDING: dict[str, Any] = (
    {"model": ENGRAM_OPENAI_MODEL, "dimension": ENGRAM_OPENAI_DIMENSION}
    if ENGRAM_EMBEDDER == "openai"
    else {"model": "all-MiniLM-L6-v2-int8", "dimension": 384}
)

# One proxy in front appends the client's address; with none, the socket's own address is right.
TRUSTED_PROXIES = env.integer("ENGRAM_TRUSTED_PROXIES", 0)

# Who may read /metrics: networks, and whoever brings the bearer token if one is set.
METRICS_NETWORKS = env.networks("ENGRAM_METRICS_NETWORKS", "127.0.0.1/32,::1/128")
METRICS_TOKEN = env.text("ENGRAM_METRICS_TOKEN", "")
# Spaces with a label of their own; the others are counted together.
METRICS_MAX_SPACES = env.integer("ENGRAM_METRICS_MAX_SPACES", 200)
# Where a worker answers to Prometheus itself, unless it shares the web's folder of metrics.
WORKER_METRICS_HOST = env.text("ENGRAM_WORKER_METRICS_HOST", "127.0.0.1")
WORKER_METRICS_PORT = env.integer("ENGRAM_WORKER_METRICS_PORT", 0)

# Exports and imports at once in each process, of its threads.
STREAMS_AT_ONCE = max(1, WEB_THREADS // 2)

HTTPS = env.flag("ENGRAM_HTTPS", default=False)
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_AGE = 12 * 3600
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BEAT_SCHEDULER = "engram_site.beat:Scheduler"
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    # Without these whoever sends a task waits for ever for a Redis that has gone silent. A worker's own question takes a second.
    "socket_connect_timeout": 5,
    "socket_timeout": 10,
}
CELERY_TASK_ACKS_LATE = True
# A task whose broker went away cannot be acknowledged any more; it is ended and planned again.
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 1800
# Its worker is the one that has the owner's address.
CELERY_TASK_ROUTES = {"memory.tasks.reconcile_indexes": {"queue": "owner"}}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

LOGGING_CONFIG = "engram_site.logging.configure"
LOGGING = {"level": env.text("ENGRAM_LOG_LEVEL", "INFO"), "format": env.text("ENGRAM_LOG_FORMAT", "json")}
