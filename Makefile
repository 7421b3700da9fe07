# The commands of the project: demo, test (everything that CI runs), lint, bench, screenshots.
CARGO ?= cargo
export CARGO
NODE_MODULES = dev/node_modules/.package-lock.json
BROWSER = $(if $(CHROMIUM),,chromium)

.PHONY: demo test test-with-postgres lint bench screenshots

# The development profile: it compiles in half the time, and `make test` uses it too.
demo: $(NODE_MODULES)
	@echo "Building kong-sso; the first time takes a few minutes ..."
	$(CARGO) build --locked
	@exec node dev/demo/main.mjs target/debug/kong-sso

test: lint
	dev/need.sh openssl redis-server nginx caddy $(BROWSER)
	cd dev && npm test
	dev/with-postgres.sh $(MAKE) --no-print-directory test-with-postgres

test-with-postgres:
	$(CARGO) test --locked
	cd dev && npm run test:e2e
	cd dev && npm run test:demo
	cd dev && npm run test:browser

lint: $(NODE_MODULES)
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
	node dev/lint/licences.mjs
	@if command -v cargo-deny >/dev/null; then $(CARGO) deny check; fi

bench: $(NODE_MODULES)
	$(CARGO) bench --locked --bench decision --bench engine
	node dev/bench/main.mjs

screenshots: $(NODE_MODULES)
	dev/need.sh $(BROWSER)
	$(CARGO) build --locked
	node dev/screenshots/main.mjs target/debug/kong-sso

$(NODE_MODULES): dev/package-lock.json
	@command -v node >/dev/null || { echo "this needs Node.js 20 or newer: install it" >&2; exit 1; }
	cd dev && npm ci --no-audit --no-fund
	@touch $@
