# SPDX-License-Identifier: BSD-3-Clause
"""Scenario 6: two real workers on two CPUs, and what a packet costs that arrives at the wrong one.

C is what a packet costs a worker that owns its session, the mean of both workers (they are not equal, and share the work of a
handed packet); h what giver and owner spend on a handed one beyond C. With every second packet handed over, two workers can do
2C / (C + h/2) of one. The host may move the two CPUs apart from minute to minute: samples with a core-to-core round trip above
NEAR_NS are `far`, and are kept apart. More workers than two are reckoned from C, from the giver's and from the owner's part, by
three ways of steering:
  by id      the port brings a packet to its owner (rte_flow): nothing is handed over
  spread     the port spreads a tunnel's sessions, whoever owns them: (W - 1)/W of the packets are handed over
  one queue  the port knows addresses and ports only: one worker receives the whole tunnel, and its part is the limit"""
from frame.figures import figure

NAME = "handover"
HELP = "two workers on one tunnel: cost of a hand-over, share of twice one worker; 4 to 32 workers reckoned from it"
MEMORY = 2400
LIMIT = 1300        # seconds

NEAR_NS = 200
TURNS = 3           # for each run that was asked for: they are short
SESSIONS = (1000, 1000000)
WAYS = {"up": "uplink", "down": "downlink"}
H_MOST, SHARE_LEAST = 60, 0.95
PATIENCE_S = 480    # for undisturbed turns, for one number of sessions


def parts(way, i):
    """Of one turn of the rotation: C, the giver's and the owner's ticks of a handed packet."""
    giver, owner = way["cross"][i]["busy"]
    return (way["one"][i]["busy"][0] + way["other"][i]["busy"][1]) / 2, giver, owner


def of_one(way, kind, i):
    """What the workers do in a case, in units of one worker that has all to itself: the mean of both."""
    return (way["one"][i]["ticks"] + way["other"][i]["ticks"]) / 2 / way[kind][i]["ticks"]


def limit(c, h):
    """Two workers, every second packet handed over, in units of one worker."""
    return 2 * c / (c + h / 2)


def reckoned(c, giver, owner, workers):
    """Workers on one tunnel in units of one, by way of steering; sessions spread as suits the way best."""
    h = giver + owner - c
    best = 0.0
    for percent in range(101):  # of the sessions that the receiving worker keeps
        keeps = percent / 100
        busiest = max(keeps * c + (1 - keeps) * giver, (1 - keeps) * owner / (workers - 1))
        best = max(best, c / busiest)
    return {"by id": float(workers), "spread": workers * c / (c + h * (workers - 1) / workers), "one queue": best}


def is_near(way, i):
    return max(way[k][i]["round_trip_ns"] for k in way) < NEAR_NS


def is_whole(way, i):
    return not any(way[k][i]["shared"] for k in way)


def picked(way, enough):
    """Turns to look at: the near ones, or all when there is none; of these, those with whole cores, if they are enough.
    @return them, near or far."""
    turns = range(len(way["one"]))
    near = [i for i in turns if is_near(way, i)]
    some = near or list(turns)
    whole = [i for i in some if is_whole(way, i)]
    return whole if len(whole) >= enough else some, "near" if near else "far"


def measured(ctx, sessions):
    reps, patience = (ctx.runs, 3) if ctx.quick else (TURNS * ctx.runs, PATIENCE_S)
    return ctx.run([ctx.program("tests/bench/handover"), "--sessions", sessions, "--reps", reps, "--patience", patience,
        "--cpus", f"{ctx.cpus[0]},{ctx.cpus[1]}"], timeout=patience + 120)


def figures_of(got, key, enough):
    """Judged where there are enough near turns."""
    way, title = got[key], WAYS[key]
    turns, mode = picked(way, enough)
    params = {"sessions": got["sessions"], "mode": mode}
    shared = sum(way[k][i]["shared"] > 0 for k in way for i in turns)
    judged = mode == "near" and len(turns) >= enough
    note = "; ".join(text for text, said in (("NO HUGEPAGES: not comparable", not got["hugepages"]),
        (f"{shared} samples did not have the whole of a core", shared), (f"not judged: {len(turns)} {mode} turns", not judged)) if said)
    all_parts = [parts(way, i) for i in turns]
    c = [p[0] for p in all_parts]
    h = [sum(p[1:]) - p[0] for p in all_parts]
    two = [of_one(way, "half2", i) for i in turns]
    yield figure(NAME, f"{title}, at its owner (C)", "ticks", c, params, note=note)
    for worker, kind in enumerate(("one", "other")):
        yield figure(NAME, f"{title}, at its owner, worker {worker}", "ticks", [way[kind][i]["busy"][worker] for i in turns], params,
                     note=note)
    yield figure(NAME, f"{title}, handed over: more than C (h)", "ticks", h, params,
                 target=("<=", H_MOST) if judged else None, note=note)
    yield figure(NAME, f"{title}, two workers, half handed over", "x one", two, params,
                 ceiling=("2C/(C + h/2)", [limit(*p) for p in zip(c, h)]),
                 target=(">=", SHARE_LEAST) if judged else None, judge="ratio", note=note)
    yield figure(NAME, f"{title}, two workers, nothing handed over", "x one",
                 [of_one(way, "own2", i) for i in turns], params, note=note)
    yield figure(NAME, f"{title}, one receives, two own", "x one",
                 [of_one(way, "one_half", i) for i in turns], params, note=note)
    for workers in (4, 8, 16, 32):
        for how in ("by id", "spread", "one queue"):
            yield figure(NAME, f"{title}, {workers} workers, {how}", "x one", [reckoned(*p, workers)[how] for p in all_parts],
                         params, note="reckoned, not measured")


def run(ctx):
    if len(ctx.cpus) < 2:
        ctx.progress("handover: needs two CPUs")
        return
    for sessions in SESSIONS[:1] if ctx.quick else SESSIONS:
        got = measured(ctx, sessions)
        ctx.keep(NAME, got)
        for key in WAYS:
            yield from figures_of(got, key, ctx.runs)
