# SPDX-License-Identifier: BSD-3-Clause
"""Samples of rotations, each taken while the two CPUs were near or far: hosts move virtual CPUs at any time."""
import collections


class Samples:
    def __init__(self):
        self.of = collections.defaultdict(list)     # (rotation, mode, value) by what was measured

    def add(self, rotation, key, mode, value):
        self.of[key].append((rotation, mode, value))

    def last(self, key):
        return self.of[key][-1][2] if self.of[key] else None

    def modes(self):
        return collections.Counter(mode for found in self.of.values() for _, mode, _ in found)

    def mode(self):
        """That of most samples; near where it is a draw."""
        count = self.modes()
        return max(count, key=lambda m: (count[m], m == "near"))

    def note(self):
        count = self.modes()
        return "%s mode (all samples: %s)" % (self.mode(), ", ".join("%d %s" % (count[m], m) for m in sorted(count)))

    def take(self, key):
        """The samples of the commonest mode."""
        mode = self.mode()
        return [value for _, m, value in self.of[key] if m == mode]

    def beside(self, key, other):
        """Those of both, of rotations in which both are of the commonest mode."""
        mode = self.mode()
        mine, theirs = ({rotation: value for rotation, m, value in self.of[k] if m == mode} for k in (key, other))
        both = sorted(set(mine) & set(theirs))
        return [mine[r] for r in both], [theirs[r] for r in both]
