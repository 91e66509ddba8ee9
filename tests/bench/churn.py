# SPDX-License-Identifier: BSD-3-Clause
"""Scenario 5: forwarding while sessions come and go.

A fifth of the sessions is hung up (CDN) and dialled again, so many a second; the traffic is that of the others. Rotations
of none, 1,000 and 10,000 a second, at the greatest rate (what forwarding costs) and at a rate well below it (loss, latency).
On two CPUs the control core has to share CPU 1 with the worker, and lacsim dials on the CPU that it sends from: Mpps at the
greatest rate show that too. The cost of forwarding does not: it is the worker's own time of polls with packets, less what
it waited for the CPU, by packet."""
import collections

from frame.figures import figure
from rig.held import DEEP, dial_lnsd
from rig.stage import Stage, calibrated, distance

NAME = "churn"
HELP = "Mpps, cost a packet, loss and p99 while 0, 1,000 and 10,000 sessions per second come and go"
MEMORY = 1200

SESSIONS, QUICK = 262144, 10000
RATES = (0, 1000, 10000)
SECONDS = 1.5
BESIDE = 1      # Mpps each way where loss and latency are looked at
CHANGE = 1.03


def text(rate, way, mpps):
    if rate:
        return "churn %d %g with %s %s" % (rate, SECONDS, way, mpps)
    return "traffic %s %s %g" % (way, mpps, SECONDS)


def turn(stage, pair, rate, way, mpps):
    pair.resume()
    was = pair.dut.worker()
    result = (stage.once if rate else stage.phase)(pair, text(rate, way, mpps), 60)
    pair.resume()
    now = pair.dut.worker()
    if rate and not result.get("ok"):
        raise RuntimeError("%d a second: %s" % (rate, result))
    packets = now["rx_packets"] - was["rx_packets"]
    return result, (now["busy_ns"] - was["busy_ns"]) * result["dut_had"] / max(packets, 1)


def measure(ctx):
    sessions = QUICK if ctx.quick else SESSIONS
    rates = RATES[:2] if ctx.quick else RATES
    got, modes = collections.defaultdict(list), []
    with Stage(ctx) as stage:
        pair = stage.lnsd(sessions, rsize=DEEP)
        dial_lnsd(stage, pair, sessions)
        for _ in range(ctx.runs):
            before = stage.round_trip()
            for rate in rates:
                result, cost = turn(stage, pair, rate, "up", "max")
                traffic = result.get("traffic", result)
                got[rate, "mpps"].append(traffic["up"]["rx_mpps"])
                got[rate, "cost"].append(cost)
                got[rate, "met"].append(result.get("per_second", 0))
            for rate in rates:
                result, _ = turn(stage, pair, rate, "both", "%g" % BESIDE)
                traffic = result.get("traffic", result)
                got[rate, "lost"].append(sum(traffic[way]["lost"] for way in ("up", "down")))
                got[rate, "p99"].append(max(traffic[way]["latency_ns"]["p99"] for way in ("up", "down")) / 1000)
            modes.append(distance(before, stage.round_trip()))
            ctx.progress("churn: " + "; ".join("%d/s %.2f Mpps, %.1f ns, %d lost" % (rate, got[rate, "mpps"][-1],
                got[rate, "cost"][-1], got[rate, "lost"][-1]) for rate in rates))
    note = "control core and worker share CPU 1; modes of the rotations: " + ", ".join(modes)
    for rate in rates:
        params = {"sessions": sessions, "per second": rate}
        last = rate == RATES[-1]
        if rate:
            yield figure(NAME, "churn reached", "sessions/s", got[rate, "met"], params, note="asked: %d" % rate)
        yield figure(NAME, "forwarding rate", "Mpps", got[rate, "mpps"], params,
            ceiling=("without churn", got[0, "mpps"]) if rate else None, note=note)
        yield figure(NAME, "forwarding cost", "ns/packet", got[rate, "cost"], params,
            ceiling=("without churn", got[0, "cost"]) if rate else None, target=("<=", CHANGE) if last else None,
            judge="ratio", note="the worker's own time; " + note)
        yield figure(NAME, "packets of untouched sessions lost", "packets", got[rate, "lost"], params, target=("<=", 0),
            judge="worst", note="at %g Mpps each way" % BESIDE)
        yield figure(NAME, "latency p99", "us", got[rate, "p99"], params,
            ceiling=("without churn", got[0, "p99"]) if rate else None, note="at %g Mpps each way; %s" % (BESIDE, note))


run = calibrated(NAME, measure)
