# The node alone; docker-compose.livekit.yml adds a LiveKit server.
FROM node:20.20.2-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY voice-node voice-node
RUN npm run build && npm prune --omit=dev \
  # onnxruntime-node carries every platform's library; one of them runs here.
  && cd node_modules/onnxruntime-node/bin/napi-v6 \
  && find . -mindepth 2 -maxdepth 2 ! -path "./$(node -p process.platform)/$(node -p process.arch)" -exec rm -r {} +

FROM node:20.20.2-bookworm-slim
# rtc-node brings its own TLS, but not the certificates that wss:// is checked against.
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY package.json ./
COPY scripts/voice-node.mjs scripts/
COPY scripts/lib/checkout.mjs scripts/lib/build.mjs scripts/lib/
COPY static static
COPY robots robots
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8000
EXPOSE 8000
USER node
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/healthz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "scripts/voice-node.mjs", "start"]
