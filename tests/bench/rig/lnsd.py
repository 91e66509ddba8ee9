# SPDX-License-Identifier: BSD-3-Clause
"""lnsd under test: its configuration made for the case, start, the questions that lnsctl answers, its threads, its end."""
import ipaddress
import json
import os
import subprocess
import time

from .proc import Failed, OneProgram, Program

LNS, LAC, CORE_LNS, CORE_HOST = "192.0.2.1", "192.0.2.2", "203.0.113.1", "203.0.113.2"
USER, PASSWORD = "bob", "builder"
POOL_FIRST = "10.0.0.1"


def memif(role, number, socket, rsize=10):
    """rsize: log2 of the slots of a ring."""
    return "net_memif%d,role=%s,id=0,socket=%s,socket-abstract=no,rsize=%d,bsize=2048" % (number, role, socket, rsize)


def pool_range(sessions):
    """Room as operators give it: a pool that is filled to its last address gives those at the end in any order."""
    first = ipaddress.IPv4Address(POOL_FIRST)
    return "%s-%s" % (first, first + sessions + sessions // 4 + 64)


def config(folder, ports, sessions, tunnels=64, auth="chap-md5", cpu=1, control_cpu=None, echo="off", hello="off",
        window=256, idle="adaptive", memory_mib=64, mbufs=32768, checksum="off", hugepages=True, spare=0):
    """ports: devargs of access and core. spare: room for more sessions than are meant to be up."""
    room = sessions + spare
    return "\n".join([
        "schema: 1",
        "identity: bench",
        "dataplane:",
        "  workers: 1",
        "  worker-cpus: [%d]" % cpu,
        "  control-cpu: %d" % (cpu if control_cpu is None else control_cpu),
        "  idle: %s" % idle,
        "  hugepages: %s" % ("on" if hugepages else "off"),
        "  memory: %dM" % memory_mib,
        "  mbufs: %d" % mbufs,
        "  max-sessions: %d" % room,
        "  max-tunnels: %d" % max(2 * tunnels, 64),
        "  ports:",
        '    - {name: access, dev: "%s", addresses: [%s/24]}' % (ports[0], LNS),
        '    - {name: core, dev: "%s", addresses: [%s/24]}' % (ports[1], CORE_LNS),
        "l2tp:",
        "  endpoints:",
        "    - {name: v4, address: %s, udp-checksum-data: %s}" % (LNS, checksum),
        "  lac-profiles:",
        "    - {name: lac, hello: %s, window: %d, ppp-profile: ppp}" % (hello, window),
        "ppp-profiles:",
        "  - {name: ppp, auth: [%s], ipv6: off, pool4: pool, echo: {interval: %s}}" % (auth, echo),
        "pools:",
        "  - {name: pool, range: %s}" % pool_range(room),
        "users:",
        "  - {name: %s, password: %s}" % (USER, PASSWORD),
        "api: {socket: %s/api.sock}" % folder,
        "log: {level: warn}",
        "",
    ])


class Lnsd(OneProgram):
    def __init__(self, build, folder, ns, text, name="lnsd"):
        self.build, self.folder, self.ns = build, folder, ns
        path = os.path.join(folder, name + ".yaml")
        with open(path, "w") as f:
            f.write(text)
        self.program = Program(name, [os.path.join(build, "dataplane/lnsd"), "-c", path], folder, ns=ns)
        self.wait_ready()
        threads = self.program.threads()
        self.workers = [t for t, n in sorted(threads.items()) if "worker" in n]
        if not self.workers:
            raise Failed("lnsd has no worker thread among %s" % sorted(threads.values()))
        self.control = self.program.pid

    def wait_ready(self, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not self.program.running():
                break
            try:
                return self.show("summary")
            except (Failed, ValueError):
                time.sleep(0.05)
        tail = self.program.tail()
        self.program.end()
        raise Failed("lnsd does not start:\n" + tail)

    def show(self, what):
        done = subprocess.run([os.path.join(self.build, "tools/lnsctl/lnsctl"), "--socket", self.folder + "/api.sock", "show",
            what, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=30)
        if done.returncode:
            raise Failed("lnsctl show %s: %s" % (what, done.stderr.strip()))
        return json.loads(done.stdout)

    def worker(self):
        return self.show("workers")["workers"][0]

    def drops(self):
        return {d["name"]: d["packets"] for d in self.show("drops")["drops"] if d["packets"]}

    def memory(self):
        return self.program.memory()

    def end(self):
        return self.program.end(15)
