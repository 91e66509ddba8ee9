# SPDX-License-Identifier: BSD-3-Clause
"""Scenario 2: lnsd at the end of a virtual link.

lnsd has two net_memif ports (server) on CPU 1, its worker and its control core there both; lacsim-dpdk is the LAC and the
core side on CPU 0. On links of the same kind, with the same generator, in the same rotations: dpdk-testpmd macswap (the
ceiling B) and 5tswap, and a bare FIB forward (rig/fibfwd.c). All of them are up all the time; the one that is measured runs,
the others are paused. Each packet is of a session at random. The outer UDP checksum is off, LCP echo and Hello are off.

Samples are labelled near or far by the round trip of a cache line between the two CPUs before and after their rotation;
those of the other mode than most are left out of the figures, and targets hold in near mode only."""
from frame.figures import figure
from rig.held import dial_lnsd
from rig.samples import Samples
from rig.stage import Stage, calibrated, distance

NAME = "link"
HELP = "lnsd over memif against macswap, 5tswap and a bare FIB forward: Mpps, RFC 2544, latency"
MEMORY = 2600

SESSIONS = (1000, 65536, 262144, 1000000)
TARGET = {1000: 0.88, 65536: 0.78, 262144: 0.68, 1000000: 0.64}
FRAMES = ("98", "imix", "1400")
FORWARDERS = ("macswap", "5tswap", "fib")
CEILING = "B: macswap"
SECONDS = 0.5       # a sample
TRIAL_S = 0.3       # of a search

PLOTS = [{
    "file": "link", "title": "lnsd over memif, 98-byte frames", "y": "Mpps",
    "series": [("uplink", "throughput", {"direction": "up", "frame": "98"}),
        ("downlink", "throughput", {"direction": "down", "frame": "98"}),
        ("uplink, 0 loss", "throughput at 0 loss", {"direction": "up"}),
        ("downlink, 0 loss", "throughput at 0 loss", {"direction": "down"})] + [
        (kind, "throughput of " + kind, {}) for kind in FORWARDERS],
}]
LATENCY_S = 0.5
PERCENTS = (10, 50, 90)
CONDITIONS = "memif, lnsd (server) on CPU 1, generator on CPU 0, idle adaptive, both pollers at real-time priority, outer UDP checksum off"


def rotation(stage, ctx, samples, number, pairs, frames):
    before = stage.round_trip()
    for frame in frames:
        turns = [(kind, "loop") for kind in FORWARDERS if kind in pairs and (frame == "98" or kind == "macswap")]
        turns[1:1] = [("lnsd", "up")]
        turns += [("lnsd", "down")]
        for kind, way in turns:
            text = "traffic %s max %g size %s" % (way, SECONDS, frame)
            busy = ticks(pairs[kind]) if kind == "lnsd" else None
            result = stage.phase(pairs[kind], text, 60)
            wrong = result[way]["misdelivered"] + result[way]["corrupted"]
            if wrong:
                raise RuntimeError("%s: %d packets were misdelivered or corrupted: %s" % (kind, wrong, text))
            samples.add(number, (kind, way, frame, "mpps"), result[way]["rx_mpps"])
            samples.add(number, (kind, way, frame, "ticks"), result.get("ticks_per_packet", 0))
            if busy:
                samples.add(number, (kind, way, frame, "busy"), ticks(pairs[kind], busy))
    for way in ("up", "down"):
        most = samples.of[("lnsd", way, "98", "mpps")][-1][1]
        found = stage.phase(pairs["lnsd"], "search %s trial %g step 3 highest %.2f" % (way, TRIAL_S, 1.05 * most), 120, repeats=2,
            light=True)
        samples.add(number, ("lnsd", way, "98", "search"), found["mpps"])
        if not found["mpps"]:
            continue
        percents = ",".join(str(p) for p in PERCENTS)
        points = stage.phase(pairs["lnsd"], "latency %s %s %g" % (way, percents, LATENCY_S), 60, light=True)["points"]
        for point in points:
            for what in ("p50", "p99", "p999"):
                samples.add(number, ("lnsd", way, point["percent"], what), point[way]["latency_ns"][what])
    after = stage.round_trip()
    samples.modes.append(distance(before, after))
    ctx.progress("link: rotation %d, round trip %.0f and %.0f ns (%s): lnsd up %.2f, down %.2f Mpps; macswap %.2f" % (number + 1,
        before, after, samples.modes[-1], *(samples.of[k][-1][1] for k in (("lnsd", "up", "98", "mpps"),
        ("lnsd", "down", "98", "mpps"), ("macswap", "loop", "98", "mpps")))))


def ticks(pair, since=None):
    """The worker's own count: nanoseconds of polls that found packets, and packets; with since: ns a packet."""
    pair.dut.resume()
    w = pair.dut.worker()
    now = (w["busy_ns"], w["rx_packets"])
    if since is None:
        return now
    return (now[0] - since[0]) / max(now[1] - since[1], 1)


def figures(samples, sessions, frames, short=0):
    mode = samples.mode()
    note = "%s; %s" % (samples.note(), CONDITIONS)
    if short:
        note += "; %d samples were repeated for want of CPU" % short
    params = {"sessions": sessions, "mode": mode}
    for frame in frames:
        ceiling = samples.take(("macswap", "loop", frame, "mpps"))
        for way in ("up", "down"):
            target = (">=", TARGET[sessions]) if frame == "98" and mode == "near" and sessions in TARGET else None
            about = dict(params, direction=way, frame=frame)
            yield figure(NAME, "throughput", "Mpps", samples.take(("lnsd", way, frame, "mpps")), about,
                ceiling=(CEILING, ceiling), target=target, judge="ratio", note=note)
            yield figure(NAME, "busy time", "ns/packet", samples.take(("lnsd", way, frame, "busy")), about,
                note="lnsd's worker, its driver's work in it; " + note)
    for kind in FORWARDERS:
        got = samples.take((kind, "loop", "98", "mpps"))
        if got:
            yield figure(NAME, "throughput of " + kind, "Mpps", got, dict(params, direction="loop", frame="98"),
                ceiling=(CEILING, samples.take(("macswap", "loop", "98", "mpps"))), note=note)
    for way in ("up", "down"):
        about = dict(params, direction=way, frame="98")
        yield figure(NAME, "throughput at 0 loss", "Mpps", samples.take(("lnsd", way, "98", "search")), about,
            ceiling=("throughput at max", samples.take(("lnsd", way, "98", "mpps"))),
            note="RFC 2544 binary search to 3 %%, trials of %g s; %s" % (TRIAL_S, note))
        for percent in PERCENTS:
            for what in ("p50", "p99", "p999"):
                got = [ns / 1000 for ns in samples.take(("lnsd", way, percent, what))]
                yield figure(NAME, "latency " + what.replace("999", "99.9"), "us", got, dict(about, load=percent),
                    note="at %d %% of the rate at 0 loss, from generator to generator; %s" % (percent, note))


def one(ctx, sessions, runs, frames):
    samples = Samples()
    with Stage(ctx) as stage:
        pairs = {"lnsd": stage.lnsd(sessions)}
        result = dial_lnsd(stage, pairs["lnsd"], sessions)
        ctx.progress("link: %d sessions up, %.0f a second" % (sessions, result["per_second"]))
        for kind in FORWARDERS:
            pairs[kind] = stage.forwarder(kind, sessions)
        for pair in pairs.values():
            pair.before_others()
        for number in range(runs):
            rotation(stage, ctx, samples, number, pairs, frames)
        return samples, stage.short


def measure(ctx):
    for sessions in SESSIONS[:1] if ctx.quick else SESSIONS:
        frames = FRAMES[:1] if ctx.quick else FRAMES
        samples, short = one(ctx, sessions, ctx.runs, frames)
        yield from figures(samples, sessions, frames, short)


run = calibrated(NAME, measure)
