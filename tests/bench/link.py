# SPDX-License-Identifier: BSD-3-Clause
"""Scenario 2: lnsd at the end of a virtual link.

lnsd has two net_memif ports (server) on CPU 1, its worker and its control core there both; lacsim-dpdk is the LAC and the
core side on CPU 0. On links of the same kind, with the same generator, in the same rotations: dpdk-testpmd macswap (the
ceiling B) and 5tswap, and a bare FIB forward (rig/fibfwd.c). All of them are up all the time; the one that is measured runs,
the others are paused. Each packet is of a session at random. The outer UDP checksum is off, LCP echo and Hello are off.

A sample of a rate, whoever's it is, is taken again while the CPUs were not near, or another guest had a part of a core of theirs,
before or after it, as long as the patience for that lasts: who has time to spare would else hide it, and who has none not. Where
too few were undisturbed, there are more rotations, of lnsd and the ceiling only.
Each sample is labelled near or far by the round trip of a cache line between the two CPUs before and after it; those of
another mode than most are left out of the figures, and targets hold in near mode only. Beside Mpps stands the time that lnsd
and macswap were busy by packet: where the generator or the link is the limit, only that tells them apart."""
import time

from frame.figures import figure
from rig.held import dial_lnsd
from rig.samples import Samples
from rig.stage import Stage, calibrated, distance

NAME = "link"
HELP = "lnsd over memif against macswap, 5tswap and a bare FIB forward: Mpps, RFC 2544, latency"
MEMORY = 2600
LIMIT = 1500        # s: a host on which little is undisturbed has it go on

SESSIONS = (1000, 65536, 262144, 1000000)
TARGET = {1000: 0.88, 65536: 0.78, 262144: 0.68, 1000000: 0.64}
FRAMES = {1000: ("98", "imix", "1400"), 65536: ("98",), 262144: ("98",), 1000000: ("98", "imix", "1400")}
FORWARDERS = ("macswap", "5tswap", "fib")
CEILING = "B: macswap"
SECONDS = 0.4       # a sample
TRIAL_S = 0.25      # of a search
TRIAL_LEAST = 0.01  # Mpps; where less came through there is nothing to search

PLOTS = [{
    "file": "link", "title": "lnsd over memif, 98-byte frames", "y": "Mpps",
    "series": [("uplink", "throughput", {"direction": "up", "frame": "98"}),
        ("downlink", "throughput", {"direction": "down", "frame": "98"}),
        ("uplink, 0 loss", "throughput at 0 loss", {"direction": "up"}),
        ("downlink, 0 loss", "throughput at 0 loss", {"direction": "down"})] + [
        (kind, "throughput of " + kind, {}) for kind in FORWARDERS],
}]
LATENCY_S = 0.3
PATIENCE_S = 20     # in all rotations of a number of sessions, for the two CPUs to be near when one begins
AGAIN_S = 15        # in a rotation, for samples that are taken again
EXTRA_S = 90        # for more rotations, by number of sessions
IN_FLIGHT = 200     # calls at once: what they send fits into a ring of 1,024
PERCENTS = (10, 50, 90)
CONDITIONS = "memif, lnsd (server) on CPU 1, generator on CPU 0, idle adaptive, both pollers at real-time priority, outer UDP checksum off"


class Rotation:
    """One sample of everything, each between two round trips. busy: by kind, what to do before a sample, and what says how
    many ns a packet kept it busy in it."""

    def __init__(self, stage, samples, number, pairs, busy, again_s=AGAIN_S):
        self.stage, self.samples, self.number, self.pairs = stage, samples, number, pairs
        self.busy, self.again_s = busy, again_s
        self.trip = stage.round_trip()
        self.trips = [self.trip]
        self.whole = self.quiet = False     # of the last phase: both cores ours alone, and near too, at both its ends

    def phase(self, kind, text, seconds, **how):
        """@return the phase's result and its mode."""
        whole = self.stage.whole
        result = self.stage.phase(self.pairs[kind], text, seconds, **how)
        before, self.trip = self.trip, self.stage.round_trip()
        self.trips.append(self.trip)
        mode = distance(before, self.trip)
        self.whole = whole and self.stage.whole
        self.quiet = mode == "near" and self.whole
        return result, mode

    def rate(self, kind, way, frame):
        begin, busy = self.busy.get(kind, (None, None))
        text = "traffic %s max %g size %s" % (way, SECONDS, frame)
        while True:
            began = time.monotonic()
            if begin:
                begin(self.pairs[kind])
            result, mode = self.phase(kind, text, 60)
            if self.quiet or self.again_s <= 0:
                break
            self.again_s -= time.monotonic() - began
        wrong = result[way]["misdelivered"] + result[way]["corrupted"]
        if wrong:
            raise RuntimeError("%s: %d packets were misdelivered or corrupted: %s" % (kind, wrong, text))
        for what, value in (("mpps", result[way]["rx_mpps"]), ("generator", 100 * result.get("busy_share", 0)),
                ("busy", busy(self.pairs[kind]) if busy else None)):
            if value is not None:
                self.samples.add(self.number, (kind, way, frame, what), mode, value, self.whole)

    def rates(self, frame, forwarders=FORWARDERS):
        turns = [(kind, "loop") for kind in forwarders if kind in self.pairs and (frame == "98" or kind == "macswap")]
        turns[1:1] = [("lnsd", "up")]
        for kind, way in turns + [("lnsd", "down")]:
            self.rate(kind, way, frame)

    def lossless(self, way):
        most = self.samples.last(("lnsd", way, "98", "mpps"))
        if most < TRIAL_LEAST:
            return
        found, mode = self.phase("lnsd", "search %s trial %g step 3 highest %.2f" % (way, TRIAL_S, 1.05 * most), 120, repeats=2,
            light=True)
        self.samples.add(self.number, ("lnsd", way, "98", "search"), mode, found["mpps"])
        if not found["mpps"]:
            return
        result, mode = self.phase("lnsd", "latency %s %s %g" % (way, ",".join(map(str, PERCENTS)), LATENCY_S), 60, light=True)
        for point in result["points"]:
            for what in ("p50", "p99", "p999"):
                self.samples.add(self.number, ("lnsd", way, point["percent"], what), mode, point[way]["latency_ns"][what] / 1000)


# What a program itself says of its polls that found packets: ns a packet since the beginning of the sample.

def lnsd_begin(pair):
    pair.dut.resume()
    w = pair.dut.worker()
    pair.was = w["busy_ns"], w["rx_packets"]
    pair.pause()


def lnsd_busy(pair):
    ns, packets = pair.was
    lnsd_begin(pair)
    return (pair.was[0] - ns) / max(pair.was[1] - packets, 1)


def testpmd_begin(pair):
    pair.dut.resume()
    pair.dut.forget()
    pair.pause()


def testpmd_busy(pair):
    pair.dut.resume()
    ticks = pair.dut.ticks_per_packet()
    pair.pause()
    return ticks / pair.ticks_per_ns


BUSY = {"lnsd": (lnsd_begin, lnsd_busy), "macswap": (testpmd_begin, testpmd_busy)}


def against(samples, key, ceiling):
    """Samples beside those of the ceiling; without those where no rotation has both."""
    mine, theirs = samples.beside(key, ceiling)
    return {"samples": mine, "ceiling": (CEILING, theirs)} if mine else {"samples": samples.take(key)}


def figures(samples, sessions, frames, short=0, name=NAME, targets=TARGET, conditions=CONDITIONS):
    note = "%s; %s" % (samples.note(), conditions)
    if short:
        note += "; %d samples were repeated for want of CPU" % short
    params = {"sessions": sessions, "mode": samples.mode()}
    for frame in frames:
        for way in ("up", "down"):
            mine, theirs = ("lnsd", way, frame, "mpps"), ("macswap", "loop", frame, "mpps")
            target, unsaid = None, ""
            if frame == "98" and sessions in targets:
                judged, unsaid = samples.judged(mine, theirs)
                target = (">=", targets[sessions]) if judged else None
            about = dict(params, direction=way, frame=frame)
            spent = samples.take(("lnsd", way, frame, "generator"))
            yield figure(name, "throughput", "Mpps", params=about, target=target, judge="ratio",
                note="%sthe generator was busy for %.0f %% of the time; %s" % (unsaid, sum(spent) / max(len(spent), 1), note),
                **against(samples, mine, theirs))
            yield figure(name, "busy time", "ns/packet", params=about, note="polls that found packets, its driver's work in it; "
                + note, **against(samples, ("lnsd", way, frame, "busy"), ("macswap", "loop", frame, "busy")))
    for kind in FORWARDERS:
        about = dict(params, direction="loop", frame="98")
        yield figure(name, "throughput of " + kind, "Mpps", params=about, note=note,
            **against(samples, (kind, "loop", "98", "mpps"), ("macswap", "loop", "98", "mpps")))
    for way in ("up", "down"):
        about = dict(params, direction=way, frame="98")
        mine, most = samples.beside(("lnsd", way, "98", "search"), ("lnsd", way, "98", "mpps"))
        yield figure(name, "throughput at 0 loss", "Mpps", mine, about, ceiling=("throughput at max", most),
            note="RFC 2544 binary search to 3 %%, trials of %g s; %s" % (TRIAL_S, note))
        for percent in PERCENTS:
            for what in ("p50", "p99", "p999"):
                yield figure(name, "latency " + what.replace("999", "99.9"), "us", samples.take(("lnsd", way, percent, what)),
                    dict(about, load=percent), note="at %d %% of the rate at 0 loss, from generator to generator; %s" % (percent,
                    note))


def few(samples):
    """Undisturbed ones that a target is about."""
    return any(samples.quiet(("lnsd", way, "98", "mpps"), ("macswap", "loop", "98", "mpps")) < samples.enough for way in ("up", "down"))


def one(ctx, sessions, runs, frames):
    samples = Samples(runs)
    with Stage(ctx) as stage:
        pairs = {"lnsd": stage.lnsd(sessions, generator_options=["--in-flight", str(IN_FLIGHT)])}
        result = dial_lnsd(stage, pairs["lnsd"], sessions)
        ctx.progress("link: %d sessions up, %.0f a second" % (sessions, result["per_second"]))
        for kind in FORWARDERS:
            pairs[kind] = stage.forwarder(kind, sessions)
        for pair in pairs.values():
            pair.before_others()
        pairs["macswap"].ticks_per_ns = ctx.ticks_per_ns
        patience = PATIENCE_S
        for number in range(runs):
            patience = stage.wait_near(patience)
            turn = Rotation(stage, samples, number, pairs, BUSY)
            for frame in frames:
                turn.rates(frame)
            for way in ("up", "down"):
                turn.lossless(way)
            ctx.progress("link: rotation %d, round trips of %.0f to %.0f ns: lnsd up %.2f, down %.2f Mpps; macswap %.2f" % (
                number + 1, min(turn.trips), max(turn.trips), *(samples.last(k) for k in (("lnsd", "up", "98", "mpps"),
                ("lnsd", "down", "98", "mpps"), ("macswap", "loop", "98", "mpps")))))
        began, number = time.monotonic(), runs
        while few(samples) and time.monotonic() - began < EXTRA_S:
            Rotation(stage, samples, number, pairs, BUSY).rates("98", FORWARDERS[:1])
            number += 1
        if number > runs:
            ctx.progress("link: %d more rotations" % (number - runs))
        return samples, stage.short


def measure(ctx):
    for sessions in SESSIONS[:1] if ctx.quick else SESSIONS:
        frames = FRAMES[sessions][:1] if ctx.quick else FRAMES[sessions]
        samples, short = one(ctx, sessions, ctx.runs, frames)
        yield from figures(samples, sessions, frames, short)


run = calibrated(NAME, measure)
