#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""frame_test.py SOURCE - the bench's statistics, gate, table, plots and page say what they should."""
import os
import subprocess
import sys
import tempfile
import time
import types
import unittest
import xml.dom.minidom

SOURCE = sys.argv.pop(1)
sys.path.insert(0, os.path.join(SOURCE, "tests", "bench"))
sys.dont_write_bytecode = True

from frame import figures, gate, record, report, svg  # noqa: E402
from frame.context import Context  # noqa: E402
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

    def test_notes_are_below_the_table_once(self):
        text = figures.markdown([figures.figure("s", "n", "u", [1], note=note) for note in ("a | b", "", "a | b", "c")])
        self.assertEqual([line for line in text.split("\n") if line.startswith("- ")], ["- [1] a / b", "- [2] c"])
        self.assertEqual(text.count("| [1] |"), 2)


class Gate(unittest.TestCase):
    recorded = {"up 1000": 4.0, "down 1000": 3.0}

    def test_within_five_percent_passes(self):
        self.assertEqual(gate.failures(self.recorded, [{"up 1000": 4.19, "down 1000": 3.14}] * 3), {})

    def test_dearer_in_every_run_fails(self):
        runs = [{"up 1000": r, "down 1000": 3.0} for r in (4.21, 4.5, 4.22)]
        self.assertEqual(list(gate.failures(self.recorded, runs)), ["up 1000"])

    def test_one_good_run_of_three_is_enough(self):
        runs = [{"up 1000": r, "down 1000": 3.0} for r in (4.21, 4.1, 9)]
        self.assertEqual(gate.failures(self.recorded, runs), {})

    def test_what_was_not_measured_or_not_recorded_fails(self):
        self.assertIn("down 1000", gate.failures(self.recorded, [{"up 1000": 4.0}] * 3))
        self.assertIn("mixed", gate.failures({}, [{"mixed": 1.0}] * 3))
        self.assertEqual(set(gate.failures(self.recorded, [])), set(self.recorded))

    def test_each_kind_of_cpu_has_its_own_ratios(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "gate.json")
            self.assertEqual(gate.load(path), {})
            gate.save(path, "one", {"up 1000": 4.0}, "2026-01-01")
            gate.save(path, "other", {"up 1000": 3.0}, "2026-01-02")
            gate.save(path, "one", {"up 1000": 5.0}, "2026-01-03")
            self.assertEqual({cpu: kind["ratios"]["up 1000"] for cpu, kind in gate.load(path).items()}, {"one": 5.0, "other": 3.0})


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


MACHINE = {"cpu": "some CPU", "cpus": 2, "virtual": True, "memory_mib": 24000, "kernel": "6.1", "dpdk": "22.11.1",
           "compiler": "cc 12", "commit": "0123456789abcdef", "changed": False, "build": "build-bench"}


def entry(figs, **more):
    return {"date": "2026-01-02T03:04:05Z", "runs": 5, "quick": False, "machine": MACHINE, "seconds": 60, "failed": None,
            "calibration": [], "figures": figs, **more}


def uplink(value, n, **params):
    return figures.figure("inproc", "uplink", "ticks", [value, value], {"sessions": n, "frame": 98, **params}, ("A", [10, 10]),
                          ("<=", 4) if not params else None, "ratio")


class Page(unittest.TestCase):
    known = {"inproc": inproc, "peer": types.SimpleNamespace(NAME="peer", HELP="a peer"),
             "churn": types.SimpleNamespace(NAME="churn", HELP="churn")}
    result = {"scenarios": {"inproc": entry([uplink(39.0, 1000), uplink(60.0, 65536), uplink(500, 1000, burst=8)]),
                            "peer": entry([], failed="RuntimeError: no l2tpns")}}

    def test_page_counts_targets_and_names_what_did_not_finish_and_what_was_never_measured(self):
        text = report.page(self.result, self.known, report.plots(self.result, self.known))
        self.assertIn("1 of 2 are met", text)
        self.assertIn("did not finish: RuntimeError: no l2tpns", text)
        self.assertIn("| churn | **not measured yet** |", text)
        self.assertIn("some CPU", text)
        self.assertIn("(performance-inproc.svg)", text)
        self.assertIn("| inproc | uplink sessions=65,536 frame=98 | 6.00 (60.0 (60.0-60.0) ticks; A 10.0) | ratio <= 4.00 | **NO** |",
                      text)

    def test_curve_takes_the_plain_figure_and_not_its_variant(self):
        drawn = {file: image for file, _, image in report.plots(self.result, self.known)["inproc"]}
        self.assertIn("1k: 39 (39-39)", drawn["performance-inproc.svg"])
        self.assertNotIn("500", drawn["performance-inproc.svg"])

    def test_targets_are_drawn_where_the_plot_asks_for_them(self):
        drawn = {file: image for file, _, image in report.plots(self.result, self.known)["inproc"]}
        self.assertIn("stroke-dasharray", drawn["performance-inproc-ratio.svg"])
        self.assertNotIn("stroke-dasharray", drawn["performance-inproc.svg"])

    def test_bars_reach_from_zero_to_either_side(self):
        document = xml.dom.minidom.parseString(svg.bars("t", "x", [("dearer", 4, 3, 5), ("cheaper & so on", -4, -5, -3)]))
        dearer, cheaper = document.getElementsByTagName("rect")[1:]
        self.assertEqual(dearer.getAttribute("width"), cheaper.getAttribute("width"))
        self.assertLess(float(cheaper.getAttribute("x")), float(dearer.getAttribute("x")))


class Record(unittest.TestCase):
    def test_a_scenario_measured_again_replaces_its_entry_and_leaves_the_others(self):
        old = {"scenarios": {"inproc": entry([uplink(39.0, 1000)]), "peer": entry([]), "gone": entry([])}}
        new = {"scenarios": {"inproc": entry([uplink(30.0, 1000)], date="later")}}
        got = record.merged(old, new, ("inproc", "link", "peer"))["scenarios"]
        self.assertEqual(list(got), ["inproc", "peer"])
        self.assertEqual(got["inproc"]["date"], "later")
        self.assertEqual(got["inproc"]["figures"][0]["median"], 30.0)

    def test_what_is_saved_is_what_is_loaded_and_a_figure_is_a_line(self):
        got = {"version": record.VERSION, "scenarios": {"inproc": entry([uplink(1 / 3, 1000), uplink(60.0, 65536)])}}
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "sub", "r.json")
            record.save(got, path)
            back = record.load(path)
            with open(path, encoding="utf-8") as text:
                lines = text.read().split("\n")
        self.assertEqual(back["scenarios"]["inproc"]["figures"][0]["median"], 0.333333)
        self.assertEqual(back["scenarios"]["inproc"]["machine"], MACHINE)
        self.assertEqual(sum('"name": "uplink"' in line for line in lines), 2)

    def test_nothing_recorded_is_an_empty_result(self):
        self.assertEqual(record.load("/nonexistent.json")["scenarios"], {})

    def run_of(self, run, **more):
        ctx = Context(SOURCE, "build-bench")
        ctx.progress = lambda text: None
        sys.stderr, kept = open(os.devnull, "w", encoding="utf-8"), sys.stderr
        try:
            return record.run_scenario(ctx, types.SimpleNamespace(NAME="s", HELP="h", run=run, **more), MACHINE)
        finally:
            sys.stderr.close()
            sys.stderr = kept

    def test_a_scenario_that_breaks_keeps_its_figures_and_says_why(self):
        def run(ctx):
            yield figures.figure("s", "n", "u", [1])
            raise RuntimeError("broken")

        got = self.run_of(run)
        self.assertEqual((len(got["figures"]), got["failed"]), (1, "RuntimeError: broken"))

    def test_a_scenario_that_hangs_is_given_up(self):
        def run(ctx):
            yield figures.figure("s", "n", "u", [1])
            time.sleep(30)

        began = time.monotonic()
        got = self.run_of(run, LIMIT=0.2)
        self.assertLess(time.monotonic() - began, 10)
        self.assertEqual((len(got["figures"]), got["failed"]), (1, "TimeoutError: took more than 0.2 s"))

    def test_a_scenario_without_figures_did_not_succeed(self):
        self.assertEqual(self.run_of(lambda ctx: iter(()))["failed"], "gave no figure")


class Scenarios(unittest.TestCase):
    def test_those_that_the_page_explains_are_those_that_there_are(self):
        with open(os.path.join(SOURCE, "docs", "performance.md"), encoding="utf-8") as text:
            part = text.read().split("## Scenarios")[1].split("\n## ")[0]
        heads = [line[4:].split(":")[0] for line in part.split("\n") if line.startswith("### ")]
        explained = [name.strip() for head in heads for name in head.split(",")]
        listed = subprocess.run([os.path.join(SOURCE, "tools", "bench"), "--list"], capture_output=True, text=True, check=True).stdout
        self.assertEqual(sorted(explained), sorted(line.split()[0] for line in listed.strip().split("\n")))


class Rows(unittest.TestCase):
    def test_parameters_of_a_row_are_numbers_words_and_flags(self):
        self.assertEqual(inproc.params_of("up,frame=imix,v6,burst=8", 5), {"sessions": 5, "frame": "imix", "v6": True, "burst": 8})


unittest.main()
