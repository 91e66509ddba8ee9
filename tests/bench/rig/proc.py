# SPDX-License-Identifier: BSD-3-Clause
"""Programs that are measured: start them in a namespace, wait for a word, stop the clock for them, read their CPU time, end them.

A paused program (SIGSTOP) takes no CPU, so several that poll without end can take turns on the same CPUs within milliseconds."""
import contextlib
import ctypes
import os
import re
import signal
import subprocess
import threading
import time


PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None)
BENCH, MEASURED = 60, 50     # real-time priorities: who ends a measurement goes before what is measured


class Failed(RuntimeError):
    pass


def keep_nice():
    """Linux gives each session a scheduling group of its own, within which only nice counts; and a new one begins at 0
    whatever ours has. Give the group what the process has, or builds at nice 19 in other sessions take half of the CPU."""
    with contextlib.suppress(OSError), open("/proc/self/autogroup", "w", encoding="ascii") as f:
        f.write(str(os.nice(0)))


def realtime(priority, thread=0):
    """Before everything that is not; who may not stays as it is."""
    with contextlib.suppress(OSError):
        os.sched_setscheduler(thread, os.SCHED_FIFO, os.sched_param(priority))


def ordinary(thread=0):
    with contextlib.suppress(OSError):
        os.sched_setscheduler(thread, os.SCHED_OTHER, os.sched_param(0))


def in_the_child():
    """Whatever ends the bench, even kill -9, leaves no program behind that polls or is paused."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    ordinary()
    keep_nice()


class Program:
    """One running program. Its standard error goes to a file, standard output is read line by line."""

    def __init__(self, name, argv, folder, ns=None, cpus=None):
        self.name = name
        self.log = os.path.join(folder, name + ".log")
        full = (["ip", "netns", "exec", ns] if ns else []) + (["taskset", "-c", cpus] if cpus else []) + argv
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(full, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                start_new_session=True, preexec_fn=in_the_child)
        self.pid = self.process.pid
        self.paused = False
        self.lines = []
        self.news = threading.Condition()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        realtime(BENCH)
        for line in self.process.stdout:
            with self.news:
                self.lines.append(line.decode(errors="replace").rstrip("\n"))
                self.news.notify_all()
        with self.news:
            self.news.notify_all()

    def say(self, text):
        self.process.stdin.write((text + "\n").encode())
        self.process.stdin.flush()

    def running(self):
        return self.process.poll() is None

    def wait_line(self, pattern, seconds, start=0):
        """The first line from number `start` on that matches, and the number after it."""
        end = time.monotonic() + seconds
        expression = re.compile(pattern)
        with self.news:
            while True:
                while start < len(self.lines):
                    start += 1
                    if expression.search(self.lines[start - 1]):
                        return self.lines[start - 1], start
                left = end - time.monotonic()
                if left <= 0 or (not self.running() and not self.reader.is_alive()):
                    raise Failed("%s: no line like %r%s\n%s" % (self.name, pattern,
                        "" if left <= 0 else ": it ended with status %s" % self.process.poll(), self.tail()))
                self.news.wait(min(left, 0.2))

    def tail(self, lines=15):
        try:
            with open(self.log, errors="replace") as f:
                logged = f.read().splitlines()[-lines:]
        except OSError:
            logged = []
        return "\n".join(self.lines[-lines:] + logged)

    def signal(self, number):
        if self.running():
            self.process.send_signal(number)

    def pause(self):
        if not self.paused:
            self.paused = True
            self.signal(signal.SIGSTOP)

    def resume(self):
        if self.paused:
            self.paused = False
            self.signal(signal.SIGCONT)

    def end(self, seconds=10):
        self.resume()
        self.signal(signal.SIGTERM)
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.reader.join(5)
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):
                pipe.close()
        return self.process.returncode

    def threads(self):
        """{thread id: name}"""
        found = {}
        for tid in os.listdir("/proc/%d/task" % self.pid):
            try:
                with open("/proc/%d/task/%s/comm" % (self.pid, tid)) as f:
                    found[int(tid)] = f.read().strip()
            except OSError:
                pass
        return found

    def cpu_seconds(self, tid):
        """How long a thread ran, and how long it waited for a CPU."""
        with open("/proc/%d/task/%d/schedstat" % (self.pid, tid)) as f:
            part = f.read().split()
        return int(part[0]) / 1e9, int(part[1]) / 1e9

    def memory(self):
        """Resident and hugepage bytes of the process."""
        sums = {}
        with open("/proc/%d/smaps_rollup" % self.pid) as f:
            for line in f:
                part = line.split()
                if len(part) == 3 and part[2] == "kB":
                    sums[part[0].rstrip(":")] = int(part[1]) * 1024
        return {"rss": sums["Rss"], "hugepages": sums.get("Private_Hugetlb", 0) + sums.get("Shared_Hugetlb", 0)}


class OneProgram:
    """What consists of one program, self.program: with it, it is paused and goes on."""

    def pause(self):
        self.program.pause()

    def resume(self):
        self.program.resume()


class Watch:
    """CPU time of threads since the start, as parts of the wall time: share, and waited, when it could have run."""

    def __init__(self, program, tids):
        self.program, self.tids = program, list(tids)
        self.restart()

    def restart(self):
        self.at = time.monotonic()
        self.was = [self.program.cpu_seconds(t) for t in self.tids]

    def now(self):
        wall = time.monotonic() - self.at
        out = []
        for tid, (ran_was, waited_was) in zip(self.tids, self.was):
            ran, waited = self.program.cpu_seconds(tid)
            ran, waited = ran - ran_was, waited - waited_was
            out.append({"share": ran / wall, "waited": waited / wall, "ran": ran})
        return out
