"""The committed files that stand on the metrics: rules, their tests, dashboards; and what tests of them need."""

import json
import pathlib
import shutil
import sys

CONF = pathlib.Path(__file__).resolve().parent.parent.parent / "conf"
PROMETHEUS = CONF / "prometheus"
GRAFANA = CONF / "grafana"

try:
    import yaml
except ImportError:
    yaml = None


def need(*programs):
    """Ends the test program as skipped where a program or python3-yaml is missing."""
    missing = [program for program in programs if not shutil.which(program)]
    if yaml is None:
        missing.append("python3-yaml")
    if missing:
        print(f"skipped: no {', '.join(missing)} here; tools/setup installs it")
        sys.exit(77)


def read_yaml(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def alerts():
    """Every alert rule, in order."""
    groups = read_yaml(PROMETHEUS / "coreloop.rules.yml")["groups"]
    return [rule for group in groups for rule in group["rules"]]


def dashboards():
    """File name -> dashboard."""
    return {path.name: json.loads(path.read_text(encoding="utf-8"))
            for path in sorted((GRAFANA / "dashboards").glob("*.json"))}


def panel_queries():
    """(where, expression, legend) of every query of every panel."""
    return [(f"{name}: {panel['title']}", target["expr"], target["legendFormat"])
            for name, dashboard in dashboards().items()
            for panel in dashboard["panels"] for target in panel["targets"]]


def rule_queries():
    """(where, expression) of every rule."""
    return [(rule["alert"], rule["expr"]) for rule in alerts()]
