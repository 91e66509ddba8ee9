# SPDX-License-Identifier: BSD-3-Clause
"""Samples of rotations, each of which was near or far."""
import collections


class Samples:
    """What the rotations brought, by what and mode."""

    def __init__(self):
        self.of = collections.defaultdict(list)
        self.modes = []

    def add(self, rotation, key, value):
        self.of[key].append((rotation, value))

    def mode(self):
        """That of most rotations; near where it is a draw."""
        count = collections.Counter(self.modes)
        return max(count, key=lambda m: (count[m], m == "near"))

    def note(self):
        return "%s mode (rotations: %s)" % (self.mode(), " ".join(self.modes))

    def take(self, key):
        mode = self.mode()
        return [value for rotation, value in self.of[key] if self.modes[rotation] == mode]
