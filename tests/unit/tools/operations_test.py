#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""operations_test: docs/operations.md lists every drop reason with its words, and every event of the log with its keys;
and nothing else. Reads the sources."""
import glob
import os
import re
import sys

TOP = sys.argv[1]
# what the helpers that name a tunnel or a session put before a line's own keys (controlplane/cp.c)
WHO = {"cp_show_tunnel": ["tunnel", "peer", "host"], "cp_show_session": ["tunnel", "session", "user", "peer"]}
CALL = re.compile(r'\blog_(?:line|limited)\((?:[^";]*?)(CFG_LOG_\w+|level),\s*"([a-z-]+)",\s*"((?:[^"\\]|\\.)*)"(.*?)\);', re.S)


def read(*path):
    with open(os.path.join(TOP, *path), encoding="utf-8") as f:
        return f.read()


def table(text, head):
    rows = text.split(head, 1)[1].split("\n\n", 1)[0].strip().splitlines()[1:]
    return [[c.strip() for c in row.strip("|").split("|")] for row in rows]


def events():
    found = {}
    for path in glob.glob(os.path.join(TOP, "controlplane", "**", "*.c"), recursive=True):
        if path.endswith("log.c"):
            continue
        for _, event, fmt, rest in CALL.findall(read(path)):
            keys = found.setdefault(event, set())
            keys.update(re.findall(r"([a-z-]+)=", fmt))
            for helper, more in WHO.items():
                if helper in rest:
                    keys.update(more)
    return found


def main():
    doc = read("docs", "operations.md")
    faults = []
    reasons = [[f"`{n}`", text] for n, text in
               re.findall(r'^X\(\w+, "([^"]+)", "([^"]+)"\)', read("dataplane", "drop_reason.def"), re.M) if n != "none"]
    written = table(doc, "| reason | meaning |")
    faults += [f"missing or different: drop reason {r}" for r in reasons if r not in written]
    faults += [f"no such drop reason: {r}" for r in written if r not in reasons]
    said = {row[0].strip("`"): set(re.findall(r"`([a-z-]+)`", re.sub(r"\(.*?\)", "", row[2])))
            for row in table(doc, "| event | level | keys |")}
    real = events()
    for event in sorted(set(said) | set(real)):
        if said.get(event) != real.get(event):
            faults.append(f"event {event}: the page says {sorted(said.get(event, []))}, the sources {sorted(real.get(event, []))}")
    for fault in faults:
        print(f"docs/operations.md: {fault}")
    if len(reasons) < 20 or len(real) < 10:
        print("the sources were not understood")
        return 1
    return 1 if faults else 0


sys.exit(main())
