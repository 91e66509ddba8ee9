# SPDX-License-Identifier: BSD-3-Clause
"""Sessions set up and held: what scenarios 3 and 4 have in common, so that a run of both dials only once."""
import collections
import statistics

from .stage import HAD_CPU, Stage

LACS = 64
Case = collections.namedtuple("Case", "auth lacs sessions")
DEEP = 12       # log2 of the slots of a ring where many sessions are dialled: a pause of the other side is no loss
TRIES = 3
_kept = collections.defaultdict(list)


def dial(stage, pair, sessions, tunnels=LACS, least=1.0):
    """First the tunnels, with a session each; then the other sessions: that is what the result is about. At least such a part
    of them must come up."""
    seconds = 60 + sessions // 1000
    for wanted in (tunnels, sessions):
        result = stage.once(pair, "setup %d timeout %d" % (wanted, seconds), seconds + 20)
        if not result.get("ok") and result.get("up", 0) < least * wanted:
            raise RuntimeError("%s: %s of %d sessions came up: %s" % (pair.name, result.get("up"), wanted,
                result.get("error", result.get("failed"))))
    return result


def dial_lnsd(stage, pair, sessions, tunnels=LACS):
    """As dial(), and lnsd agrees."""
    result = dial(stage, pair, sessions, tunnels)
    pair.resume()
    up = pair.dut.show("summary")["sessions_up"]
    if up != sessions:
        raise RuntimeError("lacsim says that %d sessions are up, lnsd %d" % (sessions, up))
    return result


def had_cpu(result):
    """The part of the CPU that lnsd or the generator had of what it wanted, whichever is less."""
    return min(result["dut_had"], result["cpu_share"])


def once(ctx, case):
    """One start of lnsd that has room for just so many sessions, all of them dialled; times, CPU, memory, and its end."""
    with Stage(ctx) as stage:
        pair = stage.lnsd(case.sessions, tunnels=case.lacs, lacs=case.lacs, auth=case.auth, rsize=DEEP, echo="30s", hello="60s")
        setup = dial_lnsd(stage, pair, case.sessions, case.lacs)
        memory, drops = pair.dut.memory(), pair.dut.drops()
        down = stage.once(pair, "teardown stopccn", 60)
        if not down.get("ok"):
            raise RuntimeError("teardown: %s" % down)
    slices = [s["per_second"] for s in setup["slices"]]
    return {"per_second": setup["per_second"], "slices": slices, "last_to_first": slices[-1] / slices[0],
        "steady": statistics.median(slices), "seconds": setup["seconds"], "shares": setup["dut_shares"],
        "each_us": [1e6 * s / setup["came_up"] for s in setup["dut_seconds"]], "setup_ms": setup["setup_ms"],
        "resent": setup["tunnels"]["resent"], "had_cpu": had_cpu(setup), "memory": memory, "teardown_s": down["seconds"],
        "drops": drops}


def sample(ctx, case, lasts):
    """lasts: the CPU has to be ours all the time, or the sample is repeated; if it never is, the best one counts."""
    tried = []
    for _ in range(TRIES if lasts else 1):
        found = once(ctx, case)
        tried.append(found)
        ctx.progress("%s, %d LACs, %d sessions: %.0f a second, worker %.0f %%, control %.0f %% of a CPU, %.0f MiB%s" % (case.auth,
            case.lacs, case.sessions, found["per_second"], *(100 * s for s in found["shares"]),
            (found["memory"]["rss"] + found["memory"]["hugepages"]) / 2**20,
            "" if found["had_cpu"] >= HAD_CPU or not lasts else "; others had the CPU for a time"))
        if found["had_cpu"] >= HAD_CPU:
            break
    _kept[case].append(max(tried, key=lambda f: f["had_cpu"]))


def samples(ctx, case, wanted, lasts=True):
    """At least so many, those of earlier scenarios among them."""
    while len(_kept[case]) < wanted:
        sample(ctx, case, lasts)
    return list(_kept[case])
