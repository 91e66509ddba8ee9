# SPDX-License-Identifier: BSD-3-Clause
"""What a scenario is given."""
import json
import os
import subprocess
import sys
import time


class Context:
    """source, build: folders. runs: samples of each figure at least. quick: a short look instead of a measurement.
    cpus: those that we may use. hugepages: False = there are none, and figures must say so."""

    def __init__(self, source, build, runs=5, quick=False, prefix=()):
        self.source, self.build, self.runs, self.quick = str(source), str(build), runs, quick
        self.prefix, self.hugepages = list(prefix), True
        self.cpus = sorted(os.sched_getaffinity(0))
        self.calibration, self.raw = [], []
        self.began = time.monotonic()

    def progress(self, text):
        print(f"[{time.monotonic() - self.began:4.0f} s] {text}", file=sys.stderr, flush=True)

    def program(self, path):
        """A program of the build, by its path in it."""
        return os.path.join(self.build, path)

    def run(self, argv, timeout=300):
        """Run a program that prints one JSON value; what it says on stderr is passed on. @return the value."""
        argv = self.prefix + [str(a) for a in argv]
        done = subprocess.run(argv, stdout=subprocess.PIPE, text=True, timeout=timeout, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(argv)}: exit status {done.returncode}")
        return json.loads(done.stdout)

    def calibrated(self, scenario, before, after):
        """Keep what the machine was like before and after."""
        self.calibration.append({"scenario": scenario, "before": before, "after": after})

    def keep(self, scenario, value):
        """Keep what a program printed in the result file, as it is."""
        self.raw.append({"scenario": scenario, "value": value})
