# SPDX-License-Identifier: BSD-3-Clause
"""Scenario 5: forwarding while sessions come and go.

In process (churn.c): the real worker on prepared packets on one CPU, and on another one a thread that takes spare sessions of the
same tunnels down and up by control's own functions: what churn costs a packet is told by this, for nothing else shares the
worker's CPU. Blocks with and without take turns. Beside it the same with LCP begun in each session that comes.

With the process: a fifth of the sessions is hung up (CDN) and dialled again, so many a second; the traffic is that of the others. Rotations
of none, 1,000 and 10,000 a second: at the greatest rate (what forwarding costs), and at a rate well below it (loss, latency).
On two CPUs the control core has to share CPU 1 with the worker, and lacsim dials on the CPU that it sends from: Mpps at the
greatest rate show that too. The cost of forwarding does not: it is the time of the worker's polls that found packets, less
what it waited for the CPU in them, by packet; and less what PPP of a session costs the worker, which was measured when the
sessions were dialled, for each one that comes. What a control core on the same CPU takes from the caches remains in it, and what
PPP costs more between packets than in a row, when its code and the session's records have left the cache."""
from frame.figures import figure
from rig.held import DEEP, dial_lnsd
from rig.samples import Samples
from rig.stage import HAD_CPU, Stage, calibrated, distance

NAME = "churn"
HELP = "Mpps, cost a packet, loss and p99 while 0, 1,000 and 10,000 sessions per second come and go"
MEMORY = 1200

SESSIONS, QUICK = 262144, 10000
RATES = (0, 1000, 10000)
WAYS = {"up": "uplink", "down": "downlink"}
SECONDS = 1.0
BESIDE = 1      # Mpps each way where loss and latency are looked at
CHANGE = 1.03
TRIES = 12


def text(rate, way, mpps):
    if rate:
        return "churn %d %g with %s %s" % (rate, SECONDS, way, mpps)
    return "traffic %s %s %g" % (way, mpps, SECONDS)


class Rotations:
    def __init__(self, stage, pair, ppp_ns):
        self.stage, self.pair, self.ppp_ns = stage, pair, ppp_ns
        self.samples, self.number, self.short = Samples(), 0, 0
        self.trip = stage.round_trip()

    def turn(self, rate, way, mpps):
        """One phase that had its CPU, or the last of some that went as fast as asked; its traffic, busy time of the
        worker without PPP, packets in a poll, and mode."""
        got = None
        for _ in range(TRIES):
            self.pair.resume()
            was = self.pair.dut.worker()
            result = self.stage.once(self.pair, text(rate, way, mpps), 60)
            self.pair.resume()
            now = self.pair.dut.worker()
            before, self.trip = self.trip, self.stage.round_trip()
            if not result.get("ok", True):
                raise RuntimeError("%d a second: %s" % (rate, result))
            traffic = result.get("traffic", result)
            if rate and result["went"] < 0.99 * rate * SECONDS:
                continue
            did = {key: now[key] - was[key] for key in ("busy_ns", "busy_polls", "rx_packets")}
            busy = did["busy_ns"] * result["dut_ran"] - result.get("went", 0) * self.ppp_ns
            got = traffic, busy, did["rx_packets"] / max(did["busy_polls"], 1), distance(before, self.trip)
            if min(result["dut_had"], traffic["cpu_share"]) >= HAD_CPU:
                return got
        if not got:
            raise RuntimeError("%d a second were asked for, %d times in vain: %s" % (rate, TRIES, result))
        self.short += 1
        return got

    def at_most(self, rate):
        traffic, busy, burst, mode = self.turn(rate, "up", "max")
        for what, value in (("mpps", traffic["up"]["rx_mpps"]), ("cost", busy / traffic["up"]["received"]), ("burst", burst)):
            self.samples.add(self.number, (rate, what), mode, value)

    def below(self, rate):
        traffic, busy, _, mode = self.turn(rate, "both", BESIDE)
        ways = [traffic[way] for way in ("up", "down")]
        packets = sum(way["received"] for way in ways)
        for what, value in (("lost", sum(way["lost"] for way in ways)), ("cost, paced", busy / packets),
                ("p99", max(way["latency_ns"]["p99"] for way in ways) / 1000)):
            self.samples.add(self.number, (rate, what), mode, value)

    def run(self, rates):
        for part in (self.at_most, self.below):
            for rate in rates:
                part(rate)
        self.number += 1


def begin(stage, sessions):
    """lnsd with its sessions up, and what PPP of one cost the worker, ns."""
    pair = stage.lnsd(sessions, rsize=DEEP)
    setup = dial_lnsd(stage, pair, sessions)
    pair.resume()
    ppp_ns = pair.dut.worker()["busy_ns"] * setup["dut_ran"] / sessions
    return Rotations(stage, pair.before_others(worker=False), ppp_ns)


def figures(r, sessions, rates):
    samples, note = r.samples, "%s; control core and worker share CPU 1, idle adaptive, rings of 4,096" % r.samples.note()
    if r.short:
        note += "; in %d samples others had a CPU for more than 1.5 %% of the time" % r.short
    less = "busy polls of the worker, less %.1f us for PPP of each session that comes; %s" % (r.ppp_ns / 1000, note)
    for rate in rates:
        params = {"sessions": sessions, "per second": rate, "mode": samples.mode()}

        def beside(what):
            if not rate:
                return {"samples": samples.take((0, what))}
            mine, theirs = samples.beside((rate, what), (0, what))
            return {"samples": mine, "ceiling": ("without churn", theirs)}
        yield figure(NAME, "forwarding rate", "Mpps", params=params, note=note, **beside("mpps"))
        yield figure(NAME, "forwarding cost", "ns/packet", params=params, note="at the greatest rate: bursts are as the generator "
            "makes them, which dials too; " + less, **beside("cost"))
        yield figure(NAME, "packets in a poll", "packets", params=params, note="at the greatest rate", **beside("burst"))
        yield figure(NAME, "forwarding cost, paced", "ns/packet", params=params, note="at %g Mpps each way: bursts grow while the "
            "control core has the CPU, which makes a packet cheaper; %s" % (BESIDE, less), **beside("cost, paced"))
        yield figure(NAME, "packets of untouched sessions lost", "packets", samples.every((rate, "lost")),
            {k: v for k, v in params.items() if k != "mode"}, target=("<=", 0), judge="worst", note="at %g Mpps each way" % BESIDE)
        yield figure(NAME, "latency p99", "us", params=params, note="at %g Mpps each way; %s" % (BESIDE, note), **beside("p99"))


def in_process(ctx, sessions, lcp):
    rate = RATES[-1]
    argv = [ctx.program("tests/bench/churn"), "--sessions", sessions, "--rate", rate, "--reps", ctx.runs * (1 if ctx.quick else 2),
            "--cpu", ctx.cpus[1], "--control-cpu", ctx.cpus[0]]
    got = ctx.run(argv + ["--lcp"] * lcp + ["--no-huge"] * (not ctx.hugepages))
    ctx.keep(NAME, got)
    for key, title in WAYS.items():
        way, params = got[key], {"sessions": sessions, "per second": rate}
        title = "in process, " + title + (", LCP begun" if lcp else "")
        note = "" if got["hugepages"] else "NO HUGEPAGES: not comparable; "
        note += "%.0f to %.0f sessions a second came and went; %d of %d passes did not have the whole of their core" % (
            min(way["per_second"]), max(way["per_second"]), way["passes_shared"], way["passes"])
        fast = min(way["per_second"]) >= 0.99 * rate
        yield figure(NAME, title, "ticks", way["with"] if fast else [], params, ceiling=("without churn", way["without"]),
            target=None if lcp else ("<=", CHANGE), judge="ratio", note=note)
        yield figure(NAME, title + ": packets lost", "packets", [way["lost"]], params, target=("<=", 0), judge="worst",
            note="of %d" % (way["passes"] * got["packets_in_a_pass"]))


def measure(ctx):
    sessions = QUICK if ctx.quick else SESSIONS
    rates = RATES[:2] if ctx.quick else RATES
    for lcp in (False, True) if len(ctx.cpus) > 1 else ():
        yield from in_process(ctx, sessions, lcp)
    with Stage(ctx) as stage:
        r = begin(stage, sessions)
        for _ in range(ctx.runs):
            r.run(rates)
            ctx.progress("churn: " + "; ".join("%d/s %.2f Mpps, %.1f ns, %d lost" % (rate, *(r.samples.last((rate, what)) for what in
                ("mpps", "cost", "lost"))) for rate in rates))
    yield from figures(r, sessions, rates)


run = calibrated(NAME, measure)
