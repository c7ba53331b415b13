# The local stack of Sigedge, for development and tests: docs/install.md.
# Its development issuer gives a token for any name to whoever reaches the port: publish the port on loopback only.

# ---- builds the package as npm publishes it, and installs the locked versions of what it depends on ----
FROM node:24.21.0-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm pack --pack-destination /tmp
RUN mkdir /opt/sigedge && tar -xzf /tmp/sigedge-*.tgz -C /opt/sigedge --strip-components=1
# The image has the right Node already, and workerd and esbuild come as packages: no install script needs to run.
RUN cp package-lock.json /opt/sigedge/ && cd /opt/sigedge && npm ci --omit=dev --ignore-scripts --no-audit --no-fund

# ---- what runs ----
FROM node:24.21.0-bookworm-slim
ENV NODE_ENV=production
COPY --from=build /opt/sigedge /opt/sigedge
RUN ln -s /opt/sigedge/cli/sigedge.mjs /usr/local/bin/sigedge && install -d -o node -g node -m 700 /state
USER node
WORKDIR /state
VOLUME /state
# `start` accepts --listen only where this is set.
ENV SIGEDGE_IN_CONTAINER=1
EXPOSE 8787
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch('http://localhost:8787/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["sigedge"]
CMD ["start", "--listen", "0.0.0.0", "--state", "/state"]
