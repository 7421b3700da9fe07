# The commands of the project. `make test` is everything that CI runs.
CARGO ?= cargo

.PHONY: test lint

test: lint
	cd dev && npm ci --no-audit --no-fund && npm test
	dev/with-postgres.sh $(CARGO) test --locked

lint:
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
