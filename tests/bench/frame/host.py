# SPDX-License-Identifier: BSD-3-Clause
"""The machine: what it is, its hugepages, and the build that is measured."""
import contextlib
import os
import platform
import re
import subprocess

NR = "/sys/kernel/mm/hugepages/hugepages-2048kB/"


def read(path, default=""):
    try:
        with open(path, encoding="utf-8", errors="replace") as text:
            return text.read()
    except OSError:
        return default


def output(*argv, cwd=None):
    try:
        return subprocess.run(argv, cwd=cwd, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:
        return ""


def processor(cpuinfo):
    """Name, and what tells its kind where the name does not, as in virtual machines."""
    found = {key: re.search(r"^%s\s*: (.*)" % key, cpuinfo, re.M) for key in ("model name", "cpu family", "model")}
    if not all(found.values()):
        return platform.machine()
    cache = read("/sys/devices/system/cpu/cpu0/cache/index2/size").strip()
    return "{} (family {}, model {}{})".format(*(m.group(1).strip() for m in found.values()), f", L2 {cache}" if cache else "")


def machine(source, build):
    cpuinfo, status = read("/proc/cpuinfo"), output(
        "git", "status", "--porcelain", "-uno", "--", ".", ":!docs", cwd=source)
    memory = re.search(r"MemTotal:\s*(\d+)", read("/proc/meminfo"))
    return {
        "cpu": processor(cpuinfo),
        "cpus": len(os.sched_getaffinity(0)),
        "virtual": bool(re.search(r"^flags.*\bhypervisor\b", cpuinfo, re.M)),
        "avx512": "avx512f" in cpuinfo,
        "memory_mib": int(memory.group(1)) // 1024 if memory else None,
        "kernel": platform.release(),
        "dpdk": output("pkg-config", "--modversion", "libdpdk"),
        "compiler": output("cc", "--version").split("\n")[0],
        "commit": output("git", "rev-parse", "HEAD", cwd=source),
        "changed": bool(status),
        "build": os.path.relpath(build, source),
    }


def build_release(source, build, progress):
    """Release build for this machine's CPU, brought up to date."""
    if not os.path.exists(os.path.join(build, "build.ninja")):
        progress(f"configuring {os.path.relpath(build, source)}: release, this machine's CPU")
        subprocess.run(["meson", "setup", build, "--buildtype=release", "-Dcpu=native"], cwd=source, check=True,
                       stdout=subprocess.DEVNULL)
    progress("building")
    done = subprocess.run(["ninja", "-C", build], cwd=source, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stdout[-4000:] + "\nbench: the build failed")


@contextlib.contextmanager
def hugepages(mib, progress):
    """At least mib MiB of free 2 MiB pages while inside; those that were added are given back. Yields False without them."""
    wanted, total, free = (mib + 1) // 2, int(read(NR + "nr_hugepages", "0")), int(read(NR + "free_hugepages", "0"))
    added = 0
    if free < wanted:
        try:
            with open(NR + "nr_hugepages", "w", encoding="ascii") as out:
                out.write(str(total + wanted - free))
            added = int(read(NR + "nr_hugepages", "0")) - total
        except OSError:
            pass
    enough = int(read(NR + "free_hugepages", "0")) >= wanted
    if not enough:
        progress(f"{mib} MiB of hugepages are not to be had: figures without them are NOT comparable")
    try:
        yield enough
    finally:
        if added > 0:
            with open(NR + "nr_hugepages", "w", encoding="ascii") as out:
                out.write(str(int(read(NR + "nr_hugepages", "0")) - added))
