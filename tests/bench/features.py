# SPDX-License-Identifier: BSD-3-Clause
"""Scenario 8: what features add to a packet, and what drops cost.

The program of scenario 1. Each row is next to the same packets without the feature, in the same rotations. A dropped packet
is freed by the worker, so it is compared with packets that are forwarded and freed as a device does when it has sent them.
The base has source check, TTL, the inner header's checksum, MSS clamp and counters on, the outer UDP checksum off, and no policer."""
import statistics

from frame.figures import figure
from inproc import SAME, TITLES, measure, note_of

NAME = "features"
HELP = "ticks that ACFC, PFC, L and S bits, IPv6, source check, MSS clamp, policer and UDP checksums add; drops against forwards"
MEMORY = 1200
REPEAT = 6  # samples for each run that was asked for

SESSIONS = (1000, 262144)
# row, the row that it is compared with, what it is
ADDED = (
    ("up,acfc", "up", "ACFC from the peer"),
    ("up,pfc", "up", "PFC from the peer"),
    ("up,l", "up", "L bit"),
    ("up,s", "up", "S bit, checked"),
    ("up,acfc,pfc,l,s", "up", "ACFC, PFC, L and S"),
    ("up,v6", "up", "IPv6 inside"),
    ("up,nosrc", "up", "source check off"),
    ("up,policed", "up", "policer"),
    ("up,policed,v6", "up,v6", "policer, IPv6"),
    ("up,tcp,frame=128", "up,frame=128", "TCP with MSS clamp on"),
    ("up,syn,frame=128", "up,frame=128", "TCP SYN, MSS lowered"),
    ("down,acfc,pfc", "down", "ACFC and PFC to the peer"),
    ("down,s", "down", "S bit, numbered"),
    ("down,v6", "down", "IPv6 inside"),
    ("down,policed", "down", "policer"),
    ("down,policed,v6", "down,v6", "policer, IPv6"),
    ("down,syn,frame=128", "down,frame=128", "TCP SYN, MSS lowered"),
    ("down,csum", "down", "UDP checksum by software"),
    ("down,csum,offload", "down", "UDP checksum by the port"),
    ("down,csum,frame=1400", "down,frame=1400", "UDP checksum by software, 1,400 bytes"),
)
DROPPED = (
    ("up,spoofed", "up,free", "spoofed source dropped"),
    ("up,unknown", "up,free", "unknown session dropped"),
    ("up,spoofed,v6", "up,v6,free", "spoofed source dropped, IPv6"),
    ("up,over", "up,policed,free", "above the rate dropped"),
    ("down,over", "down,policed,free", "above the rate dropped, downlink"),
    ("down,unknown", "down,free", "address of nobody dropped"),
    ("down,unknown,v6", "down,v6,free", "prefix of nobody dropped"),
)
STAGES = ("classify", "core_rx", "steer", "l2tp_rx", "ppp_rx", "ip_rx", "l2tp_tx", "port_tx", "punt_tx", "drop_all")
PLOTS = [{
    "file": "features", "title": "What features add to a packet, 262,144 sessions", "y": "TSC ticks added",
    "bars": [(f"{TITLES[row.split(',')[0]]}, {what}", f"{TITLES[row.split(',')[0]]}, {what}: added", {"sessions": 262144})
             for row, _, what in ADDED],
}, {
    "file": "drops", "title": "A dropped packet in units of a forwarded one, 262,144 sessions", "y": "drop / forward",
    "ratio": True, "bars": [(what, what, {"sessions": 262144}) for _, _, what in DROPPED],
}, {
    "file": "stages", "title": "Ticks by stage, 262,144 sessions, each in a run with time stamps", "y": "TSC ticks per packet",
    "bars": [(f"{TITLES[way]}, {stage}", f"{TITLES[way]}, stage {stage}", {"sessions": 262144})
             for way in ("up", "down") for stage in STAGES],
}]


def run(ctx):
    for sessions in SESSIONS[:1] if ctx.quick else SESSIONS:
        wanted = ADDED[:6] + DROPPED[:1] if ctx.quick else ADDED + DROPPED
        rows = list(dict.fromkeys(name for pair in wanted for name in (pair[1], pair[0])))
        got = measure(ctx, sessions, rows, ctx.runs * (1 if ctx.quick else REPEAT))
        by_row = {r["row"]: r for r in got["rows"]}
        for row, base, what in wanted:
            kind = row.split(",")[0]
            ticks, than = by_row[row]["ticks"], by_row[base]["ticks"]
            params = {"sessions": sessions}
            if (row, base, what) in DROPPED:
                yield figure(NAME, what, "ticks", ticks, params, ceiling=("forwarded", than), target=("<=", SAME),
                             judge="ratio", note=note_of(got, by_row[row]))
                continue
            yield figure(NAME, f"{TITLES[kind]}, {what}: added", "ticks", [a - b for a, b in zip(ticks, than)], params,
                         ceiling=("without", than), note=note_of(got, by_row[row]))
        ctx.progress(f"features: {len(rows)} rows at {sessions:,} sessions")
    if not ctx.quick:
        yield from stages(ctx)


def stages(ctx):
    """Where the ticks go. A time stamp between stages hinders the machine from overlapping them: the sum is more than the
    whole."""
    for sessions in SESSIONS:
        runs = [measure(ctx, sessions, ["up", "down"], 1, "--passes", 64, "--stages", "--no-calibration") for _ in range(ctx.runs)]
        for i, way in enumerate(("up", "down")):
            for stage in STAGES:
                ticks = [got["rows"][i]["stages"].get(stage, 0.0) for got in runs if got["rows"][i]["stages"]]
                if ticks and statistics.median(ticks) >= 0.5:
                    yield figure(NAME, f"{TITLES[way]}, stage {stage}", "ticks", ticks, {"sessions": sessions},
                                 note="a run of its own, a time stamp between stages")
