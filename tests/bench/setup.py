# SPDX-License-Identifier: BSD-3-Clause
"""Scenario 3: set-up and teardown of sessions.

lnsd's control core and its worker share CPU 1 (idle policy adaptive), lacsim-dpdk dials from CPU 0 over net_memif as fast as
the windows allow. The tunnels are there before, with a session each; what counts is from ICRQ to IPCP open, with local
users. Receive window 256 on both sides, LCP echo and Hello at their defaults, rings of 4,096 slots."""
import collections

from frame.figures import figure
from rig.held import DEEP, Case, dial_lnsd, samples
from rig.stage import HAD_CPU, Stage, calibrated

NAME = "setup"
HELP = "sessions per second (PAP, CHAP, 1 and 64 LACs), a LAC's reboot, teardown of 100,000 beside traffic"
MEMORY = 1400

RATE = 20000
LAST_TO_FIRST = 0.8
CASES = (Case("chap", 64, 10000), Case("chap", 64, 100000), Case("chap", 64, 500000), Case("pap", 64, 100000),
    Case("chap", 1, 60000))
QUICK = (Case("chap", 64, 10000), Case("chap", 1, 10000))
CONDITIONS = "control core and worker on CPU 1, lacsim on CPU 0, idle adaptive, receive window 256, memif of 4,096 slots"
PLOTS = [{
    "file": "setup", "title": "Set-up rate, ICRQ to IPCP open, CHAP, 64 LACs", "y": "sessions per second",
    "series": [("set-up rate", "set-up rate", {"auth": "chap", "lacs": 64})],
}]
TORN, OTHERS, PER_TUNNEL = 100000, 10000, 1250
BESIDE = 1          # Mpps each way of the sessions that stay


def dropped(got):
    sums = collections.Counter()
    for g in got:
        sums.update(g["drops"])
    return ", ".join("%d %s" % (n, name) for name, n in sums.items()) or "nothing"


def rates(case, got):
    params = {"auth": case.auth, "lacs": case.lacs, "sessions": case.sessions}
    of = lambda key: [g[key] for g in got]
    aimed = case.auth == "chap" and case.lacs == 64     # the case that the targets are about
    resent, short = sum(of("resent")), sum(g["had_cpu"] < HAD_CPU for g in got)
    yield figure(NAME, "set-up rate", "sessions/s", of("per_second"), params, target=(">=", RATE) if aimed else None,
        note="%s; in all runs %d control messages were sent again, lnsd dropped %s; in %d of %d runs others had"
            " a CPU for more than 1.5 %% of the time" % (CONDITIONS, resent, dropped(got), short, len(got)))
    yield figure(NAME, "last tenth to first", "ratio", of("last_to_first"), params, target=(">=", LAST_TO_FIRST) if aimed else None,
        note=CONDITIONS)
    for tenth in range(10):
        yield figure(NAME, "set-up rate of a tenth", "sessions/s", [g["slices"][tenth] for g in got], dict(params, tenth=tenth + 1))
    for i, who in enumerate(("worker", "control core")):
        yield figure(NAME, "CPU of the " + who, "%", [100 * g["shares"][i] for g in got], params, note="of CPU 1, during set-up; the worker's polls of empty rings are in it")
        yield figure(NAME, "CPU time of a set-up, " + who, "us", [g["each_us"][i] for g in got], params)
    for what in ("median", "p99"):
        yield figure(NAME, "time of one set-up, " + what, "ms", [g["setup_ms"][what] for g in got], params,
            note="with all calls in progress that lacsim allows")
    yield figure(NAME, "teardown of all", "s", of("teardown_s"), params, note="StopCCN on every tunnel, until all are acknowledged")


def reboot(ctx, sessions, runs):
    """The LAC forgets everything and dials again while the LNS still holds what was."""
    got = []
    for _ in range(runs):
        with Stage(ctx) as stage:
            pair = stage.lnsd(sessions, rsize=DEEP, echo="30s", hello="60s", spare=sessions)
            dial_lnsd(stage, pair, sessions)
            stage.once(pair, "teardown silent", 60)
            again = stage.once(pair, "setup %d timeout 120" % sessions, 140)
            if not again.get("ok"):
                raise RuntimeError("after the reboot: %s" % again)
            got.append(again["seconds"])
        ctx.progress("setup: %d sessions are up %.2f s after the LAC's reboot" % (sessions, got[-1]))
    yield figure(NAME, "up again after a LAC's reboot", "s", got, {"sessions": sessions, "lacs": 64, "auth": "chap"},
        note="without a word the LAC comes back with new tunnels; lnsd has room for the old sessions too; " + CONDITIONS)


def teardown(ctx, torn, others, runs):
    """So many end at once while the others have traffic; before it the same traffic alone."""
    ended, tunnels = torn // PER_TUNNEL, (torn + others) // PER_TUNNEL
    found, lost = {"alone": [], "beside": []}, []
    seconds = []
    for _ in range(runs):
        with Stage(ctx) as stage:
            pair = stage.lnsd(torn + others, rsize=DEEP, tunnels=tunnels, lacs=64)
            dial_lnsd(stage, pair, torn + others, tunnels)
            pair.before_others(worker=False)
            alone = stage.phase(pair, "traffic both %g 2" % BESIDE, 60, light=True)
            beside = stage.once(pair, "teardown stopccn tunnels %d for 4 with both %g" % (ended, BESIDE), 60)
            if not beside.get("ok") or beside["sessions"] != ended * PER_TUNNEL:
                raise RuntimeError("teardown: %s" % beside)
        seconds.append(beside["seconds"])
        for key, traffic in (("alone", alone), ("beside", beside["traffic"])):
            found[key].append({way: traffic[way]["latency_ns"]["p999"] / 1000 for way in ("up", "down")})
        lost.append(sum(beside["traffic"][way]["lost"] for way in ("up", "down")))
        ctx.progress("setup: teardown of %d in %.2f s, %d packets of the others lost" % (ended * PER_TUNNEL, seconds[-1], lost[-1]))
    params = {"torn": ended * PER_TUNNEL, "others": others}
    yield figure(NAME, "teardown at once", "s", seconds, params, note="StopCCN on %d tunnels; %s" % (ended, CONDITIONS))
    for way in ("up", "down"):
        yield figure(NAME, "latency p99.9 of the others", "us", [f[way] for f in found["beside"]], dict(params, direction=way),
            ceiling=("without teardown", [f[way] for f in found["alone"]]), note="%g Mpps each way; %s" % (BESIDE, CONDITIONS))
    yield figure(NAME, "packets of the others lost", "packets", lost, params, target=("<=", 0), judge="worst")


def measure(ctx):
    for case in QUICK if ctx.quick else CASES:
        yield from rates(case, samples(ctx, case, ctx.runs))
    yield from reboot(ctx, 10000 if ctx.quick else 100000, ctx.runs)
    if not ctx.quick:
        yield from teardown(ctx, TORN, OTHERS, ctx.runs)


run = calibrated(NAME, measure)
