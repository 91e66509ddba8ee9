# SPDX-License-Identifier: BSD-3-Clause
"""Network namespaces and cables. Names begin with the tag of this run; what was made is removed at the end."""
import contextlib
import os
import re
import subprocess


def sh(*argv, check=True):
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if check and done.returncode:
        raise RuntimeError("%s: %s" % (" ".join(argv), done.stdout.strip()))
    return done.stdout


class Namespaces:
    def __init__(self, tag):
        self.tag, self.made = tag, []

    @staticmethod
    def sweep(prefix):
        """Remove what runs left behind that were killed: PREFIX, the number of a process that is no more, and a name."""
        for line in sh("ip", "netns", "list").splitlines():
            found = re.match("(%s([0-9]+)-[a-z]+)( |$)" % re.escape(prefix), line)
            if found:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(found.group(2)), 0)
                    continue
                sh("ip", "netns", "del", found.group(1), check=False)

    def add(self, name):
        full = "%s-%s" % (self.tag, name)
        sh("ip", "netns", "add", full)
        self.made.append(full)
        sh("ip", "-n", full, "link", "set", "lo", "up")
        return full

    def cable(self, ns_a, if_a, ns_b, if_b):
        """No offloads: DPDK would see half-done checksums. Quiet: no IPv6 of the kernel's own."""
        sh("ip", "link", "add", if_a, "netns", ns_a, "type", "veth", "peer", "name", if_b, "netns", ns_b)
        for ns, dev in ((ns_a, if_a), (ns_b, if_b)):
            sh("ip", "netns", "exec", ns, "ethtool", "-K", dev, "tx", "off", "rx", "off", "tso", "off", "gso", "off",
                "gro", "off", check=False)
            sh("ip", "netns", "exec", ns, "sysctl", "-qw", "net.ipv6.conf.%s.disable_ipv6=1" % dev, check=False)
            sh("ip", "-n", ns, "link", "set", dev, "up")

    def keep_neighbours(self, ns, dev):
        """Linux asks nobody again: who is paused for seconds cannot answer, and would be forgotten."""
        sh("ip", "netns", "exec", ns, "sysctl", "-qw", "net.ipv4.neigh.%s.base_reachable_time_ms=86400000" % dev,
            "net.ipv4.neigh.%s.ucast_solicit=86400" % dev)

    def remove(self):
        for name in reversed(self.made):
            sh("ip", "netns", "del", name, check=False)
        self.made = []
