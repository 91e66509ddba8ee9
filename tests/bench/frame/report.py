# SPDX-License-Identifier: BSD-3-Clause
"""A result file as a page with plots. What it says comes from the result alone."""
import os

from frame import figures, svg

PAGE = "performance-results.md"


def matches(fig, name, params):
    return fig["name"] == name and all(fig["params"].get(k) == v for k, v in params.items())


def points(found, ratio):
    """One point for each number of sessions: the figure with the fewest other parameters."""
    best = {}
    for fig in sorted(found, key=lambda f: len(f["params"]), reverse=True):
        n = fig["params"].get("sessions")
        if not n or fig["median"] is None or (ratio and not fig["ceiling"]):
            continue
        if ratio:
            r, of = fig["ceiling"]["ratio"], fig["ceiling"]["median"]
            best[n] = (n, r, fig["min"] / of, fig["max"] / of)
        else:
            best[n] = (n, fig["median"], fig["min"], fig["max"])
    return list(best.values())


def plots(result, modules):
    """@return [(file name, title, SVG)] of those plots that the result has figures for."""
    out = []
    for name, module in modules.items():
        figs = [f for f in result["figures"] if f["scenario"] == name]
        for plot in getattr(module, "PLOTS", ()):
            series = [(label, points([f for f in figs if matches(f, fig, params)], plot.get("ratio")))
                      for label, fig, params in plot["series"]]
            series = [s for s in series if s[1]]
            if any(len(s[1]) > 1 for s in series):
                out.append((f"performance-{plot['file']}.svg", plot["title"], svg.curves(plot["title"], plot["y"], series)))
    return out


def machine_lines(result):
    m = result["machine"]
    build = f"{m['build']}: release, -march=native, {m['compiler']}"
    return [
        f"Measured {result['date']}, commit `{m['commit'][:12]}`{' (with changes)' if m['changed'] else ''}, "
        f"{result['options']['runs']} runs{', quick' if result['options']['quick'] else ''}.", "",
        f"- Machine: {m['cpu']}, {m['cpus']} CPUs{' of a virtual machine' if m['virtual'] else ''}, {m['memory_mib']:,} MiB, "
        f"kernel {m['kernel']}", f"- DPDK {m['dpdk']}; {build}"]


def calibration_lines(result):
    rows = []
    for c in result.get("calibration", []):
        for when in ("before", "after"):
            k = c[when]
            if not k or "tsc_hz" not in k:
                continue
            line = k.get("line_ns", {})
            trip = f"{k['round_trip_ns']:.0f} ({k['mode']})" if "round_trip_ns" in k else "-"
            rows.append(f"| {c['scenario']} {when} | {k['tsc_hz'] / 1e6:.0f} | {k['core_hz'] / 1e9:.2f} | {trip} | "
                        + " / ".join(f"{line[s]:.1f}" for s in ("16_mib", "64_mib", "256_mib") if s in line) + " |")
    if not rows:
        return []
    return ["## Calibration", "", "Before and after each program of the in-process scenarios. Round trip: of a cache line between "
            "the two CPUs. ns a line: random, 32 prefetched at once, from 16 / 64 / 256 MiB.", "",
            "| when | TSC MHz | core GHz | round trip ns | ns a line |", "|---|---|---|---|---|"] + rows + [""]


def page(result, modules, drawn):
    met = [f for f in result["figures"] if f["met"] is not None]
    lines = ["# Results of tools/bench", "", "Written by `tools/bench --report`; [performance.md](performance.md) says how each "
             "figure is measured and what limits it. Figures are medians (least-greatest); the ratio is to the ceiling, which was "
             "measured in the same rotations.", ""] + machine_lines(result)
    lines += [f"- {sum(f['met'] for f in met)} of {len(met)} targets met", ""]
    for name, why in result["failed"].items():
        lines += [f"**Scenario {name} did not finish: {why}**", ""]
    for file, title, _ in drawn:
        lines += [f"![{title}]({file})", ""]
    for name in dict.fromkeys(f["scenario"] for f in result["figures"]):
        lines += [f"## {name}", ""]
        if name in modules:
            lines += [modules[name].HELP + ".", ""]
        lines += [figures.markdown([f for f in result["figures"] if f["scenario"] == name]), ""]
    return "\n".join(lines + calibration_lines(result))


def write(source, result, modules):
    folder = os.path.join(source, "docs")
    drawn = plots(result, modules)
    for file, _, image in drawn:
        with open(os.path.join(folder, file), "w", encoding="utf-8") as out:
            out.write(image)
    with open(os.path.join(folder, PAGE), "w", encoding="utf-8") as out:
        out.write(page(result, modules, drawn).rstrip() + "\n")
