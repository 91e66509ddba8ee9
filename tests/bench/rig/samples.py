# SPDX-License-Identifier: BSD-3-Clause
"""Samples of rotations, each taken while the two CPUs were near or far, and their cores ours alone or not: hosts move virtual
CPUs, and let other guests share their cores, at any time."""
import collections

ENOUGH = 5      # samples of cores that were ours alone: where there are so many, the others are left out


class Samples:
    def __init__(self, enough=ENOUGH):
        self.enough = enough
        self.of = collections.defaultdict(list)     # (rotation, mode, whole, value) by what was measured

    def add(self, rotation, key, mode, value, whole=True):
        """whole: both cores were ours alone."""
        self.of[key].append((rotation, mode, whole, value))

    def last(self, key):
        return self.of[key][-1][-1] if self.of[key] else None

    def every(self, key):
        """Of whatever mode."""
        return [value for *_, value in self.of[key]]

    def modes(self):
        return collections.Counter(mode for found in self.of.values() for _, mode, *_ in found)

    def mode(self):
        """That of most samples; near where it is a draw."""
        count = self.modes()
        return max(count, key=lambda m: (count[m], m == "near"))

    def note(self):
        count = self.modes()
        shared = sum(not whole for found in self.of.values() for _, _, whole, _ in found)
        return "%s mode (all samples: %s%s)" % (self.mode(), ", ".join("%d %s" % (count[m], m) for m in sorted(count)),
            "; %d beside another guest" % shared if shared else "")

    def _rotations(self, *keys):
        """Those in which all of them have the commonest mode: of whole cores if these are enough, else all of them."""
        mode = self.mode()
        got = [{rotation: whole for rotation, m, whole, _ in self.of[k] if m == mode} for k in keys]
        both = sorted(set.intersection(*map(set, got)))
        whole = [r for r in both if all(g[r] for g in got)]
        return whole if len(whole) >= self.enough else both

    def _values(self, key, rotations):
        mode = self.mode()
        of = {rotation: value for rotation, m, _, value in self.of[key] if m == mode}
        return [of[r] for r in rotations]

    def take(self, key):
        return self._values(key, self._rotations(key))

    def beside(self, key, other):
        """Those of both, of rotations in which both count."""
        rotations = self._rotations(key, other)
        return self._values(key, rotations), self._values(other, rotations)

    def judged(self, key, other):
        """Are their ratios enough, and near, to hold a target? @return that, and if not, what to say of it."""
        found = len(self._rotations(key, other))
        if self.mode() == "near" and found >= self.enough:
            return True, ""
        return False, "not judged: %d rotations in %s mode; " % (found, self.mode())

    def quiet(self, key, other):
        """Rotations in which both are near, of whole cores."""
        return len(set.intersection(*({r for r, m, whole, _ in self.of[k] if m == "near" and whole} for k in (key, other))))
