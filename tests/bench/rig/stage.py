# SPDX-License-Identifier: BSD-3-Clause
"""The stage of a scenario: a folder, namespaces, and pairs of a generator and what it drives. One pair runs at a time, the
others are paused, so that variants take turns within milliseconds. Everything ends with the stage, by whatever way."""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from . import forwarder, lacsim, lnsd
from .net import Namespaces
from .proc import BENCH, MEASURED, Failed, Watch, in_the_child, ordinary, realtime

PREFIX = "lnsd-bench"
GENERATOR_CPU, DUT_CPU = 0, 1
HAD_CPU = 0.985     # a sample in which the worker had less of the CPU time that it wanted is repeated
LIGHT = 0.9         # the same at rates at which it sleeps between bursts: each wake-up waits a little
REPEATS = 4
SETTLE_S = 0.005
LOOK_S = 0.5        # between two looks whether the CPUs are near
BREATH = 0.05       # s between two samples, for all that must run when what is measured goes before it
SLOW = 1.1          # of the best seen: a core that another guest shares is 1.4 or more; as in whole.c
NEAR_NS = 200     # of the round trip of a cache line between the two CPUs: above it they share no cache; as in calib.c


def had(times):
    """Of the time that the worker (the first) wanted its CPU, the part that strangers left to it: what it waited for the
    program's own other threads, which share that CPU by design, is no loss."""
    wanted = times[0]["share"] + times[0]["waited"]
    stolen = max(times[0]["waited"] - sum(t["share"] for t in times[1:]), 0)
    return 1 - stolen / wanted if wanted else 1.0


def note(result, times):
    """Add to a phase's result what CPU its threads had. dut_ran: of the time that the worker wanted, what it really ran."""
    wanted = times[0]["share"] + times[0]["waited"]
    result["dut_had"], result["dut_ran"] = had(times), times[0]["share"] / wanted if wanted else 1.0
    result["dut_shares"], result["dut_seconds"] = [t["share"] for t in times], [t["ran"] for t in times]


class Pair:
    """A generator and the program that it drives. threads: the one that must have had its CPU, at least to a part of
    `least`, and others of the same program that may share it."""

    def __init__(self, name, dut, generator, program, threads, least=HAD_CPU):
        self.name, self.dut, self.generator, self.least = name, dut, generator, least
        self.threads, self.first = threads, False
        self.watch = Watch(program, threads)

    def before_others(self, worker=True):
        """What polls goes before whatever else would like its CPUs, as an isolated CPU would see to. Not the worker where the
        control core needs its part of their CPU."""
        self.first = True
        if worker:
            realtime(MEASURED, self.threads[0])
        else:
            ordinary(self.threads[0])
        realtime(MEASURED, self.generator.program.pid)
        return self

    def pause(self):
        self.generator.pause()
        self.dut.pause()

    def resume(self):
        """A poll in which the program was stopped ends before there are packets, or its own count has the pause in it."""
        self.dut.resume()
        time.sleep(SETTLE_S)
        self.generator.resume()

    def end(self):
        """At no priority any more: one that polls would keep another from its end."""
        if self.first:
            ordinary(self.threads[0])
            ordinary(self.generator.program.pid)
        self.generator.end()
        return self.dut.end()


def calibrated(name, run):
    """run(ctx) between two calibrations of the machine."""
    def between(ctx):
        argv = [ctx.program("tests/bench/rig/calibrate"), str(DUT_CPU), str(GENERATOR_CPU)]
        if len(ctx.cpus) < 2:
            raise RuntimeError("two CPUs are needed: one generates, one forwards")
        before = ctx.run(argv)
        ctx.ticks_per_ns = before["tsc_hz"] / 1e9
        yield from run(ctx)
        ctx.calibrated(name, before, ctx.run(argv))
    return between


class Stage:
    def __init__(self, ctx):
        if not ctx.hugepages:
            raise RuntimeError("hugepages are needed, and there are not enough")
        self.build, self.progress = ctx.build, ctx.progress
        Namespaces.sweep(PREFIX)
        self.tag = PREFIX + str(os.getpid())
        self.folder = tempfile.mkdtemp(prefix=self.tag + "-")
        self.namespaces = Namespaces(self.tag)
        self.ns = None
        self.pairs = []
        self.sockets = 0
        self.best_pace, self.whole = float("inf"), True     # of the cores (round_trip)
        self.short = 0      # samples that did not have their CPU

    def __enter__(self):
        signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
        realtime(BENCH)
        return self

    def __exit__(self, kind, error, trace):
        self.alone(None)
        for pair in reversed(self.pairs):
            try:
                pair.end()
            except (OSError, Failed):
                pass
        ordinary()
        self.namespaces.remove()
        if kind is None or not issubclass(kind, Exception):
            shutil.rmtree(self.folder, ignore_errors=True)
        else:
            self.progress("logs are left in %s" % self.folder)

    def namespace(self):
        """That of lnsd: its taps and routes are there."""
        if not self.ns:
            self.ns = self.namespaces.add("lnsd")
        return self.ns

    def link(self, rsize=10):
        """Devargs of both ends of two new memif links: those of the DUT, those of the generator."""
        self.sockets += 1
        paths = ["%s/%d-%s" % (self.folder, self.sockets, side) for side in ("access", "core")]
        return ([lnsd.memif("server", i, p, rsize) for i, p in enumerate(paths)],
            [lnsd.memif("client", i, p, rsize) for i, p in enumerate(paths)])

    def lnsd(self, sessions, tunnels=64, lacs=64, auth="chap", generator_options=(), rsize=10, **config):
        ours, theirs = self.link(rsize)
        name = "lnsd%d" % self.sockets
        text = lnsd.config(self.folder, ours, sessions, tunnels=tunnels, cpu=DUT_CPU,
            auth={"chap": "chap-md5", "pap": "pap"}[auth], **config)
        dut = lnsd.Lnsd(self.build, self.folder, self.namespace(), text, name=name)
        try:
            for port in ("access", "core"):
                self.namespaces.keep_neighbours(self.ns, port)
            generator = lacsim.Lacsim(self.build, self.folder, theirs, sessions, tunnels=tunnels, lacs=lacs, auth=auth,
                cpu=GENERATOR_CPU, name="lacsim-" + name, options=generator_options)
        except BaseException:
            dut.end()
            raise
        return self.keep(Pair("lnsd", dut, generator, dut.program, dut.workers[:1] + [dut.control]))

    def forwarder(self, kind, sessions):
        """kind: a forwarding mode of testpmd, or "fib"."""
        ours, theirs = self.link()
        if kind == "fib":
            dut = forwarder.FibForward(self.build, self.folder, ours, cpu=DUT_CPU)
        else:
            dut = forwarder.Testpmd(self.folder, ours, kind, cpu=DUT_CPU, other=GENERATOR_CPU)
        try:
            generator = lacsim.Lacsim(self.build, self.folder, theirs, sessions, cpu=GENERATOR_CPU, name="lacsim-" + kind)
            generator.phase("pretend %d" % sessions, 60)
        except BaseException:
            dut.end()
            raise
        return self.keep(Pair(kind, dut, generator, dut.program, [dut.worker()]))

    def keep(self, pair):
        self.pairs.append(pair)
        pair.pause()
        return pair

    def end(self, pair):
        self.pairs.remove(pair)
        return pair.end()

    def alone(self, pair):
        """This pair runs, no other."""
        for other in self.pairs:
            if other is not pair:
                other.pause()
        if pair:
            pair.resume()

    def phase(self, pair, text, seconds, repeats=REPEATS, light=False):
        """One phase of a pair while all others are paused; repeated when its worker did not have its CPU."""
        self.alone(pair)
        for again in range(repeats):
            if again:
                pair.pause()
                time.sleep(BREATH)
                self.alone(pair)
            pair.watch.restart()
            result = pair.generator.phase(text, seconds)
            times = pair.watch.now()
            note(result, times)
            if result["dut_had"] >= (LIGHT if light else pair.least) and result.get("cpu_share", 1) >= HAD_CPU:
                break
            self.short += 1
            self.progress("%s: it had its CPU for %.1f %%, the generator for %.1f %%: %s" % (pair.name, 100 * result["dut_had"],
                100 * result.get("cpu_share", 1), text))
        pair.pause()
        if pair.first:
            time.sleep(BREATH)
        return result

    def once(self, pair, text, seconds):
        """As phase(), for what cannot be repeated (set-up, teardown)."""
        self.alone(pair)
        pair.watch.restart()
        result = pair.generator.phase(text, seconds)
        times = pair.watch.now()
        note(result, times)
        pair.pause()
        return result

    def round_trip(self):
        """ns of a cache line between the two CPUs; everything is paused meanwhile. Tells in self.whole whether both cores were
        ours alone."""
        self.alone(None)
        done = subprocess.run([os.path.join(self.build, "tests/bench/rig/roundtrip"), str(GENERATOR_CPU), str(DUT_CPU)],
            stdout=subprocess.PIPE, text=True, check=True, preexec_fn=in_the_child)
        trip, *paces = map(float, done.stdout.split())
        self.best_pace = min([self.best_pace, *paces])
        self.whole = max(paces) <= SLOW * self.best_pace
        return trip

    def wait_near(self, patience):
        """Wait until the two CPUs are near, in vain if need be. @return what is left of the patience, s."""
        began = time.monotonic()
        while self.round_trip() >= NEAR_NS:
            if time.monotonic() - began >= patience:
                return 0
            time.sleep(LOOK_S)
        return patience - (time.monotonic() - began)


def distance(before, after):
    """The mode of a sample, by the round trip before and after it."""
    near = [t < NEAR_NS for t in (before, after)]
    return "near" if all(near) else "mixed" if any(near) else "far"
