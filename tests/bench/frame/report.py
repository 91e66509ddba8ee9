# SPDX-License-Identifier: BSD-3-Clause
"""Recorded results as a page with plots. What it says comes from the results alone."""
import os

from frame import figures, record, svg

PAGE, RECORD = "performance-results.md", "performance-results.json"


def matches(fig, name, params):
    return fig["name"] == name and all(fig["params"].get(k) == v for k, v in params.items())


def point(fig, ratio):
    """(median, least, greatest) of the figure, or of its ratio to its ceiling."""
    if fig["median"] is None or (ratio and not fig["ceiling"]):
        return None
    if ratio:
        return fig["ceiling"]["ratio"], fig["min"] / fig["ceiling"]["median"], fig["max"] / fig["ceiling"]["median"]
    return fig["median"], fig["min"], fig["max"]


def points(found, ratio):
    """One point for each number of sessions: the figure with the fewest other parameters."""
    best = {}
    for fig in sorted(found, key=lambda f: len(f["params"]), reverse=True):
        n = fig["params"].get("sessions")
        if n and point(fig, ratio):
            best[n] = (n, *point(fig, ratio))
    return list(best.values())


def wanted(found):
    """The targets by number of sessions, as a curve."""
    return sorted({(f["params"]["sessions"], f["target"]["value"]) for f in found if f["target"] and "sessions" in f["params"]})


def curves_of(plot, figs):
    series, targets = [], []
    for label, name, params in plot["series"]:
        found = [f for f in figs if matches(f, name, params)]
        if points(found, plot.get("ratio")):
            series.append((label, points(found, plot.get("ratio"))))
            targets.append(wanted(found) if plot.get("targets") else [])
    if any(len(points) > 1 for _, points in series):
        return svg.curves(plot["title"], plot["y"], series, targets=targets)
    return None


def bars_of(plot, figs):
    bars = []
    for label, name, params in plot["bars"]:
        found = [point(f, plot.get("ratio")) for f in figs if matches(f, name, params)]
        if found and found[0]:
            bars.append((label, *found[0]))
    return svg.bars(plot["title"], plot["y"], bars) if bars else None


def plots(result, modules):
    """@return {scenario: [(file name, title, SVG)]} of those plots that the result has figures for."""
    out = {}
    for name, entry in result["scenarios"].items():
        for plot in getattr(modules.get(name), "PLOTS", ()):
            image = (bars_of if "bars" in plot else curves_of)(plot, entry["figures"])
            if image:
                out.setdefault(name, []).append((f"performance-{plot['file']}.svg", plot["title"], image))
    return out


def met(entry):
    held = [f for f in entry["figures"] if f["met"] is not None]
    return f"{sum(f['met'] for f in held)} of {len(held)}" if held else "-"


def runs(result, modules):
    lines = ["| scenario | measured | commit | runs | took | targets met |", "|---|---|---|---|---|---|"]
    for name in modules:
        e = result["scenarios"].get(name)
        if not e:
            lines.append(f"| {name} | **not measured yet** | | | | |")
            continue
        m = e["machine"]
        failed = f" **did not finish: {figures.cell(e['failed'])}**" if e["failed"] else ""
        lines.append(f"| {name} | {e['date']} | `{m['commit'][:12]}`{' and changes' if m['changed'] else ''} | "
                     f"{e['runs']}{', quick' if e['quick'] else ''} | {e['seconds']:,} s | {met(e)}{failed} |")
    return lines + [""]


def machines(result):
    """Each machine and build once, with the scenarios that ran on it."""
    seen = {}
    for name, e in result["scenarios"].items():
        m = e["machine"]
        text = (f"{m['cpu']}, {m['cpus']} CPUs{' of a virtual machine' if m['virtual'] else ''}, {m['memory_mib']:,} MiB, kernel "
                f"{m['kernel']}; DPDK {m['dpdk']}; release, -march=native, {m['compiler']}")
        seen.setdefault(text, []).append(name)
    return [f"- {text}" + (f" ({', '.join(names)})" if len(seen) > 1 else "") for text, names in seen.items()] + [""]


def targets(result):
    held = [f for e in result["scenarios"].values() for f in e["figures"] if f["met"] is not None]
    if not held:
        return []
    good = sum(f["met"] for f in held)
    lines = ["## Targets", "", f"{good} of {len(held)} are met. What misses is marked NO.", "",
             "| scenario | figure | measured | target | met |", "|---|---|---|---|---|"]
    for f in held:
        scenario, label, unit, median, ceiling, ratio, target, word = figures.row(f)
        value = ratio + f" ({median} {unit}; {ceiling})" if f["target"].get("of") == "ratio" else f"{median} {unit}"
        lines.append(f"| {scenario} | {label} | {value} | {target} | {'**NO**' if word == 'NO' else word} |")
    return lines + [""]


def calibration(result):
    rows = []
    for name, e in result["scenarios"].items():
        for c in e["calibration"]:
            for when in ("before", "after"):
                k = c[when]
                if not k or "tsc_hz" not in k:
                    continue
                line = k.get("line_ns", {})
                trip = f"{k['round_trip_ns']:.0f} ({k['mode']})" if "round_trip_ns" in k else "-"
                rows.append(f"| {name} {when} | {k['tsc_hz'] / 1e6:.0f} | {k['core_hz'] / 1e9:.2f} | {trip} | "
                            + " / ".join(f"{line[s]:.1f}" for s in ("16_mib", "64_mib", "256_mib") if s in line) + " |")
    if not rows:
        return []
    return ["## Calibration", "", "Round trip: of a cache line between the two CPUs. ns a line: random, 32 prefetched at once, from "
            "16 / 64 / 256 MiB.", "", "| when | TSC MHz | core GHz | round trip ns | ns a line |", "|---|---|---|---|---|"] + rows + [""]


def page(result, modules, drawn):
    lines = ["# Results of tools/bench", "", "Written by `tools/bench --report` from [performance-results.json](" + RECORD + "), "
             "which has every sample; [performance.md](performance.md) says how each figure is measured and what limits it. Figures "
             "are medians (least-greatest); the ratio is to the ceiling, which was measured in the same rotations.", ""]
    lines += runs(result, modules) + machines(result) + targets(result)
    for name, entry in result["scenarios"].items():
        lines += [f"## {name}", "", (modules[name].HELP if name in modules else "") + ".", ""]
        if entry["failed"]:
            lines += [f"**It did not finish: {figures.cell(entry['failed'])}.** What it measured until then:", ""]
        for file, title, _ in drawn.get(name, ()):
            lines += [f"![{title}]({file})", ""]
        if entry["figures"]:
            lines += [figures.markdown(entry["figures"]), ""]
    return "\n".join(lines + calibration(result)).rstrip() + "\n"


def write(source, new, modules):
    """Put the new entries among those recorded, and write page and plots."""
    folder = os.path.join(source, "docs")
    result = record.merged(record.load(os.path.join(folder, RECORD)), new, modules)
    drawn = plots(result, modules)
    record.save(result, os.path.join(folder, RECORD))
    for file, _, image in (p for some in drawn.values() for p in some):
        with open(os.path.join(folder, file), "w", encoding="utf-8") as out:
            out.write(image)
    with open(os.path.join(folder, PAGE), "w", encoding="utf-8") as out:
        out.write(page(result, modules, drawn))
