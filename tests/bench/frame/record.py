# SPDX-License-Identifier: BSD-3-Clause
"""Running scenarios, and keeping what they gave.

A result is {"version", "scenarios": {name: entry}, "raw": [...]}; an entry is one scenario's run: its figures, when, of which
commit, on which machine, how long it took, and why it did not finish, if so. docs/performance-results.json holds the newest
entry of each scenario, without what the programs printed, so that one can be measured again without the others."""
import contextlib
import json
import os
import signal
import time
import traceback

from frame import host

VERSION = 2
LIMIT = 900     # seconds that a scenario may take; a module's own LIMIT goes before


def result():
    return {"version": VERSION, "scenarios": {}, "raw": []}


@contextlib.contextmanager
def limited(seconds):
    """TimeoutError inside when it takes longer."""
    def late(number, frame):
        raise TimeoutError(f"took more than {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def run_scenario(ctx, module, machine):
    """@return the entry, with the figures as far as they came: a scenario that breaks or hangs does not take along what it
    measured before, nor the others."""
    began, calibrated = time.monotonic(), len(ctx.calibration)
    entry = {"date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "runs": ctx.runs, "quick": ctx.quick, "machine": machine,
             "seconds": 0, "failed": None, "calibration": [], "figures": []}
    with contextlib.ExitStack() as stack:
        ctx.hugepages = True
        if getattr(module, "MEMORY", 0):
            ctx.hugepages = stack.enter_context(host.hugepages(module.MEMORY, ctx.progress))
        try:
            with limited(getattr(module, "LIMIT", LIMIT)):
                for figure in module.run(ctx):
                    entry["figures"].append(figure)
            if not entry["figures"]:
                entry["failed"] = "gave no figure"
        except Exception as error:
            traceback.print_exc()
            entry["failed"] = f"{type(error).__name__}: {error}"
    entry["seconds"] = round(time.monotonic() - began)
    entry["calibration"] = ctx.calibration[calibrated:]
    return entry


def merged(recorded, new, known):
    """The entries of new in place of those of recorded; scenarios that are no more are dropped. In the order of known."""
    entries = {**recorded["scenarios"], **new["scenarios"]}
    return {"version": VERSION, "scenarios": {name: entries[name] for name in known if name in entries}}


def load(path):
    """An empty result where there is none."""
    if not os.path.exists(path):
        return result()
    with open(path, encoding="utf-8") as text:
        got = json.load(text)
    if got.get("version") != VERSION:
        raise SystemExit(f"bench: {path}: of version {got.get('version')}, not {VERSION}")
    return got


def short(value):
    """Floats with six digits: more was not measured."""
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {k: short(v) for k, v in value.items()}
    return [short(v) for v in value] if isinstance(value, list) else value


def text_of(got):
    """JSON with a line for each figure, so that a change of one is a change of one line."""
    entries = []
    for name, entry in got["scenarios"].items():
        head = json.dumps(short({k: v for k, v in entry.items() if k != "figures"}))[:-1]
        figures = ",\n".join("   " + json.dumps(short(f)) for f in entry["figures"])
        entries.append(f"  {json.dumps(name)}: {head}, \"figures\": [\n{figures}\n  ]}}")
    scenarios = ",\n".join(entries)
    raw = f",\n \"raw\": {json.dumps(got['raw'])}" if got.get("raw") else ""
    return f"{{\"version\": {VERSION}, \"scenarios\": {{\n{scenarios}\n }}{raw}\n}}\n"


def save(got, path):
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with open(path + ".new", "w", encoding="utf-8") as out:
        out.write(text_of(got))
    os.replace(path + ".new", path)
