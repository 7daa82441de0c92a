# One image for everything: the command says whether it is web, worker, beat or migrate.
FROM python:3.11-slim-bookworm AS packages

RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
COPY requirements.txt .
RUN pip install --no-cache-dir --disable-pip-version-check -r requirements.txt


FROM python:3.11-slim-bookworm

ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DJANGO_SETTINGS_MODULE=paycore.settings.production \
    PAYCORE_HOME=/var/lib/paycore \
    PROMETHEUS_MULTIPROC_DIR=/var/lib/paycore/metrics

# Its own user, with a number, so that Kubernetes can see that it is not root.
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/paycore paycore \
    && mkdir /var/lib/paycore/metrics /var/lib/paycore/outbox \
    && chown paycore:paycore /var/lib/paycore/metrics /var/lib/paycore/outbox

WORKDIR /app
COPY --from=packages /opt/venv /opt/venv
COPY . .
# Collecting needs settings but no secret: these are thrown away with the command.
RUN SECRET_KEY=only-for-collecting-static-files-0123456789-abcdefghijk \
    METRICS_TOKEN=only-for-collecting-static-files-0123456789 \
    ENCRYPTION_KEYS=b25seS1mb3ItY29sbGVjdGluZy1zdGF0aWMtZmlsZXM= \
    PAYOUT_GATEWAYS=EUR=sandbox \
    ALLOWED_HOSTS=localhost \
    DATABASE_URL=postgres://nobody@localhost/none \
    REDIS_URL=redis://localhost/0 \
    python manage.py collectstatic --no-input --verbosity 0

USER 10001
EXPOSE 8000

HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health/live', timeout=4)"]

CMD ["granian", "--interface=wsgi", "--host=0.0.0.0", "--port=8000", "--http=1", \
     "--no-ws", "--workers=2", "--blocking-threads=8", "--backlog=2048", \
     "--respawn-failed-workers", "--workers-kill-timeout=10", "--log-level=warning", \
     "paycore.wsgi:application"]
