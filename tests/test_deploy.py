"""What `deploy/` speaks of exists: metrics, settings, commands."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import yaml
from prometheus_client import REGISTRY

from bot import metrics
from bot.cli import main
from bot.settings import Secrets, Settings

DEPLOY = Path(__file__).parent.parent / "deploy"
assert metrics


def counted() -> set[str]:
    """The names of our metrics as Prometheus sees them."""
    names = set()
    for family in REGISTRY.collect():
        ends = {
            "counter": ["_total"],
            "histogram": ["_bucket", "_count", "_sum"],
        }.get(family.type, [""])
        names |= {family.name + end for end in ends}
    return names


def test_dashboard_and_alerts_speak_of_metrics_that_are_counted() -> None:
    texts = [(DEPLOY / "alerts.yml").read_text(), (DEPLOY / "grafana" / "ieum.json").read_text()]
    spoken_of = {name for text in texts for name in re.findall(r"\bieum_[a-z_]+\b", text)}
    assert spoken_of
    assert spoken_of <= counted()


def test_every_alert_says_what_to_do() -> None:
    [group] = yaml.safe_load((DEPLOY / "alerts.yml").read_text())["groups"]
    for rule in group["rules"]:
        assert rule["labels"]["severity"] in ("page", "morning"), rule
        assert rule["annotations"]["action"], rule
    assert json.loads((DEPLOY / "grafana" / "ieum.json").read_text())["panels"]


def test_what_is_set_is_a_setting() -> None:
    known = {name.upper() for name in (*Settings.__struct_fields__, *Secrets.__struct_fields__)}
    compose = yaml.safe_load((DEPLOY / "compose.yml").read_text())
    lines = (DEPLOY / "example.env").read_text().splitlines()
    of_the_stack = {"DOMAIN", "POSTGRES_PASSWORD", "GRAFANA_PASSWORD"}
    example = {line.partition("=")[0] for line in lines if line and not line.startswith("#")}
    assert example - of_the_stack <= known
    assert set(compose["services"]["desk"]["environment"]) <= known
    image = (DEPLOY / "Dockerfile").read_text()
    set_there = re.findall(r"\b([A-Z_]+)=", "\n".join(re.findall(r"^ENV (.*)", image, re.M)))
    assert set(set_there) <= known


def test_every_service_has_limits_and_every_store_a_health_check() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yml").read_text())["services"]
    for name, service in services.items():
        assert "mem_limit" in service and "cpus" in service, name
        assert service["restart"] == "unless-stopped", name
    assert "healthcheck" in services["postgres"]
    assert "healthcheck" in services["redis"]
    assert "HEALTHCHECK" in (DEPLOY / "Dockerfile").read_text()
    outside = [name for name, s in services.items() for p in s.get("ports", ()) if "127." not in p]
    assert set(outside) == {"web"}


def test_the_image_is_made_from_files_that_are_there() -> None:
    root = DEPLOY.parent
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=root, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    copied = [
        word
        for line in (DEPLOY / "Dockerfile").read_text().splitlines()
        if line.startswith("COPY ") and "--from" not in line
        for word in line.split()[1:-1]
    ]
    ignored = (root / ".dockerignore").read_text().splitlines()
    for path in copied:
        assert any(name == path or name.startswith(f"{path}/") for name in tracked), path
        assert f"!{path}" in ignored, path


def test_the_units_start_commands_that_exist() -> None:
    said = "".join(path.read_text() for path in (DEPLOY / "systemd").iterdir())
    commands = re.findall(r"^ExecStart=\S+/ieum (\w+)", said, re.M)
    assert set(commands) == {"run", "backup"}
    assert set(commands) <= set(main.commands)
    assert sys.version_info[:2] == (3, 10)
    assert "FROM python:3.10-" in (DEPLOY / "Dockerfile").read_text()
