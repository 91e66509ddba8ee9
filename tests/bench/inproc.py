# SPDX-License-Identifier: BSD-3-Clause
"""Scenario 1: the real worker on prepared buffers, no device.

Ticks of the TSC per packet of worker_poll(), beside three ceilings on the same buffers in the same rotations: macswap, A (a
bare FIB forward) and the floor (session found by array, one line of it touched). A packet's session is drawn at random for
every packet, outside the timed part."""
import statistics

from frame.figures import figure

NAME = "inproc"
HELP = "ticks per packet of the real worker in process, 1 to 1,000,000 sessions, beside macswap, a FIB forward and the floor"
MEMORY = 2600

SESSIONS = (1, 1000, 65536, 262144, 1000000)
TARGETS = {  # ticks / A at most
    "up": {1000: 4.0, 65536: 5.5, 262144: 6.5, 1000000: 7.5},
    "down": {1000: 3.5, 65536: 5.0, 262144: 6.0, 1000000: 7.5},
}
FLATNESS = 2.0       # cost at 1,000,000 sessions over that at 1,000
PICKED = (1000, 262144, 1000000)  # where sizes, bursts and hot sessions are looked at too
TITLES = {"A": "A: FIB forward", "macswap": "macswap", "floor-up": "floor up", "floor-down": "floor down",
          "up": "uplink", "down": "downlink", "mixed": "both ways"}
CEILINGS = ("macswap", "floor-up", "floor-down", "A")
SIZES = ("up,frame=imix", "down,frame=imix", "up,frame=1400", "down,frame=1400")
BURSTS = ("up,burst=8", "down,burst=8")
DRAWN = ("up,zipf", "down,zipf", "up,hot", "down,hot")

PLOTS = [{
    "file": "inproc", "title": "Cost of a packet in process, 98-byte frames", "y": "TSC ticks per packet",
    "series": [(TITLES[k], TITLES[k], {"frame": 98}) for k in ("up", "down", "mixed", "A", "macswap", "floor-up", "floor-down")],
}, {
    "file": "inproc-lookup", "title": "Finding the session: direct index and rte_hash", "y": "TSC ticks per packet",
    "series": [(name, name, {"frame": 98}) for name in ("uplink", "uplink with lookup: hash", "downlink",
                                                        "downlink with lookup: hash", "floor up")],
}, {
    "file": "inproc-ratio", "title": "Cost in units of a bare FIB forward (A)", "y": "ticks / A", "ratio": True,
    "series": [(TITLES[k], TITLES[k], {"frame": 98}) for k in ("up", "down")],
}]


def rows_for(sessions, quick):
    rows = list(CEILINGS) + ["up", "down", "mixed"]
    if sessions in PICKED and not quick:
        rows += list(DRAWN) + list(BURSTS)
        rows += SIZES if sessions != 1000000 else ()
    return rows


def params_of(row, sessions):
    params = {"sessions": sessions, "frame": 98}
    for word in row.split(",")[1:]:
        key, _, value = word.partition("=")
        params[key] = (int(value) if value.isdigit() else value) if value else True
    return params


def measure(ctx, sessions, rows, reps, *options):
    """Samples by row; the whole of it is kept in the result file."""
    argv = [ctx.program("tests/bench/inproc"), "--sessions", sessions, "--reps", reps, *options, *rows]
    if not ctx.hugepages:
        argv.insert(1, "--no-huge")
    got = ctx.run(argv)
    if "before" in got:
        ctx.calibrated(NAME, got["before"], got["after"])
    ctx.keep(NAME, got)
    return got


def note_of(got, row):
    note = []
    if not got["hugepages"]:
        note.append("NO HUGEPAGES: not comparable")
    if row["passes_short_of_cpu"]:
        of = got["passes"] * len(row["ticks"])
        note.append(f"{row['passes_short_of_cpu']} of {of} passes had less than 98.5 % of their CPU")
    return "; ".join(note)


def run(ctx):
    sizes = (1000, 65536) if ctx.quick else SESSIONS
    cost = {}
    for sessions in sizes:
        got = measure(ctx, sessions, rows_for(sessions, ctx.quick), ctx.runs if ctx.quick else 3 * ctx.runs)
        ticks = {r["row"]: r["ticks"] for r in got["rows"]}
        for row in got["rows"]:
            kind = row["row"].split(",")[0]
            plain = kind == row["row"]
            target = TARGETS.get(kind, {}).get(sessions) if plain else None
            ceiling = ("A", ticks["A"])
            if "zipf" in row["row"]:
                ceiling, target = ("uniform", ticks[kind]), 1.0
            cost[row["row"], sessions] = row["ticks"]
            yield figure(NAME, TITLES[kind], "ticks", row["ticks"], params_of(row["row"], sessions),
                         ceiling=None if row["row"] == "A" else ceiling, target=("<=", target) if target else None,
                         judge="ratio", note=note_of(got, row))
        ctx.progress(f"inproc: {sessions:,} sessions: " + ", ".join(
            f"{name} {statistics.median(ticks[name]):.1f}" for name in ("A", "up", "down")) + " ticks")
    for sessions in () if ctx.quick else PICKED:
        yield from by_hash(ctx, sessions, cost)
    for kind in ("up", "down"):
        if (kind, 1000000) in cost:
            yield figure(NAME, TITLES[kind] + ", 1,000,000 sessions", "ticks", cost[kind, 1000000],
                         ceiling=("1,000 sessions", cost[kind, 1000]), target=("<=", FLATNESS), judge="ratio")


def by_hash(ctx, sessions, cost):
    """The same with three rte_hash tables in the place of the index (dataplane.lookup: hash)."""
    got = measure(ctx, sessions, ["A", "up", "down"], ctx.runs, "--dataplane", "lookup: hash", "--no-calibration")
    ticks = {r["row"]: r["ticks"] for r in got["rows"]}
    for row in got["rows"][1:]:
        index = statistics.median(cost[row["row"], sessions])
        yield figure(NAME, TITLES[row["row"]] + " with lookup: hash", "ticks", row["ticks"], {"sessions": sessions, "frame": 98},
                     ceiling=("A", ticks["A"]), note=f"{statistics.median(row['ticks']) / index:.2f} times that of the index "
                     f"{note_of(got, row)}")


def ratios(ctx, sessions, reps):
    """What the gate looks at: ticks / A, up and down."""
    got = measure(ctx, sessions, ["A", "up", "A", "down", "A"], reps, "--no-calibration")
    out = {}
    for i, way in ((1, "up"), (3, "down")):
        near = [got["rows"][i - 1]["ticks"], got["rows"][i + 1]["ticks"]]
        of = [(a + b) / 2 for a, b in zip(*near)]
        out[f"{way} {sessions}"] = figure(NAME, way, "ticks", got["rows"][i]["ticks"], ceiling=("A", of))["ceiling"]["ratio"]
    return out
