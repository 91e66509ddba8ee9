#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""frame_test.py SOURCE - the bench's statistics, gate, table, plots and page say what they should."""
import os
import sys
import unittest
import xml.dom.minidom

SOURCE = sys.argv.pop(1)
sys.path.insert(0, os.path.join(SOURCE, "tests", "bench"))
sys.dont_write_bytecode = True

from frame import figures, report, svg  # noqa: E402
import inproc  # noqa: E402


class Figures(unittest.TestCase):
    def test_median_of_an_even_number_lies_between_the_two_in_the_middle(self):
        self.assertEqual(figures.spread([4, 1, 3, 100]), (3.5, 1, 100))

    def test_nothing_measured_has_no_median_and_misses_its_target(self):
        f = figures.figure("s", "n", "u", [], target=("<=", 5))
        self.assertIsNone(f["median"])
        self.assertIs(f["met"], False)

    def test_ratio_is_the_median_of_the_pairs_and_not_of_the_medians(self):
        # the machine slowed down in the second rotation, for both alike
        f = figures.figure("s", "n", "u", [20, 90, 21], ceiling=("A", [10, 45, 10]))
        self.assertAlmostEqual(f["ceiling"]["ratio"], 2.0)
        self.assertEqual(f["ceiling"]["median"], 10)

    def test_other_numbers_of_samples_are_compared_by_their_medians(self):
        f = figures.figure("s", "n", "u", [30, 30, 60], ceiling=("A", [10, 20]))
        self.assertAlmostEqual(f["ceiling"]["ratio"], 2.0)

    def test_a_target_may_hold_the_ratio_the_median_or_the_worst_sample(self):
        def met(judge, value):
            return figures.figure("s", "n", "u", [30, 40, 80], ceiling=("A", [10, 10, 10]), target=("<=", value), judge=judge)["met"]

        self.assertTrue(met("ratio", 4.0))
        self.assertFalse(met("ratio", 3.9))
        self.assertTrue(met("median", 40))
        self.assertFalse(met("median", 39))
        self.assertFalse(met("worst", 79))
        self.assertTrue(met("worst", 80))

    def test_worst_of_a_rate_is_the_least(self):
        f = figures.figure("s", "n", "u", [5, 9], target=(">=", 6), judge="worst")
        self.assertFalse(f["met"])

    def test_table_marks_what_missed_and_aligns_its_columns(self):
        good = figures.figure("s", "up", "ticks", [30, 31, 32], {"sessions": 1000}, ("A", [10, 10, 10]), ("<=", 4), "ratio")
        bad = figures.figure("s", "a longer name", "ticks", [50], {}, ("A", [10]), ("<=", 4), "ratio")
        text = figures.table([good, bad]).split("\n")
        self.assertIn("31.0 (30.0-32.0)", text[1])
        self.assertIn("sessions=1,000", text[1])
        self.assertTrue(text[1].endswith("yes"))
        self.assertTrue(text[2].endswith("NO"))
        self.assertEqual(text[1].index("ticks"), text[2].index("ticks"))


class Gate(unittest.TestCase):
    recorded = {"up 1000": 4.0, "down 1000": 3.0}

    def test_within_five_percent_passes(self):
        self.assertEqual(figures.gate_failures(self.recorded, [{"up 1000": 4.19, "down 1000": 3.14}] * 3), {})

    def test_dearer_in_every_run_fails(self):
        runs = [{"up 1000": r, "down 1000": 3.0} for r in (4.21, 4.5, 4.22)]
        self.assertEqual(list(figures.gate_failures(self.recorded, runs)), ["up 1000"])

    def test_one_good_run_of_three_is_enough(self):
        runs = [{"up 1000": r, "down 1000": 3.0} for r in (4.21, 4.1, 9)]
        self.assertEqual(figures.gate_failures(self.recorded, runs), {})

    def test_what_was_not_measured_or_not_recorded_fails(self):
        self.assertIn("down 1000", figures.gate_failures(self.recorded, [{"up 1000": 4.0}] * 3))
        self.assertIn("mixed", figures.gate_failures({}, [{"mixed": 1.0}] * 3))
        self.assertEqual(set(figures.gate_failures(self.recorded, [])), set(self.recorded))


class Plots(unittest.TestCase):
    def test_steps_are_round_and_cover_the_greatest(self):
        self.assertEqual(svg.steps(9.3)[-1], 10)
        for most in (0.013, 1, 7, 33, 99, 101, 12345):
            ticks = svg.steps(most)
            self.assertGreaterEqual(ticks[-1], most * 0.999999)
            self.assertLessEqual(len(ticks), 12)
            self.assertGreaterEqual(len(ticks), 5)

    def test_a_plot_is_well_formed_and_has_a_point_for_each_figure(self):
        text = svg.curves("a < b & c", "ticks", [("up", [(1, 3, 2, 4), (1000, 5, 4, 6)]), ("down", [(1, 1, 1, 1)])])
        document = xml.dom.minidom.parseString(text)
        self.assertEqual(len(document.getElementsByTagName("circle")), 3)
        self.assertEqual(len(document.getElementsByTagName("polyline")), 2)

    def test_dearer_points_are_higher(self):
        document = xml.dom.minidom.parseString(svg.curves("t", "y", [("up", [(1, 3, 3, 3), (10, 9, 9, 9)])]))
        low, high = (float(c.getAttribute("cy")) for c in document.getElementsByTagName("circle"))
        self.assertLess(high, low)


class Page(unittest.TestCase):
    result = {
        "date": "2026-01-02T03:04:05Z", "failed": {"peer": "RuntimeError: no l2tpns"}, "calibration": [],
        "options": {"runs": 5, "quick": False},
        "machine": {"cpu": "some CPU", "cpus": 2, "virtual": True, "memory_mib": 24000, "kernel": "6.1", "dpdk": "22.11.1",
                    "compiler": "cc 12", "commit": "0123456789abcdef", "changed": False, "build": "build-bench"},
        "figures": [figures.figure("inproc", "uplink", "ticks", [v, v], {"sessions": n, "frame": 98}, ("A", [10, 10]), ("<=", 4), "ratio")
                    for n, v in ((1000, 39.0), (65536, 60.0))]
        + [figures.figure("inproc", "uplink", "ticks", [500], {"sessions": 1000, "frame": 98, "burst": 8})],
    }

    def test_page_counts_targets_and_names_what_did_not_finish(self):
        text = report.page(self.result, {"inproc": inproc}, report.plots(self.result, {"inproc": inproc}))
        self.assertIn("1 of 2 targets met", text)
        self.assertIn("Scenario peer did not finish: RuntimeError: no l2tpns", text)
        self.assertIn("some CPU", text)
        self.assertIn("(performance-inproc.svg)", text)

    def test_curve_takes_the_plain_figure_and_not_its_variant(self):
        drawn = {file: image for file, _, image in report.plots(self.result, {"inproc": inproc})}
        self.assertIn("1k: 39 (39-39)", drawn["performance-inproc.svg"])
        self.assertNotIn("500", drawn["performance-inproc.svg"])


class Rows(unittest.TestCase):
    def test_parameters_of_a_row_are_numbers_words_and_flags(self):
        self.assertEqual(inproc.params_of("up,frame=imix,v6,burst=8", 5), {"sessions": 5, "frame": "imix", "v6": True, "burst": 8})


unittest.main()
