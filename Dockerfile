# The worker by default, any chat-sync command on request:
#   docker build -t compliance-chat-sync:0.1.0 .
#   docker run --init --rm compliance-chat-sync:0.1.0 --help
# docker-compose.yml holds the flags for production: read-only, without capabilities, with a volume and a secret.

# The full image is for building only; it also has the CA certificates, which the slim one lacks.
FROM node:24.21.0-trixie AS build
# The SBOM takes its name from the folder.
WORKDIR /compliance-chat-sync
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json ./
COPY scripts/build.mjs scripts/
COPY simulator simulator
COPY src src
# Temporal's native part comes for five platforms, about 30 MB each, and with its sources: only this platform's is needed.
RUN npm run build \
  && npm prune --omit=dev --no-audit --no-fund \
  && npm pkg delete devDependencies \
  && npm sbom --sbom-format cyclonedx --sbom-type application > sbom.cdx.json \
  && keep="$(node -p "require('@temporalio/core-bridge/common').getPrebuiltTargetName()")" \
  && find node_modules/@temporalio/core-bridge/releases -mindepth 1 -maxdepth 1 ! -name "$keep" -exec rm -rf {} + \
  && rm -rf node_modules/@temporalio/core-bridge/sdk-core

# glibc is needed: the native part of the Temporal SDK does not run on musl (Alpine).
FROM node:24.21.0-trixie-slim
LABEL org.opencontainers.image.title="compliance-chat-sync" \
  org.opencontainers.image.description="Every Claude chat message of your organization, as its own record, exactly once" \
  org.opencontainers.image.version="0.1.0" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.base.name="docker.io/library/node:24.21.0-trixie-slim"
# Nothing is ever installed here.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack \
  /usr/local/bin/yarn /usr/local/bin/yarnpkg /opt/yarn-* \
  && install -d -m 0700 -o 1000 -g 1000 /data
# For TLS to Temporal: its client trusts what the system trusts.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
WORKDIR /app
COPY LICENSE package.json ./
# What node_modules holds, in CycloneDX.
COPY --from=build /compliance-chat-sync/sbom.cdx.json ./
COPY --from=build /compliance-chat-sync/node_modules node_modules
COPY --from=build /compliance-chat-sync/lib lib
# All that is ever written is below DATA_DIR, `verify`'s index too. Not declared as a VOLUME: an anonymous one goes with `docker run --rm`,
# and takes the messages along. On a read-only root a forgotten mount is an error instead.
# glibc's default number of arenas takes a quarter more memory.
ENV NODE_ENV=production DATA_DIR=/data TMPDIR=/data MALLOC_ARENA_MAX=2
USER 1000:1000
# No HEALTHCHECK: that the process lives is what the restart policy watches, and a check that asks Temporal would call a
# healthy worker sick whenever Temporal is away, which it outlasts by itself. Alert on `chat-sync status --max-behind 30m`,
# or on the metrics, instead: they say whether messages arrive.
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "/app/lib/client.js"]
CMD ["worker"]
