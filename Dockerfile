# syntax=docker/dockerfile:1
# The image of Hanvisa: compiled in one stage, its packages fetched in another, and nothing but the two in the last.
# test/deploy/image.test.ts runs what these stages copy, without an engine.
#
# Node 24 LTS on Debian (glibc, which lmdb's prebuilt parts want), pinned by the digest of its index of linux/amd64 and
# linux/arm64. To renew it: docker buildx imagetools inspect node:24-bookworm-slim
ARG NODE_IMAGE=node:24.21.0-bookworm-slim@sha256:d6aa754f16b3197301076f047b5def2f02ea1dbbc2ca920407d46d7ec7f87b20

# TypeScript to JavaScript: the same on every architecture, so it is compiled once, on the builder's own.
FROM --platform=$BUILDPLATFORM ${NODE_IMAGE} AS compiled
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --loglevel=error
COPY tsconfig.json ./
COPY src/ src/
COPY tools/copy-scripts.mjs tools/copy-scripts.mjs
RUN node node_modules/@typescript/native/bin/tsc
RUN node tools/copy-scripts.mjs
COPY openapi/ openapi/
COPY console/ console/
COPY tools/build-console.mjs tools/build-console.mjs
RUN node tools/build-console.mjs

# The packages that the service needs, with the prebuilt parts for the architecture that the image is for.
FROM ${NODE_IMAGE} AS packages
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts --loglevel=error
# Without its prebuilt part lmdb would fail at the customer's: fail here.
RUN node --eval "require('lmdb')"
# The bill of materials (CycloneDX). `npm sbom --omit=dev` of npm 11.19 also omits what the service shares with a tool for
# development (undici, yaml and 20 more), so the manifest must not name the tools.
RUN npm pkg delete devDependencies && npm sbom --sbom-format=cyclonedx > sbom.cdx.json

FROM ${NODE_IMAGE}
LABEL org.opencontainers.image.title="Hanvisa" \
      org.opencontainers.image.description="Reads people's calendars and tells the telephone switch which diversion holds for each person, until when, and why" \
      org.opencontainers.image.version="0.1.0"
# Nothing is installed in a running container; and /data is all that the service may write to.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack \
           /opt/yarn-* /usr/local/bin/yarn /usr/local/bin/yarnpkg \
 && install --directory --owner=10001 --group=10001 --mode=0700 /data
WORKDIR /app
COPY package.json ./
COPY --from=packages /build/sbom.cdx.json ./
COPY rules/ rules/
COPY --from=packages /build/node_modules/ node_modules/
COPY --from=compiled /build/dist/src/ dist/src/
COPY --from=compiled /build/dist/console/ dist/console/
ENV NODE_ENV=production \
    HANVISA_HOST=0.0.0.0 \
    HANVISA_DATA_DIR=/data
USER 10001:10001
VOLUME ["/data"]
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "--eval", "fetch('http://127.0.0.1:' + (process.env.HANVISA_PORT || 8080) + '/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# No shell between the engine and the service: signals arrive.
ENTRYPOINT ["node", "/app/dist/src/main.js"]
