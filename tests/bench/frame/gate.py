# SPDX-License-Identifier: BSD-3-Clause
"""The gate: ratios of in-process ticks to their ceiling, recorded for each kind of CPU, and what is dearer than they say."""
import json


def load(path):
    """{kind of CPU: {"date", "ratios": {key: ratio}}}"""
    try:
        with open(path, encoding="utf-8") as text:
            return json.load(text)
    except FileNotFoundError:
        return {}


def save(path, cpu, ratios, date):
    """In place of what was recorded for this kind of CPU; the others stay."""
    kinds = load(path)
    kinds[cpu] = {"date": date, "ratios": ratios}
    with open(path, "w", encoding="utf-8") as out:
        json.dump(kinds, out, indent=1, sort_keys=True)
        out.write("\n")


def failures(recorded, runs, allowed=0.05):
    """recorded: {key: ratio}; runs: [{key: ratio}]. @return the keys that are over recorded + allowed in every run, each with
    what was measured. A key that was never measured, or never recorded, fails too: a gate that does not look is none."""
    bad = {}
    for key in sorted(set(recorded) | {k for r in runs for k in r}):
        seen = [r[key] for r in runs if key in r]
        if key not in recorded or len(seen) != len(runs) or not runs:
            bad[key] = seen
        elif all(ratio > recorded[key] * (1 + allowed) for ratio in seen):
            bad[key] = seen
    return bad
