# Mailsonde's service in a container: Debian 12, its Python 3.11, the versions of requirements.lock, and nothing that builds.
#
#   docker build --tag mailsonde .
#   docker run --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges --stop-timeout 10 \
#     --volume ./mailsonde:/etc/mailsonde:ro --volume mailsonde:/var/lib/mailsonde --publish 127.0.0.1:9825:9825 mailsonde
#
# Ports    9825 metrics, discovery, health and reload; 8025 the control API from afar, opened only when it has a token.
#          In a container both listen where the configuration says: `metrics: {listen: 0.0.0.0:9825}`, since loopback is the container's own.
# Volumes  /var/lib/mailsonde the store, its control socket, the key; /etc/mailsonde the configuration and its secrets, read only.
# Secrets  /run/secrets, where engines put them: `{credential: NAME}` in the configuration.
# Signals  TERM ends within 5 s with QUIT everywhere; HUP reads the configuration again.
# docs/operation.md tells the rest; packaging/mailsonde.yml is a first configuration; compose.yaml runs it with Prometheus and Grafana.

FROM debian:12.11-slim AS base
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends python3 ca-certificates tzdata \
 && rm -rf /var/lib/apt/lists/*

FROM base AS build
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends python3-venv \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY requirements.lock ./
RUN python3 -m venv /opt/mailsonde \
 && /opt/mailsonde/bin/pip install --no-cache-dir --only-binary=:all: --require-hashes --requirement requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY probe probe
COPY thresholds thresholds
COPY tracking tracking
COPY notifier notifier
COPY store store
COPY config config
COPY console console
COPY service service
# What installs has no business in what runs.
RUN /opt/mailsonde/bin/pip install --no-cache-dir --no-index --no-deps --no-build-isolation . \
 && /opt/mailsonde/bin/pip uninstall --yes setuptools pip

FROM base
LABEL org.opencontainers.image.title="mailsonde" \
      org.opencontainers.image.description="Active synthetic monitoring for e-mail systems" \
      org.opencontainers.image.licenses="Apache-2.0"
# The numbers are fixed, so that a host can give files to them: chown 10001:10001.
RUN groupadd --gid 10001 mailsonde \
 && useradd --uid 10001 --gid 10001 --home-dir /var/lib/mailsonde --no-create-home --shell /usr/sbin/nologin mailsonde \
 && install --directory --owner 10001 --group 10001 --mode 0750 /var/lib/mailsonde \
 && install --directory /etc/mailsonde
COPY --from=build /opt/mailsonde /opt/mailsonde
COPY --chmod=0755 packaging/healthy.py /opt/mailsonde/bin/healthy
ENV PATH=/opt/mailsonde/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    HEALTHY=http://127.0.0.1:9825/-/healthy \
    CREDENTIALS_DIRECTORY=/run/secrets
USER 10001:10001
WORKDIR /etc/mailsonde
VOLUME /var/lib/mailsonde
EXPOSE 9825 8025
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 CMD ["healthy"]
ENTRYPOINT ["probe"]
CMD ["serve", "--config", "/etc/mailsonde/mailsonde.yml"]
