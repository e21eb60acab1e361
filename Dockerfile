# The command line, and with the target "plutomi" the example pipeline in it. How to put your own in: docs/deploying.md.
ARG NODE_VERSION=22

FROM node:${NODE_VERSION}-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN mkdir packed && npm pack --pack-destination packed

FROM node:${NODE_VERSION}-bookworm-slim AS cli
WORKDIR /opt/plutomi-events
COPY --from=build /build/packed/ ./packed/
RUN npm install --omit=dev --ignore-scripts --no-audit --no-fund ./packed/*.tgz pg@8 @axiomhq/pino@2 && rm -r packed
ENV NODE_ENV=production PATH=/opt/plutomi-events/node_modules/.bin:$PATH
WORKDIR /app
USER node
EXPOSE 9464
STOPSIGNAL SIGTERM
# Alive means that the event loop turns. It does not follow the server: a restart would not bring that back.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9464/livez').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["plutomi-events"]
CMD ["pipeline", "run", "--http", "0.0.0.0:9464"]

FROM cli AS plutomi
USER root
# What the example's config and handlers import.
RUN npm install --omit=dev --ignore-scripts --no-audit --no-fund zod@4 nodemailer@10 @clickhouse/client@1
COPY examples/plutomi/plutomi-events.config.mjs ./
COPY examples/plutomi/handlers ./handlers
USER node
