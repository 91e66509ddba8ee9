# SPDX-License-Identifier: BSD-3-Clause
"""Debian's l2tpns as the peer of lnsd, with its RADIUS server: Debian's freeradius, or the small one beside this file.

    namespace gen: lac0 <-veth-> lns0, namespace lns: l2tpns, core0 <-veth-> host0 :namespace gen

l2tpns works on kernel sockets and a tun device; Linux forwards between them. The ends lac0 and host0 have no address: a
generator has them, by net_af_packet. l2tpns signals its process group when it ends, so it gets a session of its own."""
import os
import sys
import time

from . import lnsd
from .net import sh
from .proc import Failed, Program

SECRET = "testing123"

FREERADIUS = """prefix = /usr
libdir = /usr/lib/freeradius
run_dir = {folder}
log {{ destination = files
 file = {folder}/radius.log }}
security {{ allow_core_dumps = no
 max_attributes = 200
 reject_delay = 0 }}
max_requests = 65536
client lns {{ ipaddr = 127.0.0.1
 secret = {secret} }}
modules {{
  pap {{ }}
  chap {{ }}
  always ok {{
    rcode = ok
  }}
  files {{ filename = {folder}/users }}
}}
thread pool {{ start_servers = 1
 max_servers = 2
 max_queue_size = 65536 }}
server default {{
  listen {{ type = auth
    ipaddr = 127.0.0.1
    port = 1812 }}
  listen {{ type = acct
    ipaddr = 127.0.0.1
    port = 1813 }}
  authorize {{
    chap
    files
    pap
  }}
  authenticate {{
    Auth-Type PAP {{
      pap
    }}
    Auth-Type CHAP {{
      chap
    }}
  }}
  accounting {{
    ok
  }}
}}
"""

L2TPNS = """set debug 0
set log_file "{folder}/l2tpns.log"
set pid_file "{folder}/l2tpns.pid"
set l2tp_secret ""
set primary_dns 192.0.2.53
set primary_radius 127.0.0.1
set radius_secret "{secret}"
set radius_authtypes "{auth}"
set bind_address {address}
set peer_address {gateway}
set cluster_interface "lo"
set cluster_hb_interval 1
set cluster_hb_timeout 5
set allow_duplicate_users yes
"""


def free_radius(folder, ns, cpu):
    with open(folder + "/users", "w") as f:
        f.write('%s Cleartext-Password := "%s"\n' % (lnsd.USER, lnsd.PASSWORD))
    with open(folder + "/radiusd.conf", "w") as f:
        f.write(FREERADIUS.format(folder=folder, secret=SECRET))
    program = Program("freeradius", ["freeradius", "-f", "-d", folder], folder, ns=ns, cpus=str(cpu))
    listening(program, ns, 1812)
    return program


def small_radius(folder, ns, cpu):
    program = Program("radius", [sys.executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), "radius.py"), SECRET,
        lnsd.USER, lnsd.PASSWORD], folder, ns=ns, cpus=str(cpu))
    program.wait_line("^ready", 10)
    return program


def listening(program, ns, port, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end and program.running():
        if sh("ip", "netns", "exec", ns, "ss", "-Hlun", "sport = :%d" % port).strip():
            return
        time.sleep(0.1)
    program.end(2)
    raise Failed("%s does not listen on port %d:\n%s" % (program.name, port, program.tail()))


class L2tpns:
    def __init__(self, folder, namespaces, cpu=1, radius=small_radius, radius_cpu=0, auth="pap"):
        self.ns, self.gen = namespaces.add("lns"), namespaces.add("gen")
        self.parts = []
        namespaces.cable(self.gen, "lac0", self.ns, "lns0")
        namespaces.cable(self.gen, "host0", self.ns, "core0")
        sh("ip", "-n", self.ns, "addr", "add", lnsd.LNS + "/24", "dev", "lns0")
        sh("ip", "-n", self.ns, "addr", "add", lnsd.CORE_LNS + "/24", "dev", "core0")
        sh("ip", "netns", "exec", self.ns, "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv4.conf.all.rp_filter=0",
            "net.ipv4.conf.default.rp_filter=0")
        try:
            self.start(folder, cpu, radius, radius_cpu, auth)
        except BaseException:
            self.end()
            raise

    def start(self, folder, cpu, radius, radius_cpu, auth):
        self.parts.append(radius(folder, self.ns, radius_cpu))
        home = folder + "/etc-l2tpns"
        os.makedirs(home, exist_ok=True)
        with open(home + "/startup-config", "w") as f:
            f.write(L2TPNS.format(folder=folder, secret=SECRET, auth=auth, address=lnsd.LNS, gateway=lnsd.POOL_FIRST))
        with open(home + "/ip_pool", "w") as f:
            f.write("10.0.0.0/16\n")
        for name in (home + "/users", folder + "/l2tpns.log"):
            open(name, "w").close()
        # the folder of its configuration is compiled in; ip netns exec has a mount namespace of its own
        self.program = Program("l2tpns", ["sh", "-c", "mount --bind %s /etc/l2tpns && exec l2tpns -c /etc/l2tpns/startup-config"
            % home], folder, ns=self.ns, cpus=str(cpu))
        self.parts.append(self.program)
        listening(self.program, self.ns, 1701)

    def pause(self):
        for p in self.parts:
            p.pause()

    def resume(self):
        for p in self.parts:
            p.resume()

    def thread(self):
        return self.program.pid

    def end(self):
        for p in reversed(self.parts):
            p.end(5)
        self.parts = []


def ports():
    """Devargs of the generator's ends."""
    return ["net_af_packet%d,iface=%s,blocksz=4096,framesz=2048,framecnt=8192,qdisc_bypass=1" % (i, dev)
        for i, dev in enumerate(("lac0", "host0"))]
