# SPDX-License-Identifier: BSD-3-Clause
"""Scenario 7: Debian's l2tpns under the same generator, in the same rotations as lnsd.

Each has the link that it is made for: lnsd two net_memif ports, l2tpns kernel sockets and a tun device behind veth pairs,
whose other ends lacsim-dpdk has by net_af_packet. Each has CPU 1, the generator CPU 0. l2tpns is offered several rates and
its best counts. It needs a RADIUS server: set-up is measured with Debian's freeradius and with the small one of this bench
(rig/radius.py), both on CPU 0, where the generator sleeps when it has nothing to do; what is dialled for packet rates
uses the small one."""
import collections
import shutil
import time

from rig import l2tpns
from frame.figures import figure
from rig.lacsim import Lacsim
from rig.held import dial, dial_lnsd
from rig.samples import Samples
from rig.stage import GENERATOR_CPU, Pair, Stage, calibrated, distance

NAME = "peer"
HELP = "the same load on Debian's l2tpns: Mpps each way and sessions per second, beside lnsd"
MEMORY = 1200
LIMIT = 1500        # s: a host on which little is undisturbed has it go on

SIZES = (1000, 50000)   # l2tpns ends at 60,000, and takes the last ones at some 200 a second
TARGET = {1000: {"up": 70, "down": 100}, 50000: {"up": 70, "down": 90}}
OFFERED = ("0.25", "0.35", "0.45", "max")
IN_FLIGHT = 24          # more calls at once overrun its socket buffer
TUNNELS = 16
NEARLY_ALL = 0.99       # it may answer none of the last few calls for minutes
DIALLED = 10000
SECONDS, OURS_SECONDS = 1.0, 0.25
TRIES = 16          # of a sample of lnsd: they are short
PEER_TRIES = 3
AT_MOST_S = 150     # for rotations, while too few were undisturbed
L2TPNS_CPU = 0.93   # of its time; the rest of CPU 1 may be the kernel's, which works for it there
RSIZE = 11          # of the memif links: the best of 8 to 13
LINKS = "lnsd: net_memif, rings of 2,048; l2tpns: kernel sockets and tun over veth, generator by net_af_packet"


def start(stage, sessions, radius, auth):
    dut = l2tpns.L2tpns(stage.folder, stage.namespaces, radius=radius, auth=auth)
    try:
        generator = Lacsim(stage.build, stage.folder, l2tpns.ports(), sessions, tunnels=TUNNELS, lacs=TUNNELS, auth=auth,
            cpu=GENERATOR_CPU, name="lacsim-l2tpns", ns=dut.gen, options=["--in-flight", str(IN_FLIGHT), "--polite"])
    except BaseException:
        dut.end()
        raise
    pair = Pair("l2tpns", dut, generator, dut.program, [dut.thread()], least=L2TPNS_CPU)
    stage.pairs.append(pair)
    return pair


def best_rate(stage, pair, way):
    """What to offer so that most comes through."""
    found = {rate: stage.phase(pair, "traffic %s %s %g" % (way, rate, SECONDS), 60, repeats=1)[way]["rx_mpps"]
        for rate in OFFERED}
    return max(found, key=found.get)


def undisturbed(stage, take, tries):
    """The host moves the CPUs apart and together, and lets other guests share their cores, within seconds: a sample is taken again
    while they were not near, or a core was not ours alone, at both its ends. @return it, the mode, and whether the cores were."""
    for _ in range(tries):
        before, whole = stage.round_trip(), stage.whole
        result = take()
        mode = distance(before, stage.round_trip())
        whole = whole and stage.whole
        if mode == "near" and whole:
            break
    return result, mode, whole


def few(got):
    """Undisturbed rotations."""
    return any(got.quiet((way, "lnsd"), (way, "l2tpns")) < got.enough for way in ("up", "down"))


def traffic(ctx, sessions):
    got = Samples(ctx.runs)
    with Stage(ctx) as stage:
        ours = stage.lnsd(sessions, tunnels=TUNNELS, lacs=TUNNELS, rsize=RSIZE)
        dial_lnsd(stage, ours, sessions, TUNNELS)
        ours.before_others()
        peer = start(stage, sessions, l2tpns.small_radius, "pap")
        result = dial(stage, peer, sessions, TUNNELS, least=NEARLY_ALL)
        ctx.progress("peer: l2tpns has %d sessions up, %.0f a second" % (result["up"], result["per_second"]))
        offered = {way: best_rate(stage, peer, way) for way in ("up", "down")}
        began, number = time.monotonic(), 0
        while number < ctx.runs or (few(got) and time.monotonic() - began < AT_MOST_S):
            for way in ("up", "down"):
                theirs, mode, whole = undisturbed(stage, lambda: stage.phase(peer, "traffic %s %s %g" % (way, offered[way], SECONDS),
                    60), PEER_TRIES)
                mine, our_mode, our_whole = undisturbed(stage, lambda: stage.phase(ours, "traffic %s max %g" % (way, OURS_SECONDS),
                    60), TRIES)
                mode = mode if mode == our_mode else "mixed"
                for key, value in (("l2tpns", theirs[way]["rx_mpps"]), ("share", 100 * theirs["dut_shares"][0]),
                        ("lnsd", mine[way]["rx_mpps"])):
                    got.add(number, (way, key), mode, value, whole and our_whole)
            number += 1
            ctx.progress("peer: %d sessions, lnsd/l2tpns up %.2f/%.3f, down %.2f/%.3f Mpps (%s)" % (sessions, *(got.last((way, who))
                for way in ("up", "down") for who in ("lnsd", "l2tpns")), mode))
    yield from figures(got, sessions, offered, result["up"])


def figures(got, sessions, offered, up):
    note = "%s; l2tpns had %d sessions up; %s" % (got.note(), up, LINKS)
    for way in ("up", "down"):
        params = {"sessions": sessions, "direction": way, "frame": "98"}
        theirs, share = got.take((way, "l2tpns")), got.take((way, "share"))
        judged, unsaid = got.judged((way, "lnsd"), (way, "l2tpns"))
        yield figure(NAME, "l2tpns", "Mpps", theirs, params, note="%s Mpps were offered; l2tpns had %.0f %% of CPU 1; %s"
            % (offered[way], sum(share) / max(len(share), 1), note))
        yield figure(NAME, "lnsd", "Mpps", got.take((way, "lnsd")), params, ceiling=("l2tpns", theirs),
            target=(">=", TARGET[sessions][way]) if judged else None, judge="ratio", note=unsaid + note)


def dialling(ctx, sessions):
    """lnsd with 24 calls at once too, and as it likes."""
    got = collections.defaultdict(list)
    for _ in range(ctx.runs):
        for name, radius in (("freeradius", l2tpns.free_radius), ("own RADIUS", l2tpns.small_radius)):
            with Stage(ctx) as stage:
                got[name].append(dial(stage, start(stage, sessions, radius, "pap"), sessions, TUNNELS)["per_second"])
        for name, options in (("24 calls at once", ["--in-flight", str(IN_FLIGHT)]), ("256 calls at once", [])):
            with Stage(ctx) as stage:
                pair = stage.lnsd(sessions, tunnels=TUNNELS, lacs=TUNNELS, auth="pap", generator_options=options)
                got[name].append(dial_lnsd(stage, pair, sessions, TUNNELS)["per_second"])
        ctx.progress("peer: " + ", ".join("%s %.0f" % (name, rates[-1]) for name, rates in got.items()) + " sessions a second")
    params = {"sessions": sessions, "auth": "pap"}
    for name in ("freeradius", "own RADIUS"):
        yield figure(NAME, "set-up rate of l2tpns", "sessions/s", got[name], dict(params, radius=name),
            note="24 calls at once, more overrun its socket buffer")
    for name in ("24 calls at once", "256 calls at once"):
        yield figure(NAME, "set-up rate of lnsd", "sessions/s", got[name], dict(params, calls=name.split()[0]),
            ceiling=("l2tpns, own RADIUS", got["own RADIUS"]), note="local users")


def measure(ctx):
    if not shutil.which("l2tpns") or not shutil.which("freeradius"):
        raise RuntimeError("l2tpns and freeradius are not installed (tools/packages, test)")
    for sessions in SIZES[:1] if ctx.quick else SIZES:
        yield from traffic(ctx, sessions)
    yield from dialling(ctx, 1000 if ctx.quick else DIALLED)


run = calibrated(NAME, measure)
