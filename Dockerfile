# The node alone; docker-compose.livekit.yml adds a LiveKit server.
FROM node:20.20.2-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY voice-node voice-node
RUN npm run build && npm prune --omit=dev

# Speech recognition for robots/offline: this Debian's Python is 3.11, for which there is a ready-made package.
FROM node:20.20.2-bookworm-slim AS offline
RUN apt-get update && apt-get install -y --no-install-recommends python3-venv
COPY sidecars/pocketsphinx-requirements.txt ./
RUN python3 -m venv /pocketsphinx \
  && /pocketsphinx/bin/pip install --no-cache-dir --no-deps --require-hashes --only-binary :all: -r pocketsphinx-requirements.txt

FROM node:20.20.2-bookworm-slim
# flite, espeak-ng and Python are what robots/offline talks and hears with.
# rtc-node brings its own TLS, but not the certificates that wss:// is checked against.
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates espeak-ng flite python3 \
  && rm -rf /var/lib/apt/lists/* \
  && mkdir -p /home/node/.cache/voice-node && chown -R node:node /home/node/.cache
WORKDIR /app
COPY package.json ./
COPY scripts/voice-node.mjs scripts/
COPY scripts/lib/checkout.mjs scripts/lib/build.mjs scripts/lib/
COPY static static
COPY robots robots
COPY phrases phrases
COPY sidecars sidecars
COPY --from=offline --chown=node:node /pocketsphinx /home/node/.cache/voice-node/pocketsphinx
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8000
EXPOSE 8000
USER node
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/healthz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "scripts/voice-node.mjs", "start"]
