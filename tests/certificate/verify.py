#!/usr/bin/env python3
"""verify.py SERVICES MAPPING PLAN: verifies a plan of meta0 from its inputs alone (see README.md).
Exits with 0 and three lines where the plan is what it says, 1 where not, 2 where a file is bad.
Here a domain is its path, as ("site", "rack"), a service its volume's path and its address."""
import functools as tools, json, math, re, sys
from collections import Counter
from fractions import Fraction
LEVELS, VOID = ("root", "site", "rack", "host", "volume", "service"), (None, "", "n/a")
ALWAYS = {"format", "command", "digits", "digest", "digest_after", "moves", "removals", "waves",
          "lower_bound", "minimal", "certificate", "steps"}
GOAL = {"replicas", "min_dist", "level", "degradation", "at_most", "tolerance", "drained", "held"}
MAYBE = {"rebalance": {"held_bases", "max_moves", "max_moves_per_base", "beside"}, "diff": set(),
         "decommission": {"leaving", "bases", "strategy"}, "undo": set(), "part": set()}
def require(holds, message, error=SystemExit):
    """Refuses a plan, or with ValueError a file, of which something does not hold."""
    if not holds: raise error(message)
def read(file):
    """The JSON of a file, in no object of which a key stands twice; a float stays a text."""
    once = lambda pairs: dict(pairs) if len(dict(pairs)) == len(pairs) else {}["a key given twice"]
    with open(file, encoding="utf-8-sig") as text:
        return json.load(text, object_pairs_hook=once, parse_float=str, parse_constant=str)
def read_services(listed):
    """Of services in any shape: paths by address; the available, put-locked, and up; the ids."""
    paths, scored, locked, alive, ids = {}, set(), set(), set(), {}
    for entry in listed:
        given = {**(entry.get("tags") or {}), **(entry.get("scores") or {}), **entry}
        first = lambda *keys: next((v for v in map(given.get, keys) if v not in VOID), None)
        if first("type", "Type") not in (None, "meta1"): continue
        name, score = first("addr", "Addr", "address", "Id"), first("score", "Score", "score.put")
        ident, up = first("tag.service_id", "Service Id", "id"), first("tag.up", "Up", "up")
        tokens = first("tag.loc", "Location", "location").split(".")
        require(type(name) is str and name not in paths and ident not in ids and len(tokens) < 5
                and all(tokens), f"service {name!r} is listed twice or misplaced", ValueError)
        paths[name], ids[ident or (name,)] = (*[""] * (4 - len(tokens)), *tokens, name), name
        if up in (None, True): alive.add(name)
        if (score or 0) > 0: scored.add(name)
        if first("score.put") == 0 and (first("score.get") or 0) > 0: locked.add(name)
    return paths, scored & alive, locked, alive, {i: n for i, n in ids.items() if i not in paths}
def read_mapping(listed, plan, ids):
    """The names of the replicas of each base, service ids replaced by addresses."""
    bases, renamed = {}, plan.get("renamed", {})
    for key, row in listed.items():
        base, row = int(key, 16) >> 16 - 4 * plan["digits"], sorted(row + [])
        require(re.fullmatch("[0-9A-Fa-f]{4}", key) and all(row) and len({*row}) == len(row) and
                bases.setdefault(base, row) == row, f"{key}: no row of its base", ValueError)
    used = {name for row in bases.values() for name in row if name in ids}
    require(renamed.items() <= ids.items() and (renamed.keys() >= used or "level" not in plan),
            f"renamed has not just {used}, the service ids that the mapping has")
    return [[renamed.get(n, n) for n in bases.get(b, ())] for b in range(16 ** plan["digits"])]
def mix(z):
    """The finalizer of SplitMix64."""
    for s, m in (30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB): z = (z ^ z >> s) * m % 2**64
    return z ^ z >> 31
def digest(mapping, digits):
    """The number that tells mappings apart, in hex; a name is hashed by FNV-1a, then mixed."""
    def fnv(h, byte): return (h ^ byte) * 0x100000001B3 % 2**64
    of = {n: mix(tools.reduce(fnv, n.encode(), 0xCBF29CE484222325)) for n in set().union(*mapping)}
    sums = enumerate((sum(map(of.get, row)) % 2**64 for row in mapping), 1)
    total = sum(mix((s + place * 0x9E3779B97F4A7C15) % 2**64) for place, s in sums if s)
    return f"{(mix(digits + 1) + total) % 2**64:016x}"
def rise(leaves, top, limits):
    """Max-min fair amounts: all leaves rise alike, each until something at or above it is full."""
    amounts, left = {}, dict(limits)
    above = {leaf: [leaf[:k] for k in range(top, len(leaf) + 1)] for leaf in leaves}
    while above:
        rising = Counter(x for chain in above.values() for x in chain)
        level = min(left[x] / count for x, count in rising.items())
        full = {x for x, count in rising.items() if left[x] == count * level}
        for leaf in [leaf for leaf in above if not full.isdisjoint(above[leaf])]:
            amounts[leaf] = level
            for x in above.pop(leaf): left[x] -= level
    return amounts
def fair_shares(paths, caps, unit, bases):
    """The share of each domain and service: the units rise alike, then the services in each."""
    room, shares = Counter(), Counter()
    for x in sorted({path[:k] for path in paths for k in range(6)}, key=len, reverse=True):
        room[x] = 1 if len(x) == 5 else min(caps[len(x)], room[x])
        if x: room[x[:-1]] += room[x]
    require(room[()] == caps[0], f"the rules leave room for {room[()]} replicas of {caps[0]}")
    limits = {x: Fraction(bases * most) for x, most in room.items()}
    limits.update(rise({path[:unit] for path in paths}, 0, limits))
    for path, amount in rise(paths, unit, limits).items():
        shares.update({path[:k]: amount for k in range(1, 6)})
    return shares
def lay(plan, before):
    """The mapping after the waves; what each base has after its changes; all names that came."""
    now, changes, states = list(map(list, before)), [], {}
    index = {f"{base * 65536 // len(now):04X}": base for base in range(len(now))}
    for wave in plan["waves"] + []:
        require(len({change["base"] for change in wave}) == len(wave), "a wave has a base twice")
        for change in wave:
            base, old, new = index[change["base"]], change["from"], change["to"]
            require(old != new and (new not in now[base] or "level" not in plan) and
                    (old is None or old in now[base]),
                    f"base {change['base']} cannot change {old!r} for {new!r}")
            if old is not None: now[base].remove(old)
            if new is not None: now[base].append(new)
            changes.append((base, old, new))
            states.setdefault(base, []).append({*now[base]})
    moves = Counter(base for base, _, new in changes if new is not None).values()
    require(sum(moves) == plan["moves"] == len(changes) - plan["removals"], "the counts are wrong")
    require(sum(moves) <= plan.get("max_moves", sum(moves)) and max(moves, default=0) <= plan.get(
            "max_moves_per_base", sum(moves)), "the plan exceeds its limits")
    return now, states, {new for *_, new in changes} - {None}
def prove(plan, paths, available, locked, alive, before, after, states, come):
    """Judges where a plan of a goal leads, and recomputes its bound: a line on each."""
    size, replicas, whole = len(before), plan["replicas"], plan["command"] == "rebalance"
    drained, held, gone = ({*plan.get(k, plan["drained"])} for k in ("drained", "held", "leaving"))
    available, locked = available - drained, locked - drained - gone
    choice = available - held - locked - gone  # The services that may get something.
    frozen = {int(b, 16) * size >> 16 for b in plan.get("bases", plan.get("held_bases", ()))}
    if "bases" in plan: frozen = {*range(size)} - frozen
    require((held >= locked if whole else not held and ("bases" in plan or gone <= drained)) and
            sorted(plan["drained"] + plan["held"]) == sorted([*(drained - held), *held]) and
            held <= {*paths}.union(*before) and come <= choice, "a list of services is not right")
    limited, hard = {*plan} & {"max_moves", "max_moves_per_base"}, whole and not held | frozen
    caps, level, t = [replicas] * 4 + [1, 1], plan["level"], Fraction(plan["tolerance"])
    rules = [(LEVELS[5 - plan["min_dist"]], 1), *plan["at_most"].items()]
    if plan["degradation"] + 0: rules += [(level, (replicas - 1) // 2 // plan["degradation"])]
    require(replicas > 0 and t >= 0 and str(t) == plan["tolerance"] and plan["min_dist"] in
            range(1, 5) and {level, *plan["at_most"]} <= {*LEVELS[1:5]}, "no such rule", ValueError)
    for name, cap in rules: caps[LEVELS.index(name)] = min(caps[LEVELS.index(name)], cap)
    shares = fair_shares([paths[n] for n in available], caps, LEVELS.index(level), size)
    bands = {x: (math.floor(q * (1 - t)), math.ceil(q * (1 + t))) for x, q in shares.items()}
    chains = {n: [path[:k] for k in range(1, 6)] for n, path in paths.items()}
    def at(names): return Counter(x for n in names for x in chains.get(n, ()))
    for base, (*between, end) in states.items():
        most, up = at({*before[base]}), lambda names: len(alive & names)
        for now in between:
            require(all(f(now) >= min(f({*before[base]}), f(end)) for f in (len, up)) and all(
                    load <= max(caps[len(x)], most[x]) for x, load in at(now).items()
                    if caps[len(x)] < replicas), f"base {base} is unsafe between two waves")
    numbers = {"root": 0, **dict.fromkeys(LEVELS[1:], {}), **(plan["certificate"] or {})}
    p = {x: numbers[LEVELS[len(x)]].pop(x[-1] if x[4:] else ".".join(x), 0) for x in at(paths)}
    p[()], prices = numbers.pop("root"), [2**80] * 6 if hard else [2**20] * 5 + [2**40]
    require(not any(any(rest.values()) for rest in numbers.values()) and
            all(abs(number) <= 2**60 for number in p.values()), "no such certificate", ValueError)
    def price(x, load): return max(bands[x][0] - load, load - bands[x][1], 0) * prices[len(x)]
    def greed(order, stay, want):  # The first (value, name)s that the caps allow beside what stays.
        used, picked = at(stay), []
        for pair in order:
            if len(picked) < want and all(used[x] < caps[len(x)] for x in chains[pair[1]]):
                picked.append(pair)
                used.update(chains[pair[1]])
        return picked
    new, cheapest = sorted((1 - p[paths[n]], n) for n in choice), []
    for _ in range(1 + max(map(len, before))):  # README.md says why these are enough.
        cheapest += greed([pair for pair in new if pair not in cheapest], (), replicas)
    @tools.lru_cache(None)
    def least(stay, own, want):  # How many fit beside what stays, and their least sum of new - p.
        picked = greed(sorted([(-p[paths[n]], n) for n in own] + cheapest), stay, want)
        return len(picked), sum(value for value, _ in picked)
    bound, total, wrong, fixed, loads = 0, 0, 0, [], []
    for base, (row, now) in enumerate(zip(before, after)):
        row, now = sorted({*row}), now if hard else [*{*now}]
        stay = [n for n in row if base in frozen or (n in held if whole else n not in gone)]
        own = [n for n in row if n in choice and n not in stay]
        want = 0 if base in frozen else replicas if whole else len(row) - len(stay)
        most, value = least((*stay,), (*own,), want := max(0, min(want, replicas - len(stay))))
        said = plan.get("beside", {}).get(f"{base * 65536 // size:04X}", ())
        more = () if limited else said
        placed = [(0, n) for n in now if n in choice and n not in stay and n not in more]
        right = len(greed(placed, stay, most)) == len(placed) == most and (
            len(placed) + len(stay) + len(more) == len(now) or most < want and whole)
        require((right or limited) and {*stay, *more} <= {*now} and {*said} <= {*own}, "a bad base")
        bound, total, wrong = bound + value, total + most, wrong + (not right)
        fixed += [n for n in stay if n in available]
        loads += [n for _, n in placed]
    served, fixed, loads = at(choice), at(fixed), at(fixed + loads)
    for x, (low, high) in bands.items():
        slope, most = p[x] - p[x[:-1]], total if x in served else 0
        turns = {0, most, low - fixed[x], high - fixed[x]}
        bound += min(price(x, fixed[x] + m) + m * slope for m in turns if 0 <= m <= most)
    bound, costs = bound + total * p[()], [price(x, loads[x]) for x in bands if price(x, loads[x])]
    lower, moves, rest = plan["lower_bound"], plan["moves"], bound - sum(costs)
    line = f"outcome: {wrong} of {size} bases break rules, {len(costs)} of {len(bands)} loads bands"
    require(limited or not (hard and costs), line)
    if "strategy" in plan and plan["certificate"] is lower is None: return line, "bound: none"
    require("strategy" not in plan and (rest == lower == moves or limited and
            lower <= size * replicas and (lower == max(bound, 0) or not hard and bound >= lower and
            (bound - lower) % 2**20 == 0)), f"the bound is {rest} of {moves} moves, not {lower}")
    return line, f"bound: every such plan has {lower} moves or more, this one {moves - lower} more"
def verify(services, mapping, plan):
    """The three lines on a plan that is what it says."""
    (*known, ids), plan = read_services(read(services)), read(plan)
    needed = ALWAYS | GOAL if plan["command"] in ("rebalance", "decommission") else ALWAYS
    require(needed <= {*plan} <= needed | MAYBE[plan["command"]] | {"renamed"} and plan["format"] ==
            "meta0-plan/1" and plan["digits"] in range(5), "the plan is malformed", ValueError)
    before = read_mapping(read(mapping), plan, ids)
    require(digest(before, plan["digits"]) == plan["digest"], "the plan is for another mapping")
    after, states, come = lay(plan, before)
    require(digest(after, plan["digits"]) == plan["digest_after"], "digest_after is another's")
    require(plan["minimal"] is (plan["lower_bound"] == plan["moves"]), "minimal is not true")
    line = f"plan: {plan['command']}, {plan['moves']} moves, {plan['removals']} removals"
    if needed > ALWAYS: return line, *prove(plan, *known, before, after, states, come)
    require(plan["certificate"] is plan["lower_bound"] is None, "there is nothing to prove")
    return line, "outcome: the mapping of the second digest", "bound: none, the plan has no goal"
if __name__ == "__main__":
    try: print(*verify(*sys.argv[1:]), sep="\n")
    except Exception as error: sys.exit(print("bad file:", repr(error), file=sys.stderr) or 2)
