# The gateway without build tools or pip, run by a user that owns nothing but its state.
FROM python:3.11.15-slim-bookworm AS build
WORKDIR /src
COPY requirements.txt requirements-build.txt ./
RUN python -m venv --without-pip /opt/gateway \
 && python -m pip --python /opt/gateway/bin/python install --no-cache-dir --no-deps \
      --require-hashes -r requirements.txt
RUN python -m venv --without-pip /opt/build \
 && python -m pip --python /opt/build/bin/python install --no-cache-dir --no-deps \
      --require-hashes -r requirements-build.txt
COPY pyproject.toml README.md LICENSE ./
COPY gateway ./gateway
RUN /opt/build/bin/python -m hatchling build -t wheel -d /src/dist \
 && python -m pip --python /opt/gateway/bin/python install --no-cache-dir --no-deps --no-index \
      /src/dist/*.whl

FROM python:3.11.15-slim-bookworm
LABEL org.opencontainers.image.title="ota-gateway" \
      org.opencontainers.image.description="One GraphQL endpoint for firmware updates on EnOS and Alibaba Cloud IoT" \
      org.opencontainers.image.licenses="Apache-2.0"
# The numbers are fixed: volumes, secrets and security contexts are made out to them.
RUN groupadd --system --gid 10001 gateway \
 && useradd --system --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin gateway \
 && mkdir -p /var/lib/ota-gateway \
 && chown 10001:10001 /var/lib/ota-gateway \
 && chmod 0700 /var/lib/ota-gateway
COPY --from=build /opt/gateway /opt/gateway
# Writes are off until somebody sees to it that the journal outlasts the container: in a volume of its
# own at /var/lib/ota-gateway, where it is by default, or in PostgreSQL with journal.url. Then set
# OTA_GATEWAY_WRITES__ENABLED=true; in a mounted file of settings it would not win over this ENV.
ENV PATH=/opt/gateway/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    OTA_GATEWAY_SERVER__HOST=0.0.0.0 \
    OTA_GATEWAY_SERVER__PORT=8000 \
    OTA_GATEWAY_WRITES__ENABLED=false
WORKDIR /var/lib/ota-gateway
VOLUME ["/var/lib/ota-gateway"]
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
# http.client, since urllib would ask the proxy of an HTTP_PROXY.
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s --retries=3 \
  CMD ["python", "-c", "import http.client as h, os; c = h.HTTPConnection('127.0.0.1', int(os.environ['OTA_GATEWAY_SERVER__PORT']), timeout=2); c.request('GET', '/healthz'); raise SystemExit(c.getresponse().status != 200)"]
ENTRYPOINT ["ota-gateway"]
CMD ["serve"]
