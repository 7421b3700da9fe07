# The commands of the project. `make test` is everything that CI runs.
CARGO ?= cargo

.PHONY: test lint

test: lint
	dev/with-postgres.sh $(CARGO) test --locked

lint:
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
