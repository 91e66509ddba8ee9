# SPDX-License-Identifier: BSD-3-Clause
"""Figures: one measured thing with its samples, its ceiling and its target; the table of them. Pure."""
import statistics


def spread(samples):
    """Median, least and greatest; None of no samples."""
    if not samples:
        return None, None, None
    return statistics.median(samples), min(samples), max(samples)


def judged(op, value, target):
    return {"<=": value <= target, ">=": value >= target, "==": value == target}[op]


def figure(scenario, name, unit, samples, params=None, ceiling=None, target=None, judge="median", note=""):
    """ceiling: (name, samples of the same rotations); its ratio is the median of the ratios of pairs measured side by side.
    target: (op, value), held against the median, the "ratio" or the "worst" sample. Without samples nothing is met."""
    samples = [float(s) for s in samples]
    median, low, high = spread(samples)
    out = {"scenario": scenario, "name": name, "params": dict(params or {}), "unit": unit, "samples": samples,
           "median": median, "min": low, "max": high, "ceiling": None, "target": None, "met": None, "note": note}
    ratio = None
    if ceiling and ceiling[1] and samples:
        of = [float(c) for c in ceiling[1]]
        ratio = statistics.median(pair_ratios(samples, of))
        out["ceiling"] = {"name": ceiling[0], "median": statistics.median(of), "ratio": ratio}
    if target:
        out["target"] = {"op": target[0], "value": target[1]}
        if judge != "median":
            out["target"]["of"] = judge
        held = {"median": median, "ratio": ratio, "worst": high if target[0] == "<=" else low}[judge]
        out["met"] = held is not None and judged(target[0], held, target[1])
    return out


def pair_ratios(samples, of):
    """Sample by sample where they were taken in turn; of the medians where their numbers differ."""
    if len(samples) == len(of):
        return [s / c for s, c in zip(samples, of)]
    return [statistics.median(samples) / statistics.median(of)]


def number(value):
    """Three or four digits that matter, thousands apart."""
    if value is None:
        return "-"
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 1000:
        return f"{value:,.0f}"
    return f"{value:.0f}" if size >= 100 else f"{value:.1f}" if size >= 10 else f"{value:.2f}" if size >= 0.1 else f"{value:.2g}"


def label(fig):
    params = " ".join(k if v is True else f"{k}={v:,}" if isinstance(v, int) else f"{k}={v}" for k, v in fig["params"].items())
    return f"{fig['name']} {params}".strip()


COLUMNS = ("scenario", "figure", "unit", "median (min-max)", "ceiling", "ratio", "target", "met")


def row(fig):
    ceiling, target = fig.get("ceiling") or {}, fig.get("target")
    text = number(fig["median"])
    if len(fig["samples"]) > 1:
        text += f" ({number(fig['min'])}-{number(fig['max'])})"
    wanted = f"{target['op']} {number(target['value'])}" if target else ""
    if target and target.get("of") == "ratio":
        wanted = "ratio " + wanted
    return (fig["scenario"], label(fig), fig["unit"], text,
            f"{ceiling['name']} {number(ceiling['median'])}" if ceiling else "",
            number(ceiling["ratio"]) if ceiling else "", wanted,
            "" if fig["met"] is None else "yes" if fig["met"] else "NO")


def table(figures):
    """Plain text, columns aligned."""
    rows = [COLUMNS] + [row(f) for f in figures]
    width = [max(len(r[i]) for r in rows) for i in range(len(COLUMNS))]
    return "\n".join("  ".join(cell.ljust(w) for cell, w in zip(r, width)).rstrip() for r in rows)


def cell(text):
    """In one cell of a table."""
    return " ".join(str(text).split()).replace("|", "/")


def markdown(figures):
    """A table, and below it the notes, each once."""
    notes = list(dict.fromkeys(f["note"].strip() for f in figures if f.get("note")))
    lines = ["| " + " | ".join(COLUMNS[1:]) + " | note |", "|" + "---|" * len(COLUMNS)]
    for f in figures:
        note = f"[{notes.index(f['note'].strip()) + 1}]" if f.get("note") else ""
        lines.append("| " + " | ".join(row(f)[1:]) + f" | {note} |")
    return "\n".join(lines + ([""] + [f"- [{i + 1}] {cell(note)}" for i, note in enumerate(notes)] if notes else []))
