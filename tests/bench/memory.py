# SPDX-License-Identifier: BSD-3-Clause
"""Scenario 4: memory of lnsd, all told: resident memory and hugepages of the process while it holds N idle sessions and has
room for just as many. The configuration asks for the least DPDK memory that it allows (64 MiB): with hugepages DPDK takes
what it needs, in pages of 2 MiB. What a session costs is the difference of two sizes, (M(500k) - M(1k)) / 499k; what is
left of M(1k) is the fixed part."""
from frame.figures import figure
from rig.held import LACS, Case, samples
from rig.stage import calibrated

NAME = "memory"
HELP = "bytes per session, resident and hugepages, at 1k to 1M held"
MEMORY = 1600

SMALL, LARGE = 1000, 500000
HELD = (SMALL, 10000, 100000, LARGE, 1000000)
QUICK = (SMALL, 10000)
A_SESSION = 1024
PLOTS = [{
    "file": "memory", "title": "Memory of lnsd by session, all told", "y": "bytes",
    "series": [("resident and hugepages", "memory by session, all told", {})],
}]
NOTE = "CHAP, 64 tunnels, IPv4, 32,768 packet buffers of 2 KiB, one worker, two ports"


def totals(got):
    return [g["memory"]["rss"] + g["memory"]["hugepages"] for g in got]


def measure(ctx):
    held = {n: samples(ctx, Case("chap", LACS, n), ctx.runs if n <= 100000 else 1, lasts=False) for n in (QUICK if ctx.quick else HELD)}
    for n, got in held.items():
        params = {"sessions": n}
        yield figure(NAME, "memory, all told", "MiB", [t / 2**20 for t in totals(got)], params, note=NOTE)
        yield figure(NAME, "of it hugepages", "MiB", [g["memory"]["hugepages"] / 2**20 for g in got], params)
        yield figure(NAME, "memory by session, all told", "B", [t / n for t in totals(got)], params,
            note="the fixed part is in it; " + NOTE)
    most = max(n for n in held if n <= LARGE)
    base, top = totals(held[SMALL]), totals(held[most])
    least = min(len(base), len(top))
    each = [(t - b) / (most - SMALL) for t, b in zip(top[:least], base)]
    yield figure(NAME, "memory of a session", "B", each, {"from": SMALL, "to": most},
        target=("<=", A_SESSION) if most == LARGE else None, note="(M(%d) - M(%d)) / %d" % (most, SMALL, most - SMALL))
    yield figure(NAME, "fixed part", "MiB", [(b - e * SMALL) / 2**20 for b, e in zip(base, each)], {}, note=NOTE)


run = calibrated(NAME, measure)
