"""The assessment engine beside OpenFisca, in the same run.

OpenFisca computes one benefit of one person from facts that are all given.
Ours says besides what is missing, in which order to ask for it, and why it came
out so; its people know nothing, something or everything about themselves.
OpenFisca lives in an environment of its own: it pins other versions of numpy.
"""

from __future__ import annotations

import json
import random
import statistics
import subprocess
import sys
import time
from pathlib import Path

from bot.install import find_uv, make_venv
from knowledge.assessment import assess
from knowledge.base import KnowledgeBase, facts_of
from knowledge.facts import Facts
from knowledge.schema import Service
from tests.knowledge.answers import TODAY, worth_trying

ASSESSMENTS = 100_000
_RIVAL = Path(__file__).parents[2] / ".tools" / "openfisca"
_RIVAL_RUNS = """
import json, time
from openfisca_core.simulation_builder import SimulationBuilder
from openfisca_country_template import CountryTaxBenefitSystem
system = CountryTaxBenefitSystem()
times = []
for number in range(600):
    person = {"birth": {"ETERNITY": "1980-01-01"}, "salary": {"2017-01": 1000 + number}}
    situation = {
        "persons": {"one": person},
        "households": {"home": {"adults": ["one"]}},
    }
    start = time.perf_counter()
    SimulationBuilder().build_from_entities(system, situation).calculate("basic_income", "2017-01")
    times.append(time.perf_counter() - start)
print(json.dumps(times[100:]))
"""


def main() -> None:
    """Print loading, one verdict and 100,000 of them, and the ratio to OpenFisca's one."""
    start = time.perf_counter()
    base = KnowledgeBase.load()
    loading = time.perf_counter() - start
    people = _people(base)
    for service, facts in people[:200]:
        assess(service, facts, TODAY)
    times = []
    for number in range(ASSESSMENTS):
        service, facts = people[number % len(people)]
        start = time.perf_counter()
        assess(service, facts, TODAY).requirements  # noqa: B018 with its explanation
        times.append(time.perf_counter() - start)
    theirs = _openfisca()
    print(f"engine ({len(base.services)} services)")
    print(f"  loading the base                  {loading:6.3f} s")
    print(f"  {ASSESSMENTS:,} assessments on one core {sum(times):6.1f} s")
    for share in (50, 95):
        print(f"  one verdict, explained, p{share}       {_percentile(times, share) * 1e3:7.3f} ms")
    print(f"  OpenFisca, one benefit, p50        {_percentile(theirs, 50) * 1e3:6.3f} ms")
    print(f"  ratio at p50: {_percentile(times, 50) / _percentile(theirs, 50):.2f}")


def _people(base: KnowledgeBase) -> list[tuple[Service, Facts]]:
    """Services with a person each, of whose facts a quarter, half, ... are known."""
    chance = random.Random(1)
    people: list[tuple[Service, Facts]] = []
    for service in base.services.values():
        if not facts_of(service.requires):
            continue
        tried = worth_trying(base, service)
        for known in (0, 0.25, 0.5, 0.75, 1):
            people += [
                (
                    service,
                    {f: chance.choice(v) for f, v in tried.items() if chance.random() < known},
                )
                for _ in range(10)
            ]
    chance.shuffle(people)
    return people


def _openfisca() -> list[float]:
    """Seconds for each of 500 computations of one benefit for one person, rules loaded."""
    python = _RIVAL / "bin" / "python"
    if not python.exists():
        make_venv(find_uv(), _RIVAL)
        packages = ("openfisca-core", "openfisca-country-template")
        command = [find_uv(), "pip", "install", "--quiet", "--python", str(python), *packages]
        subprocess.run(command, check=True)
    done = subprocess.run(
        [str(python), "-c", _RIVAL_RUNS], check=True, stdout=subprocess.PIPE, text=True
    )
    times: list[float] = json.loads(done.stdout.splitlines()[-1])
    return times


def _percentile(times: list[float], share: int) -> float:
    return statistics.quantiles(times, n=100, method="inclusive")[share - 1]


if __name__ == "__main__":
    sys.exit(main())
