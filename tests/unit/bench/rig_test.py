#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""rig_test.py SOURCE LNSD - what the scenarios of whole programs decide and compute, without running any of them but lnsd --check."""
import hashlib
import os
import subprocess
import sys
import tempfile
import time
import unittest
from unittest import mock

SOURCE, LNSD = sys.argv.pop(1), sys.argv.pop(1)
sys.path.insert(0, os.path.join(SOURCE, "tests", "bench"))
sys.dont_write_bytecode = True

from rig import lnsd, net, proc, radius, stage  # noqa: E402
from rig.samples import Samples as RigSamples  # noqa: E402
import handover  # noqa: E402
import link  # noqa: E402
import peer  # noqa: E402
import ring  # noqa: E402
import setup  # noqa: E402


class Cpu(unittest.TestCase):
    def test_a_worker_that_sleeps_had_all_the_cpu_it_wanted(self):
        self.assertEqual(stage.had([{"share": 0.1, "waited": 0.0}]), 1.0)

    def test_strangers_on_its_cpu_are_seen(self):
        self.assertAlmostEqual(stage.had([{"share": 0.5, "waited": 0.5}]), 0.5)

    def test_the_control_core_on_the_same_cpu_is_no_stranger(self):
        self.assertAlmostEqual(stage.had([{"share": 0.9, "waited": 0.1}, {"share": 0.1, "waited": 0.9}]), 1.0)
        self.assertLess(stage.had([{"share": 0.7, "waited": 0.3}, {"share": 0.1, "waited": 0.9}]), stage.HAD_CPU)

    def test_two_far_round_trips_are_far_and_one_is_mixed(self):
        self.assertEqual(stage.distance(80, 90), "near")
        self.assertEqual(stage.distance(80, 400), "mixed")
        self.assertEqual(stage.distance(400, 420), "far")


class Patience(unittest.TestCase):
    def waited(self, trips, patience):
        trips = iter(trips)
        looks = []

        def round_trip():
            looks.append(next(trips))
            return looks[-1]

        with mock.patch.object(stage, "LOOK_S", 0.01):
            left = stage.Stage.wait_near(mock.Mock(round_trip=round_trip), patience)
        return left, looks

    def test_a_rotation_waits_until_the_cpus_are_near(self):
        left, looks = self.waited([400, 300, 60, 400], 10)
        self.assertEqual(looks, [400, 300, 60])
        self.assertTrue(9 < left < 10)

    def test_without_patience_it_looks_once(self):
        self.assertEqual(self.waited([400, 60], 0), (0, [400]))


class Undisturbed(unittest.TestCase):
    """A sample of peer is taken until the CPUs were near and their cores whole before and after it."""

    def taken(self, looks, tries=9):
        """looks: round trip and whether the cores were whole, before and after each sample. @return samples, and of
        the last one its mode and whether the cores were whole."""
        looks, samples = iter(looks), []
        host = mock.Mock()

        def round_trip():
            trip, host.whole = next(looks)
            return trip

        host.round_trip = round_trip
        _, *how = peer.undisturbed(host, lambda: samples.append(1), tries)
        return len(samples), *how

    def test_a_near_sample_with_whole_cores_is_the_last(self):
        self.assertEqual(self.taken([(60, True), (60, True)]), (1, "near", True))

    def test_a_core_shared_before_or_after_it_has_it_taken_again(self):
        self.assertEqual(self.taken([(60, False), (60, True), (60, True), (60, False), (60, True), (60, True)]), (3, "near", True))

    def test_far_cpus_have_it_taken_again(self):
        self.assertEqual(self.taken([(60, True), (300, True), (60, True), (60, True)]), (2, "near", True))

    def test_a_core_that_stays_shared_is_told(self):
        self.assertEqual(self.taken([(60, True), (60, False)] * 2, tries=2), (2, "near", False))

    def test_after_all_tries_it_has_to_do(self):
        self.assertEqual(self.taken([(300, True), (300, True)] * 3, tries=3), (3, "far", True))


class LinkRotations(unittest.TestCase):
    """link takes a sample of a rate again while it was disturbed, and ring does the same in one process."""

    def turn(self, looks, kind=link.Rotation, again_s=link.AGAIN_S, wrong=0):
        """looks: round trip and whether the cores were whole, at the beginning and after each sample."""
        looks, host, pair = iter(looks), mock.Mock(), mock.Mock()
        number = iter(range(100))

        def round_trip():
            trip, host.whole = next(looks)
            return trip

        def phase(*_, **__):
            return {"up": {"rx_mpps": float(next(number)), "misdelivered": wrong, "corrupted": 0}}

        host.round_trip, host.phase = round_trip, phase
        self.samples, self.pair = RigSamples(), pair
        return kind(host, self.samples, 0, {"lnsd": pair}, {}, again_s)

    def taken(self, *how, **others):
        self.turn(*how, **others).rate("lnsd", "up", "98")
        return self.samples.of["lnsd", "up", "98", "mpps"]

    def test_an_undisturbed_sample_is_the_first(self):
        self.assertEqual(self.taken([(60, True)] * 2), [(0, "near", True, 0.0)])

    def test_one_beside_another_guest_or_far_is_taken_again_and_only_the_last_counts(self):
        self.assertEqual(self.taken([(60, True), (60, False), (60, True), (300, True), (60, True), (60, True)]),
            [(0, "near", True, 4.0)])

    def test_without_patience_it_has_to_do_and_says_what_it_was(self):
        self.assertEqual(self.taken([(60, True), (300, True)], again_s=0), [(0, "mixed", True, 0.0)])

    def test_a_misdelivered_packet_ends_it(self):
        with self.assertRaisesRegex(RuntimeError, "1 packets were misdelivered"):
            self.turn([(60, True)] * 2, wrong=1).rate("lnsd", "up", "98")

    def test_it_goes_on_while_one_direction_has_few_undisturbed_samples(self):
        s = RigSamples(2)
        for rotation in range(2):
            for kind, way in (("lnsd", "up"), ("lnsd", "down"), ("macswap", "loop")):
                self.assertTrue(link.few(s))
                s.add(rotation, (kind, way, "98", "mpps"), "near", 1.0, True)
        self.assertFalse(link.few(s))
        s.add(2, ("lnsd", "up", "98", "mpps"), "far", 1.0, True)
        self.assertFalse(link.few(s))
        s.enough = 3
        self.assertTrue(link.few(s))

    def test_in_one_process_the_worker_becomes_what_is_measured_first(self):
        self.turn([(60, True)] * 2, kind=ring.Turn).rate("lnsd", "up", "98")
        self.assertEqual(self.pair.mock_calls, [mock.call.resume(), mock.call.generator.be("lnsd"), mock.call.pause()])


class HandoverTurns(unittest.TestCase):
    def way(self, *turns):
        return {"one": [{"round_trip_ns": trip, "shared": shared} for trip, shared in turns]}

    def test_near_turns_with_whole_cores_are_picked_where_they_are_enough(self):
        way = self.way((60, 0), (300, 0), (60, 3), (70, 0))
        self.assertEqual(handover.picked(way, 2), ([0, 3], "near"))
        self.assertEqual(handover.picked(way, 3), ([0, 2, 3], "near"))

    def test_few_near_turns_are_told_and_not_judged(self):
        turn = {"ticks": 90.0, "busy": [90.0, 40.0], "round_trip_ns": 60, "shared": 0}
        got = {"sessions": 1000, "hugepages": True, "up": {k: [turn] * 2 for k in ("one", "other", "own2", "half2", "cross", "one_half")}}
        for enough, judged in ((2, True), (3, False)):
            found = [f for f in handover.figures_of(got, "up", enough) if f["target"]]
            self.assertEqual(len(found), 2 if judged else 0)
        self.assertIn("not judged: 2 near turns", next(handover.figures_of(got, "up", 3))["note"])

    def test_what_a_packet_costs_is_the_mean_of_both_workers(self):
        way = {"one": [{"busy": [90.0, 0.0], "ticks": 90.0}], "other": [{"busy": [0.0, 100.0], "ticks": 100.0}],
            "cross": [{"busy": [70.0, 75.0]}], "half2": [{"ticks": 47.5}]}
        self.assertEqual(handover.parts(way, 0), (95.0, 70.0, 75.0))
        self.assertEqual(handover.of_one(way, "half2", 0), 2.0)

    def test_without_near_turns_they_are_far(self):
        self.assertEqual(handover.picked(self.way((300, 1), (310, 0)), 1), ([1], "far"))


class Samples(unittest.TestCase):
    def samples(self, modes):
        s = RigSamples()
        for number, mode in enumerate(modes):
            s.add(number, "x", mode, number)
        return s

    def test_only_samples_of_the_commonest_mode_count(self):
        self.assertEqual(self.samples(["near", "far", "near"]).take("x"), [0, 2])
        self.assertEqual(self.samples(["near", "far", "far"]).mode(), "far")

    def test_a_draw_is_near(self):
        self.assertEqual(self.samples(["far", "near"]).mode(), "near")

    def test_a_ratio_is_of_rotations_in_which_both_have_the_mode(self):
        s = self.samples(["near", "far", "near", "near"])
        for number, mode in enumerate(["near", "near", "far", "near"]):
            s.add(number, "y", mode, 10 * number)
        self.assertEqual(s.beside("x", "y"), ([0, 3], [0, 30]))

    def test_samples_beside_another_guest_are_left_out_where_there_are_enough_without(self):
        s = RigSamples(2)
        for number, whole in enumerate((True, False, True, True)):
            s.add(number, "x", "near", number, whole)
            s.add(number, "y", "near", 10 * number, number != 3)
        self.assertEqual(s.take("x"), [0, 2, 3])
        self.assertEqual(s.beside("x", "y"), ([0, 2], [0, 20]))
        self.assertEqual(s.quiet("x", "y"), 2)
        s.enough = 3
        self.assertEqual(s.beside("x", "y"), ([0, 1, 2, 3], [0, 10, 20, 30]))
        self.assertIn("2 beside another guest", s.note())

    def test_targets_hold_in_near_mode_only(self):
        for mode, wanted in (("near", True), ("far", None)):
            s = RigSamples(1)
            for key, mpps in ((("lnsd", "up", "98", "mpps"), 9.0), (("macswap", "loop", "98", "mpps"), 10.0)):
                s.add(0, key, mode, mpps)
            up = next(f for f in link.figures(s, 1000, ["98"]) if f["name"] == "throughput" and f["params"]["direction"] == "up")
            self.assertIs(up["met"], wanted)
            self.assertAlmostEqual(up["ceiling"]["ratio"], 0.9)
            self.assertIsNone(next(link.figures(s, 1000, ["98"], targets={}))["met"])

    def test_a_direction_that_was_never_in_the_mode_of_most_samples_has_no_figure_but_the_other_has(self):
        s = RigSamples(2)
        for number, (way, mode) in enumerate((("up", "near"), ("up", "near"), ("down", "far"))):
            for key, value in (("l2tpns", 0.2), ("share", 99), ("lnsd", 8.0)):
                s.add(number, (way, key), mode, value)
        found = list(peer.figures(s, 1000, {"up": "max", "down": "max"}, 1000))
        of = {(f["name"], f["params"]["direction"]): f for f in found}
        self.assertEqual(of["lnsd", "up"]["median"], 8.0)
        self.assertTrue(abs(of["lnsd", "up"]["ceiling"]["ratio"] - 40) < 1e-9)
        self.assertIsNone(of["lnsd", "down"]["median"])
        self.assertIs(of["lnsd", "down"]["met"], None)
        self.assertIs(of["lnsd", "up"]["met"], False)

    def test_ratios_of_too_few_rotations_are_told_and_not_judged(self):
        keys = ("lnsd", "up", "98", "mpps"), ("macswap", "loop", "98", "mpps")
        for enough, met in ((2, True), (3, None)):
            s = RigSamples(enough)
            for number in range(3):
                s.add(number, keys[0], "near", 9.0)
                s.add(number, keys[1], "near" if number else "far", 10.0)
            up = next(link.figures(s, 1000, ["98"]))
            self.assertIs(up["met"], met)
            self.assertEqual("not judged: 2 rotations" in up["note"], met is None)

    def test_peer_goes_on_while_one_direction_has_few_undisturbed_rotations(self):
        s = RigSamples(1)
        for way in ("up", "down"):
            for who in ("lnsd", "l2tpns"):
                self.assertTrue(peer.few(s))
                s.add(0, (way, who), "near", 1.0, way == "up" or who == "lnsd")
        self.assertTrue(peer.few(s))
        s.add(1, ("down", "lnsd"), "near", 1.0)
        self.assertTrue(peer.few(s))
        s.add(1, ("down", "l2tpns"), "near", 1.0)
        self.assertFalse(peer.few(s))

    def test_what_lnsd_dropped_is_summed_over_the_runs(self):
        self.assertEqual(setup.dropped([{"drops": {"ttl": 1}}, {"drops": {"ttl": 2}}]), "3 ttl")
        self.assertEqual(setup.dropped([{"drops": {}}]), "nothing")


class Leftovers(unittest.TestCase):
    def test_namespaces_of_runs_that_are_no_more_are_removed_and_others_stay(self):
        ended = subprocess.Popen(["true"])
        ended.wait()
        listed = "lnsd-bench%d-lnsd (id: 0)\nlnsd-bench%d-gen\nlnsd-benchmark\nothers-1-lnsd\n" % (ended.pid, os.getpid())
        removed = []

        def sh(*argv, check=True):
            if argv[2] == "list":
                return listed
            removed.append(argv[-1])
            return ""

        with mock.patch.object(net, "sh", sh):
            net.Namespaces.sweep("lnsd-bench")
        self.assertEqual(removed, ["lnsd-bench%d-lnsd" % ended.pid])


class Configuration(unittest.TestCase):
    def test_pool_has_an_address_for_each_session_and_our_end_and_a_quarter_to_spare(self):
        self.assertEqual(lnsd.pool_range(1000), "10.0.0.1-10.0.5.35")

    def test_lnsd_takes_it_at_every_size(self):
        for sessions in (1000, 1000000):
            with tempfile.NamedTemporaryFile("w", suffix=".yaml") as f:
                f.write(lnsd.config("/tmp", [lnsd.memif("server", i, "/tmp/s%d" % i) for i in (0, 1)], sessions))
                f.flush()
                done = subprocess.run([LNSD, "--check", f.name], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)


class Radius(unittest.TestCase):
    SECRET, USER, PASSWORD = b"testing123", b"bob", b"builder"
    AUTHENTICATOR = bytes(range(16))

    def request(self, code, *attributes):
        body = b"".join(bytes([kind, 2 + len(value)]) + value for kind, value in attributes)
        return bytes([code, 7]) + (20 + len(body)).to_bytes(2, "big") + self.AUTHENTICATOR + body

    def answer(self, packet):
        return radius.answer(packet, self.SECRET, self.USER, self.PASSWORD)

    def hidden(self, password):
        key = hashlib.md5(self.SECRET + self.AUTHENTICATOR).digest()
        return bytes(a ^ b for a, b in zip(password.ljust(16, b"\0"), key))

    def test_pap_password_is_deciphered_and_compared(self):
        for password, code in ((b"builder", radius.ACCESS_ACCEPT), (b"burglar", radius.ACCESS_REJECT)):
            reply = self.answer(self.request(radius.ACCESS_REQUEST, (radius.USER_NAME, b"bob"),
                                             (radius.USER_PASSWORD, self.hidden(password))))
            self.assertEqual(reply[0], code)

    def test_chap_response_is_checked_against_the_challenge_attribute_or_the_authenticator(self):
        for challenge in (b"0123456789abcdef", None):
            given = hashlib.md5(b"\x05" + self.PASSWORD + (challenge or self.AUTHENTICATOR)).digest()
            extra = [(radius.CHAP_CHALLENGE, challenge)] if challenge else []
            packet = self.request(radius.ACCESS_REQUEST, (radius.USER_NAME, b"bob"), (radius.CHAP_PASSWORD, b"\x05" + given), *extra)
            self.assertEqual(self.answer(packet)[0], radius.ACCESS_ACCEPT)
            self.assertEqual(self.answer(packet[:-1] + bytes([packet[-1] ^ 1]))[0], radius.ACCESS_REJECT)

    def test_reply_is_signed_as_rfc_2865_says(self):
        packet = self.request(radius.ACCOUNTING_REQUEST, (radius.USER_NAME, b"bob"))
        reply = self.answer(packet)
        self.assertEqual(reply[:4], bytes([radius.ACCOUNTING_RESPONSE, 7, 0, 20]))
        self.assertEqual(reply[4:], hashlib.md5(reply[:4] + self.AUTHENTICATOR + self.SECRET).digest())

    def test_what_is_cut_short_gets_no_reply(self):
        self.assertIsNone(self.answer(self.request(radius.ACCESS_REQUEST, (radius.USER_NAME, b"bob"))[:-1]))
        self.assertIsNone(self.answer(b"\x01\x02"))


def state(pid):
    with open("/proc/%d/stat" % pid) as f:
        return f.read().rsplit(")", 1)[1].split()[0]


class Programs(unittest.TestCase):
    def wait(self, condition):
        end = time.monotonic() + 10
        while not condition():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.02)

    def test_a_paused_program_uses_no_cpu(self):
        with tempfile.TemporaryDirectory() as folder:
            p = proc.Program("spin", ["sh", "-c", "echo ready; while :; do :; done"], folder)
            try:
                p.wait_line("^ready", 5)
                p.pause()
                self.wait(lambda: state(p.pid) == "T")
                watch = proc.Watch(p, [p.pid])
                time.sleep(0.2)
                self.assertEqual(watch.now()[0]["share"], 0.0)
                p.resume()
                self.wait(lambda: watch.now()[0]["share"] > 0.0)
            finally:
                p.end(1)

    def test_one_that_ends_early_is_reported_with_its_last_words(self):
        with tempfile.TemporaryDirectory() as folder:
            p = proc.Program("short", ["sh", "-c", "echo last words; exit 3"], folder)
            with self.assertRaisesRegex(proc.Failed, "(?s)status 3.*last words"):
                p.wait_line("never", 5)
            p.end(1)


if __name__ == "__main__":
    unittest.main()
