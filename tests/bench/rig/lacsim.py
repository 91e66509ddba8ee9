# SPDX-License-Identifier: BSD-3-Clause
"""lacsim-dpdk, told phase by phase on its standard input (docs/lacsim.md)."""
import json
import os

from . import lnsd
from .proc import Failed, OneProgram, Program


class Lacsim(OneProgram):
    def __init__(self, build, folder, ports, sessions, tunnels=64, lacs=64, auth="chap", cpu=0, name="lacsim", ns=None,
            memory_mib=128, hugepages=True, options=()):
        argv = [os.path.join(build, "tools/lacsim/lacsim-dpdk"), "--lns", lnsd.LNS, "--address", lnsd.LAC + "/24",
            "--port", ports[0], "--core-port", ports[1], "--core-address", lnsd.CORE_HOST + "/24", "--core-gateway",
            lnsd.CORE_LNS, "--memory", str(memory_mib), "--cpu", str(cpu), "--tunnels", str(tunnels), "--lacs",
            str(lacs), "--sessions", str(sessions), "--user", lnsd.USER, "--password", lnsd.PASSWORD, "--auth", auth,
            "--phases", "-"]
        argv += (["--hugepages"] if hugepages else []) + list(options)
        self.program = Program(name, argv, folder, ns=ns)
        self.at = 0

    def phase(self, text, seconds):
        """Run one phase; its result."""
        self.begin(text)
        return self.result(seconds)

    def begin(self, text):
        try:
            self.program.say(text)
        except (BrokenPipeError, OSError) as e:
            raise Failed("%s has ended: %s\n%s" % (self.program.name, e, self.program.tail())) from e

    def result(self, seconds):
        line, self.at = self.program.wait_line(r"^\{", seconds, self.at)
        return json.loads(line)

    def end(self):
        """End of its input is the end of its phases."""
        self.program.resume()
        try:
            self.program.process.stdin.close()
        except OSError:
            pass
        return self.program.end(5)
