#!/usr/bin/env python3
"""Writes dashboards/*.json from the table below, one row a panel.

    conf/grafana/make_dashboards.py            # write them
    conf/grafana/make_dashboards.py --check    # exit 1 where a file is not what would be written

In a query `@` stands for the instances chosen at the top of the dashboard. A width is in 24ths.
"""

import json
import pathlib
import sys

FOLDER = pathlib.Path(__file__).resolve().parent / "dashboards"
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
HERE = 'instance=~"$instance"'
W = "[$__rate_interval]"


def per_second(metric, by, labels="@"):
    return f"sum by ({by}) (rate({metric}{{{labels}}}{W}))"


def quantiles(metric, by="", labels="@", shares=(0.5, 0.95, 0.99)):
    """(query, legend) of each share; `by`: one curve for each value of that label."""
    grouping = f"le, {by}" if by else "le"
    return [(f"histogram_quantile({share}, sum by ({grouping}) (rate({metric}_bucket{{{labels}}}{W})))",
             f"{{{{{by}}}}} p{100 * share:g}".strip() if by else f"p{100 * share:g}") for share in shares]


def stat(title, unit, *targets, mappings=(), description="", shows="auto"):
    return {"type": "stat", "title": title, "unit": unit, "targets": targets, "width": 4, "height": 4,
            "mappings": list(mappings), "description": description, "shows": shows}


def curves(title, unit, *targets, description="", stacked=False):
    return {"type": "timeseries", "title": title, "unit": unit, "targets": targets, "width": 12, "height": 8,
            "description": description, "stacked": stacked}


def heatmap(title, unit, *targets):
    return {"type": "heatmap", "title": title, "unit": unit, "targets": targets, "width": 12, "height": 8,
            "description": ""}


def words(**texts):
    """Shows a number as a word: words(_0="no")."""
    return [{"type": "value", "options": {number[1:]: {"text": text, "index": index}}}
            for index, (number, text) in enumerate(texts.items())]


DASHBOARDS = {
    "signal-flow": ("Signal flow", [
        stat("Signals", "cps", (f"sum(rate(quantum_signals_total{{@}}{W}))", "")),
        stat("Approvals", "cps", (f"sum(rate(quantum_approvals_total{{@}}{W}))", "")),
        stat("Executions", "cps", (f"sum(rate(quantum_executions_total{{@}}{W}))", "")),
        stat("Since the last signal", "s", ("min(time() - (quantum_last_signal_timestamp_seconds{@} > 0))", ""),
             description="By log time. Empty before the first signal."),
        stat("Input lag", "none", ("max(coreloop_input_lag{@})", "")),
        stat("Publish errors", "none", ("sum(quantum_eventbus_publish_errors_total{@})", ""),
             description="Transactions that Redis refused since the start; they were published later."),
        curves("Signals by action", "cps", (per_second("quantum_signals_total", "action"), "{{action}}"), stacked=True),
        curves("Signals by symbol", "cps", (per_second("quantum_signals_total", "symbol"), "{{symbol}}"), stacked=True),
        curves("What became of signals", "cps",
               (f"sum(rate(quantum_approvals_total{{@}}{W}))", "approved"),
               (f"sum(rate(quantum_rejections_total{{@}}{W}))", "rejected"),
               (f'sum(rate(coreloop_rejections_total{{@, reason="HOLD_SIGNAL"}}{W}))', "held"),
               (f'sum(rate(coreloop_dead_letters_total{{@, kind="signal"}}{W}))', "dead-lettered")),
        curves("Inputs by kind", "cps", (per_second("coreloop_inputs_total", "kind"), "{{kind}}")),
        curves("Input lag", "none", ("coreloop_input_lag{@}", "{{instance}} {{stream}}"),
               description="Entries behind the end of each input stream. Producers keep about the last 10,000."),
        curves("Trimmed and malformed inputs", "none",
               (f"increase(coreloop_input_trimmed_total{{@}}{W})", "trimmed {{stream}}"),
               (f"increase(coreloop_input_malformed_total{{@}}{W})", "malformed {{stream}}")),
        curves("Stream lengths", "none", ("quantum_stream_length{@}", "{{stream}}")),
        curves("Published entries", "cps", (f"sum(rate(coreloop_published_total{{@}}{W}))", "entries"),
               (f"sum(rate(coreloop_transactions_total{{@}}{W}))", "transactions")),
        curves("Entries not confirmed yet", "none", ("coreloop_outbox_pending{@}", "{{instance}}")),
        curves("Position updates by side", "cps", (per_second("quantum_position_updates_total", "side"), "{{side}}")),
    ]),
    "approvals": ("Approval pipeline", [
        stat("Approval rate since the start", "percentunit", ("quantum_approval_rate{@}", "{{instance}}"),
             description="Of all signals, HOLD and dead letters too."),
        stat("Fill rate since the start", "percentunit", ("quantum_fill_rate{@}", "{{instance}}")),
        stat("Confidence, last 100 signals", "percentunit", ("quantum_confidence_avg{@}", "{{instance}}")),
        stat("Entries halted", "none", ("coreloop_halted{@}", "{{instance}}"), mappings=words(_0="no", _1="yes")),
        stat("Accounts latched", "none", ("quantum_accounts_latched{@}", "{{instance}}")),
        stat("Dead letters", "none", ("sum(coreloop_dead_letters_total{@})", "")),
        curves("Approval rate", "percentunit",
               (f"sum(rate(quantum_approvals_total{{@}}{W}))"
                f' / sum(rate(quantum_signals_total{{@, action!="HOLD"}}{W}))', "approved"),
               description="Of the signals in the window, HOLD left out."),
        curves("Rejections by reason", "cps",
               (per_second("coreloop_rejections_total", "reason", '@, reason!="HOLD_SIGNAL"') + " > 0", "{{reason}}"),
               stacked=True),
        curves("Approvals by symbol", "cps", (per_second("quantum_approvals_total", "symbol"), "{{symbol}}"),
               stacked=True),
        curves("Rejections by symbol", "cps", (per_second("quantum_rejections_total", "symbol"), "{{symbol}}"),
               stacked=True),
        curves("Mean confidence", "percentunit",
               (f"sum(rate(quantum_confidence_sum{{@}}{W})) / sum(rate(quantum_confidence_count{{@}}{W}))", "mean")),
        curves("Executions by action", "cps", (per_second("quantum_executions_total", "action"), "{{action}}")),
        curves("Dead letters by code", "cps",
               (per_second("coreloop_dead_letters_total", "kind, reason") + " > 0", "{{kind}} {{reason}}"),
               stacked=True),
    ]),
    "latency": ("Latency", [
        *[stat(f"Execution latency {legend}", "s", (query, legend))
          for query, legend in quantiles("quantum_execution_latency_seconds")],
        stat("Executions within 1 ms", "percentunit",
             (f'sum(rate(quantum_execution_latency_seconds_bucket{{@, le="0.001"}}{W}))'
              f" / sum(rate(quantum_execution_latency_seconds_count{{@}}{W}))", "")),
        stat("Mean execution latency", "s",
             (f"sum(rate(quantum_execution_latency_seconds_sum{{@}}{W}))"
              f" / sum(rate(quantum_execution_latency_seconds_count{{@}}{W}))", "")),
        stat("Scrape", "s", ("coreloop_scrape_duration_seconds{@}", "{{instance}}"),
             description="What the engine took to answer the scrape before."),
        curves("From receipt to execution", "s", *quantiles("quantum_execution_latency_seconds")),
        heatmap("From receipt to execution", "s",
                (f"sum by (le) (increase(quantum_execution_latency_seconds_bucket{{@}}{W}))", "{{le}}")),
        curves("All inputs, end to end", "s", *quantiles("coreloop_end_to_end_latency_seconds"),
               description="From taking an input to the encoding of its outputs."),
        curves("Work of each stage, p99", "s",
               *quantiles("coreloop_stage_latency_seconds", "stage", '@, part="working"', (0.99,))),
        curves("Waiting before each stage, p99", "s",
               *quantiles("coreloop_stage_latency_seconds", "stage", '@, part="waiting"', (0.99,))),
        curves("Longest turn of each thread", "s", ("coreloop_thread_cycle_max_seconds{@}", "{{thread}}"),
               description="Since the start of the engine."),
    ]),
    "engine": ("Engine", [
        stat("Up for", "s", ('time() - process_start_time_seconds{@, job="coreloop"}', "{{instance}}")),
        stat("State", "none", ("coreloop_state{@} == 1", "{{state}}"), shows="name"),
        stat("Build", "none", ("coreloop_build_info{@}", "{{version}} {{revision}}"), shows="name"),
        stat("Redis connections", "none", ("coreloop_redis_connected{@}", "{{connection}}"),
             mappings=words(_0="down", _1="up")),
        stat("Resident memory", "bytes", ('process_resident_memory_bytes{@, job="coreloop"}', "{{instance}}")),
        stat("Threads", "none", ('process_threads{@, job="coreloop"}', "{{instance}}")),
        curves("Where each thread's time goes", "percentunit",
               (f"sum by (thread, regime) (rate(coreloop_thread_seconds_total{{@}}{W}))", "{{thread}} {{regime}}")),
        curves("CPU", "percentunit",
               (f'rate(process_cpu_seconds_total{{@, job="coreloop"}}{W})', "{{instance}}"),
               description="100 % is one core."),
        curves("Ring depth", "none", ("coreloop_ring_depth{@}", "{{queue}}"),
               description="Empty where the engine runs on one thread."),
        curves("Rings found full", "cps", (f"rate(coreloop_ring_full_total{{@}}{W})", "{{queue}}")),
        curves("Sleeps of threads", "cps", (f"rate(coreloop_thread_sleeps_total{{@}}{W})", "{{thread}}")),
        curves("Memory", "bytes", ('process_resident_memory_bytes{@, job="coreloop"}', "resident {{instance}}"),
               ('process_virtual_memory_bytes{@, job="coreloop"}', "virtual {{instance}}")),
        curves("Trouble with Redis", "none",
               (f"increase(coreloop_redis_reconnects_total{{@}}{W})", "reconnects {{connection}}"),
               (f"increase(coreloop_redis_connect_failures_total{{@}}{W})", "connect failures {{connection}}"),
               (f"increase(coreloop_redis_timeouts_total{{@}}{W})", "timeouts {{connection}}"),
               (f"increase(coreloop_redis_protocol_errors_total{{@}}{W})", "protocol errors {{connection}}"),
               (f"increase(coreloop_redis_errors_total{{@}}{W}) > 0", "{{code}} {{connection}}")),
        curves("Entries Redis lost", "none",
               (f"increase(coreloop_tail_lost_total{{@}}{W})", "restored {{instance}}"),
               (f"increase(coreloop_hole_total{{@}}{W})", "gone {{instance}}")),
        curves("HTTP", "reqps", (f"rate(coreloop_http_requests_total{{@}}{W})", "requests {{instance}}"),
               (f"rate(coreloop_http_commands_total{{@}}{W})", "commands {{instance}}")),
        curves("Open files", "none", ('process_open_fds{@, job="coreloop"}', "open {{instance}}")),
    ]),
    "books": ("Books", [
        stat("Balance", "currencyUSD", ("quantum_balance_current{@}", "{{instance}}")),
        stat("Realized, before fees", "currencyUSD", ("quantum_pnl_realized{@}", "{{instance}}")),
        stat("Unrealized", "currencyUSD", ("quantum_pnl_unrealized{@}", "{{instance}}")),
        stat("Exposure", "currencyUSD", ("quantum_exposure_usd{@}", "{{instance}}")),
        stat("Open positions", "none", ("quantum_positions_open{@}", "{{instance}}")),
        stat("Fees", "currencyUSD", ("quantum_fees_total{@}", "{{instance}}")),
        curves("Balance and equity", "currencyUSD", ("quantum_balance_current{@}", "balance {{instance}}"),
               ("quantum_balance_current{@} + quantum_pnl_unrealized{@}", "equity {{instance}}"),
               description="Of all accounts."),
        curves("Profit and loss", "currencyUSD", ("quantum_pnl_realized{@}", "realized {{instance}}"),
               ("quantum_pnl_unrealized{@}", "unrealized {{instance}}"), description="Realized: before fees."),
        curves("Exposure over balance", "percentunit",
               ("quantum_exposure_usd{@} / (quantum_balance_current{@} > 0)", "{{instance}}")),
        curves("Deepest drawdown of any account", "percentunit", ("quantum_drawdown_ratio{@}", "drawdown {{instance}}"),
               ("quantum_drawdown_limit_ratio{@}", "limit {{instance}}")),
        curves("Fees per hour", "currencyUSD", (f"3600 * sum(rate(quantum_fees_total{{@}}{W}))", "fees")),
        curves("Open positions", "none", ("quantum_positions_open{@}", "{{instance}}")),
        curves("How long positions were held", "s",
               ("histogram_quantile(0.5, sum by (le) (quantum_position_duration_seconds_bucket{@}))", "p50"),
               ("histogram_quantile(0.95, sum by (le) (quantum_position_duration_seconds_bucket{@}))", "p95"),
               description="Of all positions closed since the start."),
    ]),
}


def variable(name, kind, query, **more):
    return {"name": name, "type": kind, "query": query, "refresh": 1, "hide": 0, "skipUrlSync": False, **more}


def panel_json(row, number, x, y):
    targets = [{"refId": chr(ord("A") + index), "datasource": SOURCE, "expr": query.replace("@", HERE),
                "legendFormat": legend or "__auto", "range": row["type"] != "stat",
                "instant": row["type"] == "stat",
                "format": "heatmap" if row["type"] == "heatmap" else "time_series"}
               for index, (query, legend) in enumerate(row["targets"])]
    panel = {"id": number, "type": row["type"], "title": row["title"], "description": row["description"],
             "datasource": SOURCE, "gridPos": {"x": x, "y": y, "w": row["width"], "h": row["height"]},
             "targets": targets,
             "fieldConfig": {"defaults": {"unit": row["unit"], "mappings": row.get("mappings", [])}, "overrides": []}}
    if row["type"] == "stat":
        panel["options"] = {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
                            "textMode": row["shows"], "colorMode": "none", "graphMode": "none"}
    elif row["type"] == "timeseries":
        panel["fieldConfig"]["defaults"]["custom"] = {
            "fillOpacity": 20 if row["stacked"] else 0, "showPoints": "never",
            "stacking": {"mode": "normal" if row["stacked"] else "none", "group": "A"}}
        panel["options"] = {"legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
                            "tooltip": {"mode": "multi", "sort": "desc"}}
    else:
        panel["options"] = {"calculate": False, "yAxis": {"unit": row["unit"]}, "cellGap": 1}
    return panel


def dashboard_json(name, title, rows):
    panels, x, y, height = [], 0, 0, 0
    for row in rows:
        if x + row["width"] > 24:
            x, y = 0, y + height
        panels.append(panel_json(row, len(panels) + 1, x, y))
        x, height = x + row["width"], row["height"]
    return {"uid": f"coreloop-{name}", "title": f"coreloop: {title}", "tags": ["coreloop"], "schemaVersion": 37,
            "version": 1, "editable": False, "graphTooltip": 1, "refresh": "15s", "timezone": "utc",
            "time": {"from": "now-1h", "to": "now"},
            "links": [{"type": "dashboards", "title": "coreloop", "tags": ["coreloop"], "asDropdown": True,
                       "includeVars": True, "keepTime": True}],
            "templating": {"list": [
                variable("datasource", "datasource", "prometheus", label="Data source", multi=False, includeAll=False),
                variable("instance", "query", "label_values(coreloop_build_info, instance)", label="Instance",
                         datasource=SOURCE, multi=True, includeAll=True, allValue=".*",
                         current={"text": ["All"], "value": ["$__all"]})]},
            "annotations": {"list": []}, "panels": panels}


def main():
    is_check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not is_check:
        sys.exit(__doc__)
    texts = {FOLDER / f"{name}.json": json.dumps(dashboard_json(name, *of), indent=2) + "\n"
             for name, of in DASHBOARDS.items()}
    stale = [path for path, text in texts.items() if not path.is_file() or path.read_text("utf-8") != text]
    stale += [path for path in FOLDER.glob("*.json") if path not in texts]
    if is_check:
        print("\n".join(f"{path.name}: not what make_dashboards.py writes" for path in stale))
        return 1 if stale else 0
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
