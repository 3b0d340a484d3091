# Two commands: `make run` starts the desk, `make test` proves it.
PYTHON ?= python3

.PHONY: run train test lint docs bench pictures lock clean

run: ## set up what is missing, train where stale, start the desk, print its address
	@$(PYTHON) bot/install.py
	@.venv/bin/ieum run

train: ## train the language model now
	@$(PYTHON) bot/install.py
	@.venv/bin/ieum train

test: lint ## every test, two at a time: many wait, on Telegram's pace or a process starting again
	@.venv/bin/ieum train
	.venv/bin/pytest -n 2 --dist worksteal

lint:
	@$(PYTHON) bot/install.py --tests
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

docs: ## the whole base as pages to browse (FACTS=a list of facts adds what of it is carried)
	@$(PYTHON) bot/install.py
	@.venv/bin/ieum knowledge site $(if $(FACTS),--facts-file $(FACTS))

bench: ## figures beside rivals, as ratios
	@$(PYTHON) bot/install.py --tests
	.venv/bin/python -m tests.bench

pictures: ## the pictures of the website window in docs/
	@$(PYTHON) bot/install.py --tests
	.venv/bin/python -m tests.browser.pictures

lock: ## resolve the dependencies anew (uv writes no index address into the files)
	uv pip compile pyproject.toml --python-version 3.10 --generate-hashes -q -o requirements.lock
	uv pip compile pyproject.toml --extra test --python-version 3.10 --generate-hashes -q -c requirements.lock -o requirements-test.lock

clean:
	rm -rf .venv .tools .rasa
