# What people and CI run. Each target brings what it needs, or says what is missing.

.DEFAULT_GOAL := help

# How many customers `make bench` measures with.
CUSTOMERS ?= 100000

.PHONY: help demo test bench lint postgres tools clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 18

demo: tools ## builds syncline and shows the whole pipeline at work, on nothing but this machine
	cargo run --locked --quiet -- demo --exit

test: tools postgres ## runs every test, with a PostgreSQL server of its own
	scripts/with-postgres cargo test --workspace --locked --no-fail-fast

lint: tools ## checks format, lints, documentation, the direction of dependencies, licences
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked
	scripts/check-direction
	scripts/deny

bench: tools postgres ## measures, and writes docs/benchmarks.md; takes about half an hour
	scripts/with-postgres --fsync cargo bench --locked --bench pipeline -- --customers $(CUSTOMERS)

postgres: ## finds PostgreSQL's server programs; Debian and Ubuntu: installs them where there are none
	@scripts/postgres-bin --install >/dev/null

tools:
	@scripts/check-tools

clean: ## removes what was built
	cargo clean
