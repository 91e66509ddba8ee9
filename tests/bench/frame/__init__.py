# SPDX-License-Identifier: BSD-3-Clause
"""What tools/bench and the scenarios in tests/bench share.

A scenario is a file tests/bench/*.py with
    NAME    one word
    HELP    one line
    MEMORY  MiB of hugepages that it needs at once (optional, 0)
    LIMIT   seconds after which it is given up (optional, 900)
    PLOTS   for the report (optional): {"file", "title", "y", "series": [(label, figure's name, {some of its params})]} is
            curves over the parameter sessions, "bars" in the place of "series" a bar for each figure; "ratio": True draws
            ratios to the ceilings, "targets": True dotted lines
    run(ctx)  a generator of figures (frame.figures.figure)
and what run() is given is frame.context.Context.
"""
