# make demo   sets everything up and analyses the bundled sample take
# make test   sets everything up and passes the tests
# make lint   style, types and import contracts

.PHONY: demo test lint setup dev lock clean

demo: setup
	@.venv/bin/mensetsu demo

test: dev
	.venv/bin/python -m pytest -q

lint: dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/pyright
	.venv/bin/lint-imports --no-logo

setup:
	@setup/setup.sh

dev:
	@setup/setup.sh dev

# Needs uv. Platform-independent, without index addresses; see CONTRIBUTING.md.
lock:
	uv pip compile --universal --no-emit-index-url --no-header --override setup/overrides.txt \
	    --python-version 3.11 pyproject.toml -o requirements.lock
	uv pip compile --universal --no-emit-index-url --no-header --override setup/overrides.txt \
	    --python-version 3.11 -c requirements.lock --group pyproject.toml:dev -o requirements-dev.lock

clean:
	rm -rf .venv build *.egg-info
