# SPDX-License-Identifier: BSD-3-Clause
"""Scenario 1: the real worker on prepared buffers, no device.

Ticks of the TSC per packet of worker_poll(), beside three ceilings on the same buffers in the same rotations: macswap, A (a
bare FIB forward) and the floor (session found by array, one line of it touched). Passes of A alternate with those of each
row. A packet's session is drawn at random for every packet, outside the timed part."""
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
FLATNESS = 2.0      # cost at 1,000,000 sessions over that at 1,000
SAME = 1.02         # "not dearer": equal, and what two figures of the same thing differ by
PICKED = (1000, 262144, 1000000)  # where sizes, bursts and unlike sessions are looked at too
TITLES = {"A": "A: FIB forward", "macswap": "macswap", "floor-up": "floor up", "floor-down": "floor down",
          "up": "uplink", "down": "downlink", "mixed": "both ways"}
EVERYWHERE = ("macswap", "floor-up", "floor-down", "A", "up", "down", "mixed", "down,csum")
THERE = ("up,zipf", "down,zipf", "up,hot", "down,hot", "up,burst=8", "down,burst=8", "up,burst=32", "down,burst=32", "up,v6", "down,v6",
         "up,frame=imix", "down,frame=imix", "mixed,frame=imix", "up,frame=1400", "down,frame=1400", "mixed,frame=1400")
REPEAT = 6          # samples of a row for each run that was asked for: they are short, and take turns often

PLOTS = [{
    "file": "inproc", "title": "Cost of a packet in process, 98-byte frames", "y": "TSC ticks per packet",
    "series": [(TITLES[k], TITLES[k], {"frame": 98}) for k in ("up", "down", "mixed", "A", "macswap", "floor-up", "floor-down")],
}, {
    "file": "inproc-ratio", "title": "Cost in units of a bare FIB forward (A); dotted: targets", "y": "ticks / A", "ratio": True,
    "targets": True, "series": [(TITLES[k], TITLES[k], {"frame": 98}) for k in ("up", "down", "floor-up", "floor-down")],
}, {
    "file": "inproc-lookup", "title": "Finding the session: direct index and rte_hash", "y": "ticks / A", "ratio": True,
    "series": [(name, name, {"frame": 98}) for name in ("uplink", "uplink with lookup: hash", "downlink",
                                                        "downlink with lookup: hash")],
}]


def rows_for(sessions, quick):
    return EVERYWHERE + (THERE if sessions in PICKED and not quick else ())


def params_of(row, sessions):
    params = {"sessions": sessions, "frame": 98}
    for word in row.split(",")[1:]:
        key, _, value = word.partition("=")
        params[key] = (int(value) if value.isdigit() else value) if value else True
    return params


def measure(ctx, sessions, rows, reps, *options):
    """What the program printed; the whole of it is kept in the result file."""
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
    if row["passes_shared"]:
        of = got["passes"] * len(row["ticks"])
        note.append(f"{row['passes_shared']} of {of} passes did not have the whole of their core")
    return "; ".join(note)


def figures_of(got, sessions):
    rows = {r["row"]: r for r in got["rows"]}
    for name, row in rows.items():
        kind = name.split(",")[0]
        target = TARGETS.get(kind, {}).get(sessions) if kind == name else None
        ceiling = ("A", row["A"])
        if "zipf" in name:
            ceiling, target = ("uniform", rows[kind]["ticks"]), SAME
        yield figure(NAME, TITLES[kind], "ticks", row["ticks"], params_of(name, sessions),
                     ceiling=None if name == "A" else ceiling, target=("<=", target) if target else None, judge="ratio",
                     note=note_of(got, row))


def of_a(row):
    return [ticks / a for ticks, a in zip(row["ticks"], row["A"])]


def run(ctx):
    seen = {}
    for sessions in (1000, 65536) if ctx.quick else SESSIONS:
        got = measure(ctx, sessions, rows_for(sessions, ctx.quick), ctx.runs * (2 if ctx.quick else REPEAT), "--beside")
        seen[sessions] = {r["row"]: r for r in got["rows"]}
        yield from figures_of(got, sessions)
        ctx.progress(f"inproc: {sessions:,} sessions: A {statistics.median(seen[sessions]['A']['ticks']):.1f} ticks; " + ", ".join(
            f"{way} {statistics.median(of_a(seen[sessions][way])):.2f} A" for way in ("up", "down", "mixed")))
    for kind in ("up", "down"):
        if 1000000 in seen:
            yield figure(NAME, TITLES[kind] + ": cost at 1,000,000 sessions over that at 1,000", "ticks / A",
                         of_a(seen[1000000][kind]), ceiling=("1,000 sessions", of_a(seen[1000][kind])),
                         target=("<=", FLATNESS), judge="ratio")
    for sessions in () if ctx.quick else PICKED:
        yield from by_hash(ctx, sessions, seen[sessions])


def by_hash(ctx, sessions, index):
    """The same with three rte_hash tables in the place of the index (dataplane.lookup: hash)."""
    got = measure(ctx, sessions, ["up", "down"], ctx.runs * REPEAT, "--beside", "--dataplane", "lookup: hash", "--no-calibration")
    for row in got["rows"]:
        title = TITLES[row["row"]]
        yield figure(NAME, title + " with lookup: hash", "ticks", row["ticks"], params_of(row["row"], sessions),
                     ceiling=("A", row["A"]), note=note_of(got, row))
        yield figure(NAME, title + ", lookup: hash over index", "ticks / A", of_a(row), {"sessions": sessions},
                     ceiling=("index", of_a(index[row["row"]])))


def ratios(ctx, sessions, reps):
    """What the gate looks at: ticks / A, up and down."""
    got = measure(ctx, sessions, ["up", "down"], reps, "--beside", "--no-calibration")
    return {f"{row['row']} {sessions}": statistics.median(of_a(row)) for row in got["rows"]}
