"""Fold of the real ServiceNow log, written from the texts alone (foundation.md 10).

This is the independent oracle: it knows nothing of the product's code. Call

    python3 tests/oracle log [FILE] [--zone UTC] [--no-assert]

FILE is the zip, a .csv or a .csv.gz. It prints all known figures as JSON and exits 1 when one of
them differs from the stated figures or from facts.json beside the file (asserted for the whole log only).

Pinned semantics. Each sentence is either the text's or the only reading tried that gives the stated figures.

 1. Order within a case is the file's. A case exists at T when one of its rows has time <= T. The row that
    counts at T is the last one in order among those with time <= T.
 2. raised_at is the time of the first row in order, always (INC0000137: 11:10, though its second row is of
    09:52; with the earliest time instead, 8.6.1-f gives 16,644 passes, not 16,643).
 3. States by the table of foundation 10; -100 keeps state and waiting_for of the row before.
 4. An entry into a state is a row whose state differs from the row before, or the first row. A change of
    state is an entry that is no first row. Deviating: not among the transitions of processes.md 1 (27: 12
    closed->in_progress, 11 new->closed, 2 resolved->waiting, 1 in_progress->closed, 1 waiting->closed).
 5. resolved_at = last entry into resolved, kept while resolved or closed, null in every other state.
    closed_at = last entry into closed, null in every other state. first_resolved_at and last_resolved_at
    come from entries and stay through a reopening.
    A touch in the resolved state does not move resolved_at. That is what the 295 and 45 differing finals
    are: the source's own columns name the last touch in the state. 1,543 resolved cases have no source value.
    "One that its states don't explain" is INC0000137: source and entry agree on 11:03, but raised_at is 11:10.
 6. resolved_by from the last entry into resolved of the whole file on, closed_code from the last entry into
    closed on. Nothing takes them away again.
 7. History is incomplete when the counter (sys_mod_count) jumps by more than one between neighbours (9,254)
    or the counter or the time goes back (5, disjoint). No hole needs a first counter
    above 0 (the five that have one are the five that go back).
 8. An action (8.6.1-f) is a row, not the first, whose state is neither resolved nor closed, with
    raised_at <= time <= coalesce(last_resolved_at, closed_at). Touches count (without those that change
    nothing: 14,908). A further row within resolved is no action, although it enters nothing (with it:
    16,651 / 7,464 / 803; all eight are a double row in the minute of the resolution). "Only rows before the
    last resolution in order" gives the same verdict for each case.
 9. An incomplete history makes only the checks undetermined that need the whole of it (8.6.1-f), never -a or
    -d: INC0000359 (no category) and INC0020014 (closed, never resolved) are incomplete and must fail, else
    there are no 7 and 13.
10. Persons are the distinct values of caller_id, opened_by, sys_created_by, sys_updated_by, assigned_to,
    resolved_by, column by column, without '?' (6,932).
11. Reopened: reopen_count > 0 in the last row; equal, case by case, to having left resolved or closed (275).
12. Own numbers are in order of (raised_at, source number).
"""
import argparse
import bisect
import collections
import csv
import datetime as dt
import gzip
import io
import json
import os
import statistics
import sys
import zipfile
from zoneinfo import ZoneInfo

SHARED = os.environ.get("VOUCH_SHARED_DATA") or os.path.join(
    os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "shared", "data")
DEFAULT = os.path.join(SHARED, "logs", "uci-servicenow-incidents", "incident_event_log.zip")
UTC = dt.timezone.utc

STATES = {
    "New": ("new", None), "Active": ("in_progress", None),
    "Awaiting User Info": ("waiting", "customer"), "Awaiting Vendor": ("waiting", "supplier"),
    "Awaiting Problem": ("waiting", "problem"), "Awaiting Evidence": ("waiting", "evidence"),
    "Resolved": ("resolved", None), "Closed": ("closed", None),
}
OPEN = ("new", "assigned", "in_progress", "waiting")
ALLOWED = (
    {("new", "assigned"), ("new", "in_progress"), ("assigned", "in_progress"), ("waiting", "in_progress"),
     ("resolved", "in_progress"), ("resolved", "closed")}
    | {(s, "waiting") for s in ("new", "assigned", "in_progress")}
    | {(s, "resolved") for s in OPEN}
    | {(s, end) for s in OPEN for end in ("cancelled", "duplicate")}
)
PERSONS = ("caller_id", "opened_by", "sys_created_by", "sys_updated_by", "assigned_to", "resolved_by")
# What a row says about the record as such (our field, source column); null is '?'.
PLAIN = (
    ("caller", "caller_id"), ("source", "contact_type"), ("category", "category"),
    ("subcategory", "subcategory"), ("location", "location"), ("symptom", "u_symptom"),
    ("team", "assignment_group"), ("assignee", "assigned_to"), ("configuration_item", "cmdb_ci"),
)
LEADING_DIGIT = ("impact", "urgency", "priority")
MAPPED = [c for _, c in PLAIN] + list(LEADING_DIGIT) + [
    "incident_state", "reassignment_count", "reopen_count", "made_sla", "problem_id", "rfc", "caused_by", "vendor",
    "opened_at"]


class Clock:
    """Reads the log's wall times in a zone (processes.md 0.1): in a gap the first instant after it, in an overlap
    the earlier one."""

    def __init__(self, zone="UTC"):
        self.zone = ZoneInfo(zone)
        self.seen = {}

    def local(self, wall):
        """A naive wall time of the zone as an instant."""
        early = wall.replace(tzinfo=self.zone, fold=0).astimezone(UTC)
        if early.astimezone(self.zone).replace(tzinfo=None) == wall:
            return early
        low, high = wall.replace(tzinfo=self.zone, fold=1).astimezone(UTC), early
        before = low.astimezone(self.zone).utcoffset()
        while high - low > dt.timedelta(seconds=1):
            middle = low + (high - low) // 2
            if middle.astimezone(self.zone).utcoffset() == before:
                low = middle
            else:
                high = middle
        return high.replace(microsecond=0)

    def read(self, text):
        if text == "?":
            return None
        if text not in self.seen:
            day, time = text.split(" ")
            d, m, y = map(int, day.split("/"))
            hour, minute = map(int, time.split(":"))
            self.seen[text] = self.local(dt.datetime(y, m, d, hour, minute))
        return self.seen[text]


class Case:
    """One incident: its rows in the file's order and what each prefix of them means."""

    def __init__(self, number, rows, clock):
        self.external_number, self.rows = number, rows
        self.inc = None                                      # own number, given by Log
        self.at = [clock.read(r["sys_updated_at"]) for r in rows]
        self.raised_at = self.at[0]
        self.detected_at = clock.read(rows[0]["opened_at"])
        self.final = {k: clock.read(rows[-1][k]) for k in ("resolved_at", "closed_at")}
        self.state, self.waiting_for = [], []
        self.resolved_at, self.closed_at = [], []
        self.first_resolved_at, self.last_resolved_at = [], []
        self.incomplete = []                                 # None, "hole" or "back", known by then
        self.entered = {}                                    # state -> indexes of entries into it
        state = waiting = resolved = closed = first = last = flaw = None
        for i, row in enumerate(rows):
            was = state
            state, waiting = STATES.get(row["incident_state"], (state, waiting))
            now = self.at[i]
            if i == 0 or state != was:
                self.entered.setdefault(state, []).append(i)
                if state == "resolved":
                    resolved, first, last = now, first or now, now
                if state == "closed":
                    closed = now
            if state != "closed":
                closed = None
            if state not in ("resolved", "closed"):
                resolved = None
            if i:
                step = int(row["sys_mod_count"]) - int(rows[i - 1]["sys_mod_count"])
                if step < 0 or now < self.at[i - 1]:
                    flaw = "back"
                elif step > 1 and not flaw:
                    flaw = "hole"
            self.state.append(state)
            self.waiting_for.append(waiting)
            self.resolved_at.append(resolved)
            self.closed_at.append(closed)
            self.first_resolved_at.append(first)
            self.last_resolved_at.append(last)
            self.incomplete.append(flaw)
        order = sorted(range(len(rows)), key=lambda i: self.at[i])
        self.times, self.shown, top = [], [], -1
        for i in order:
            top = max(top, i)
            self.times.append(self.at[i])
            self.shown.append(top)

    def index_at(self, t):
        """The row that counts at T, or None before the case exists."""
        k = bisect.bisect_right(self.times, t)
        return self.shown[k - 1] if k else None

    def record(self, i):
        """The whole record as row i leaves it, by the names of interface.md (links by their name)."""
        row = self.rows[i]
        into = {s: self.entered.get(s, [None])[-1] for s in ("resolved", "closed")}
        after = lambda s: into[s] is not None and i >= into[s]
        record = {
            "number": self.inc, "external_number": self.external_number,
            "state": self.state[i], "waiting_for": self.waiting_for[i],
            "raised_at": self.raised_at, "detected_at": self.detected_at, "updated_at": self.at[i],
            "resolved_at": self.resolved_at[i], "closed_at": self.closed_at[i],
            "first_resolved_at": self.first_resolved_at[i], "last_resolved_at": self.last_resolved_at[i],
            "resolved_by": null(row["resolved_by"]) if after("resolved") else None,
            "closure_code": null(row["closed_code"]) if after("closed") else None,
            "end_kind": "closed" if self.state[i] == "closed" else None,
            "source_made_sla": {"true": True, "false": False}.get(row["made_sla"]),
            "source_reassignment_count": int(row["reassignment_count"]),
            "source_reopen_count": int(row["reopen_count"]),
        }
        for ours, theirs in PLAIN:
            record[ours] = null(row[theirs])
        for key in LEADING_DIGIT:
            record[key] = int(row[key][0]) if row[key] != "?" else None
        return record

    def acted(self, i):
        """Is there an action (semantics 8) among the rows up to i?"""
        end = self.last_resolved_at[i] or self.closed_at[i]
        return end is not None and any(
            self.state[k] not in ("resolved", "closed") and self.raised_at <= self.at[k] <= end
            for k in range(1, i + 1))

    def reopened(self, i):
        """Times that resolved or closed was left."""
        return sum(self.state[k - 1] in ("resolved", "closed") and self.state[k] not in ("resolved", "closed")
                   for k in range(1, i + 1))


def null(text):
    return None if text == "?" else text


class Log:
    """All cases, in the order of their own numbers."""

    def __init__(self, rows, zone="UTC"):
        clock, grouped = Clock(zone), {}
        for row in rows:
            grouped.setdefault(row["number"], []).append({k: sys.intern(v) for k, v in row.items()})
        self.cases = [Case(n, r, clock) for n, r in grouped.items()]
        self.cases.sort(key=lambda c: (c.raised_at, c.external_number))
        for n, case in enumerate(self.cases, 1):
            case.inc = "INC-%06d" % n
        self.first = min(t for c in self.cases for t in c.at)
        self.last = max(t for c in self.cases for t in c.at)

    def shown_at(self, t):
        """(case, row index) of every case that exists at T."""
        for case in self.cases:
            i = case.index_at(t)
            if i is not None:
                yield case, i


def read(path=DEFAULT, zone="UTC"):
    if path.endswith(".zip"):
        with zipfile.ZipFile(path) as z:
            data = z.read(z.namelist()[0])
    elif path.endswith(".gz"):
        data = gzip.open(path).read()
    else:
        data = open(path, "rb").read()
    return Log(csv.DictReader(io.StringIO(data.decode("utf-8"), newline="")), zone)


def figures(log):
    """Every figure that one of the texts states."""
    cases = log.cases
    begin, kinds, deviating, source_kinds = (collections.Counter() for _ in range(4))
    deviating_cases, same_minute, future, touches = set(), 0, 0, 0
    for c in cases:
        begin[c.state[0]] += 1
        for k in range(len(c.rows)):
            future += c.final["resolved_at"] is not None and c.final["resolved_at"] > c.at[k]
            if not k:
                continue
            a, b = c.state[k - 1], c.state[k]
            same_minute += c.at[k - 1] == c.at[k]
            touches += all(c.rows[k][m] == c.rows[k - 1][m] for m in MAPPED)
            words = c.rows[k - 1]["incident_state"], c.rows[k]["incident_state"]
            if words[0] != words[1]:
                source_kinds[words] += 1
            if a != b:
                kinds[a + " -> " + b] += 1
                if (a, b) not in ALLOWED:
                    deviating[a + " -> " + b] += 1
                    deviating_cases.add(c.external_number)
    last = [(c, c.rows[-1]) for c in cases]
    hours = sorted((max(c.at) - min(c.at)).total_seconds() / 3600 for c in cases)
    wall = lambda t: t.strftime("%Y-%m-%dT%H:%M:%S")             # the asserted run reads the file in UTC
    acted = collections.Counter(
        "passed" if c.acted(len(c.rows) - 1) else "undetermined" if c.incomplete[-1] else "failed" for c in cases)
    return {
        "events": sum(len(c.rows) for c in cases), "cases": len(cases),
        "first": wall(log.first), "last": wall(log.last),
        "activity_counts": dict(collections.Counter(r["incident_state"] for c in cases for r in c.rows).most_common()),
        "events_per_case": {"min": min(len(c.rows) for c in cases), "max": max(len(c.rows) for c in cases),
                            "mean": round(sum(len(c.rows) for c in cases) / len(cases), 4)},
        "case_duration_hours": {"median": round(statistics.median(hours), 3),
                                "p95_nearest_rank": round(hours[-(-95 * len(hours) // 100) - 1], 3),
                                "max": round(hours[-1], 3)},
        "variants_in_file_order": len({tuple(r["incident_state"] for r in c.rows) for c in cases}),
        "cases_not_in_time_order_in_file": sum(c.at != sorted(c.at) for c in cases),
        "made_sla_false_incidents_by_last_event": sum(r["made_sla"] == "false" for _, r in last),
        "reopened_incidents": sum(int(r["reopen_count"]) > 0 for _, r in last),
        "reopened_by_states": sum(c.reopened(len(c.rows) - 1) > 0 for c in cases),
        "reassigned_incidents": sum(int(r["reassignment_count"]) > 0 for _, r in last),
        "priority_by_last_event": dict(collections.Counter(r["priority"] for _, r in last)),
        "priority_is_a_function_of_impact_and_urgency": dict(sorted(
            {(r["impact"] + " x " + r["urgency"], r["priority"]) for c in cases for r in c.rows})),
        "rows_with_problem_id": sum(r["problem_id"] != "?" for c in cases for r in c.rows),
        "rows_with_rfc": sum(r["rfc"] != "?" for c in cases for r in c.rows),
        "rows_with_cmdb_ci": sum(r["cmdb_ci"] != "?" for c in cases for r in c.rows),
        "without_configuration_item": sum(r["cmdb_ci"] == "?" for _, r in last),
        "beginnings": dict(begin), "changes_of_state": sum(kinds.values()), "changes_by_kind": dict(kinds.most_common()),
        "transition_kinds_in_source_words": len(source_kinds),
        "deviating_steps": sum(deviating.values()), "deviating_incidents": len(deviating_cases),
        "deviating_by_kind": dict(deviating),
        "persons": sum(len({r[p] for c in cases for r in c.rows} - {"?"}) for p in PERSONS),
        "incomplete_by_hole": sum(c.incomplete[-1] == "hole" for c in cases),
        "incomplete_by_going_back": sum(c.incomplete[-1] == "back" for c in cases),
        "neighbours_sharing_a_minute": same_minute, "rows_before_their_own_resolved_at": future,
        "rows_that_change_nothing_mapped": touches,
        "resolved_at_differs": sum(None not in (c.final["resolved_at"], c.last_resolved_at[-1])
                                   and c.final["resolved_at"] != c.resolved_at[-1] for c in cases),
        "closed_at_differs": sum(c.final["closed_at"] != c.closed_at[-1] for c in cases),
        "resolved_without_source_resolved_at": sum(c.last_resolved_at[-1] is not None
                                                   and c.final["resolved_at"] is None for c in cases),
        "resolved_before_raised": [c.external_number for c in cases
                                   if c.resolved_at[-1] and c.resolved_at[-1] < c.raised_at],
        "closed_without_resolution": sum(c.state[-1] == "closed" and c.last_resolved_at[-1] is None for c in cases),
        "without_category": sum(r["category"] == "?" for _, r in last),
        "acted": dict(acted),
    }


STATED = {
    "changes_of_state": 63874, "beginnings": {"new": 16397, "in_progress": 6503, "resolved": 1819, "waiting": 199},
    "deviating_steps": 27, "deviating_incidents": 27, "persons": 6932, "incomplete_by_hole": 9254,
    "incomplete_by_going_back": 5, "reopened_by_states": 275, "without_configuration_item": 24864,
    "resolved_at_differs": 295, "closed_at_differs": 45, "resolved_without_source_resolved_at": 1543,
    "closed_without_resolution": 13, "without_category": 7, "neighbours_sharing_a_minute": 14118,
    "transition_kinds_in_source_words": 40, "rows_before_their_own_resolved_at": 87471,
    "acted": {"passed": 16643, "failed": 7468, "undetermined": 807},
}


def differences(found, facts):
    """Stated figures and facts.json against what the fold found."""
    out = []
    for key, want in list(STATED.items()) + list(facts.items()):
        if key in ("distinct_activities", "missing_marker", "odd_state_minus_100_rows"):
            continue
        if found.get(key) != want:
            out.append({"figure": key, "stated": want, "found": found.get(key)})
    if facts and len(found["activity_counts"]) != facts["distinct_activities"]:
        out.append({"figure": "distinct_activities", "found": len(found["activity_counts"])})
    if facts and found["activity_counts"].get("-100") != facts["odd_state_minus_100_rows"]:
        out.append({"figure": "odd_state_minus_100_rows", "found": found["activity_counts"].get("-100")})
    return out


def main(argv=None):
    p = argparse.ArgumentParser(prog="oracle log")
    p.add_argument("file", nargs="?", default=DEFAULT)
    p.add_argument("--zone", default="UTC")
    p.add_argument("--no-assert", action="store_true")
    a = p.parse_args(argv)
    found = figures(read(a.file, a.zone))
    print(json.dumps(found, indent=1))
    if a.no_assert:
        return 0
    facts = os.path.join(os.path.dirname(os.path.abspath(a.file)), "facts.json")
    diff = differences(found, json.load(open(facts)) if os.path.exists(facts) else {})
    for d in diff:
        print("DIFFERS", json.dumps(d), file=sys.stderr)
    print("all figures as stated" if not diff else "%d figures differ" % len(diff), file=sys.stderr)
    return 1 if diff else 0


if __name__ == "__main__":
    sys.exit(main())
