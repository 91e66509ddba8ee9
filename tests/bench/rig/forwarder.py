# SPDX-License-Identifier: BSD-3-Clause
"""Forwarders that are no LNS, on the same kind of link: dpdk-testpmd and fibfwd. They are the ceilings of lnsd."""
import json
import os
import re
import subprocess
import time

from .proc import Failed, OneProgram, Program

EAL = ["--no-pci", "--in-memory", "--no-telemetry", "--log-level=*:error"]


class Testpmd(OneProgram):
    """Its main thread, which talks and forwards nothing, is on another CPU: what polls before all others would not let it."""

    def __init__(self, folder, ports, mode, cpu=1, other=0, name=None):
        self.seen = 0
        devs = sum((["--vdev", p] for p in ports), [])
        self.program = Program(name or "testpmd-" + mode, ["stdbuf", "-oL", "dpdk-testpmd", "--lcores", "0@%d,1@%d" % (other, cpu),
            "-m", "128", "--file-prefix", "bench-%s-%d" % (mode, os.getpid())] + EAL + devs + ["--", "-i",
            "--total-num-mbufs=16384", "--nb-cores=1", "--forward-mode=" + mode, "--no-lsc-interrupt"], folder)
        self.program.wait_line("Checking link statuses", 30)
        time.sleep(0.3)
        self.program.say("set record-core-cycles on")
        self.program.say("start")
        time.sleep(0.2)

    def worker(self):
        threads = self.program.threads()
        return [t for t, n in sorted(threads.items()) if "worker" in n][0]

    def forget(self):
        self.program.say("clear fwd stats all\nshow fwd stats all")
        _, self.seen = self.program.wait_line("Accumulated forward statistics", 10, self.seen)

    def ticks_per_packet(self):
        """Since forget(), of the polls that found packets: the driver's work is in it."""
        self.program.say("show fwd stats all")
        _, self.seen = self.program.wait_line("Accumulated forward statistics", 10, self.seen)
        line, self.seen = self.program.wait_line("CPU cycles/packet", 10, self.seen)
        return float(re.search(r"CPU cycles/packet=([\d.]+)", line).group(1))

    def end(self):
        self.program.resume()
        try:
            self.program.say("stop\nquit")
            self.program.process.wait(8)
        except (OSError, subprocess.TimeoutExpired):
            pass
        return self.program.end(2)


class FibForward(OneProgram):
    """Everything that comes from the access port leaves by the core port, and the pool's addresses the other way."""

    def __init__(self, build, folder, ports, cpu=1, name="fibfwd"):
        devs = sum((["--vdev", p] for p in ports), [])
        self.program = Program(name, [os.path.join(build, "tests/bench/rig/fibfwd"), "--lcores", "0@%d" % cpu, "-m", "192",
            "--file-prefix", "bench-fib-%d" % os.getpid()] + EAL + devs + ["--", "0.0.0.0/0=1", "10.0.0.0/8=0"], folder)
        self.program.wait_line("^ready", 30)

    def worker(self):
        return self.program.pid

    def end(self):
        """Ends it; ticks per packet over its life."""
        self.program.end(8)
        for line in self.program.lines:
            if line.startswith("{"):
                return json.loads(line)
        raise Failed("fibfwd said nothing at its end:\n" + self.program.tail())
