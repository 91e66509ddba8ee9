# SPDX-License-Identifier: BSD-3-Clause
"""Scenario 2 again, without a wire: lnsd's worker and lacsim-dpdk in one process (ring/ring.c), over net_ring.

Pointers to packets cross, and nothing is copied: what a packet costs is the worker, and cache lines that are the other CPU's
when they are asked for, those of the packet and of the ring. The worker's thread is macswap, 5tswap and a bare FIB
forward in turn, on the same rings. There is no control core: the sessions are made, by its functions, before. Samples are taken and
labelled as in link, and there are more rotations of lnsd and macswap where few were undisturbed; there are no targets."""
import os
import time

from link import FORWARDERS, PATIENCE_S, PLOTS as LINK_PLOTS, Rotation, few, figures
from rig.lacsim import Lacsim
from rig.proc import Program
from rig.samples import Samples
from rig.stage import DUT_CPU, GENERATOR_CPU, Pair, Stage, calibrated

NAME = "ring"
HELP = "lnsd's worker and the generator in one process, over net_ring: the same against macswap, 5tswap and a FIB forward"
MEMORY = 2600
LIMIT = 1200

SESSIONS = (1000, 65536, 262144, 1000000)
FRAMES = {1000: ("98", "imix", "1400")}
AGAIN_S = 12
EXTRA_S = 60
CONDITIONS = "one process, net_ring of 1,024 places, worker on CPU 1, generator on CPU 0, both at real-time priority, outer UDP checksum off"
PLOTS = [dict(LINK_PLOTS[0], file="ring", title="lnsd over net_ring, 98-byte frames")]


class OneProcess(Lacsim):
    """Generator and worker: paused together."""

    def __init__(self, build, folder, sessions):
        self.program = Program("ring", [os.path.join(build, "tests/bench/ring/bench-ring"), "--sessions", str(sessions), "--cpu",
            str(DUT_CPU), "--control-cpu", str(GENERATOR_CPU)], folder)
        self.at = 0
        self.phase("dut none", 120)     # it answers when the sessions are there
        self.worker = next(t for t, name in self.program.threads().items() if "worker" in name)

    def be(self, kind):
        self.phase("dut " + kind, 10)

    def ticks_per_packet(self):
        return self.phase("busy", 10)["value"]


class Turn(Rotation):
    """All kinds are one pair, which must become what is measured."""

    def phase(self, kind, text, seconds, **how):
        pair = self.pairs[kind]
        pair.resume()
        pair.generator.be(kind)
        pair.pause()
        return super().phase(kind, text, seconds, **how)


def busy(ticks_per_ns):
    def spent(pair):
        pair.resume()
        ticks = pair.generator.ticks_per_packet()
        pair.pause()
        return ticks / ticks_per_ns
    return None, spent


def one(ctx, sessions, frames):
    samples = Samples(ctx.runs)
    with Stage(ctx) as stage:
        both = OneProcess(stage.build, stage.folder, sessions)
        pair = stage.keep(Pair("ring", both, both, both.program, [both.worker])).before_others()
        kinds = ("lnsd",) + FORWARDERS
        patience = PATIENCE_S

        def rotation(number):
            return Turn(stage, samples, number, dict.fromkeys(kinds, pair), dict.fromkeys(kinds, busy(ctx.ticks_per_ns)), AGAIN_S)

        for number in range(ctx.runs):
            patience = stage.wait_near(patience)
            turn = rotation(number)
            for frame in frames:
                turn.rates(frame)
            for way in ("up", "down"):
                turn.lossless(way)
            ctx.progress("ring: rotation %d, round trips of %.0f to %.0f ns: lnsd up %.2f, down %.2f Mpps; macswap %.2f" % (
                number + 1, min(turn.trips), max(turn.trips), *(samples.last((kind, way, "98", "mpps")) for kind, way in (
                ("lnsd", "up"), ("lnsd", "down"), ("macswap", "loop")))))
        began, number = time.monotonic(), ctx.runs
        while few(samples) and time.monotonic() - began < EXTRA_S:
            rotation(number).rates("98", FORWARDERS[:1])
            number += 1
        return samples, stage.short


def measure(ctx):
    for sessions in SESSIONS[:1] if ctx.quick else SESSIONS:
        frames = ("98",) if ctx.quick else FRAMES.get(sessions, ("98",))
        samples, short = one(ctx, sessions, frames)
        yield from figures(samples, sessions, frames, short, NAME, {}, CONDITIONS)


run = calibrated(NAME, measure)
