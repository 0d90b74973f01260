"""Recount of 8.6.1 from the log, written from formal_checks.md 1 to 3, foundation.md 7 and interface.md (Period).

    python3 tests/oracle recount [FILE] [--settings FILE.toml] [--zone Z] [--at TIME] [--from DATE --to DATE]
                                 [--twelve-months] [--list CHECK] [--compare ROWS.json] [--figures]

Prints rows in the form of `vouch check --format json`. Without --at, --from, --to it looks at the whole span of the
file as `vouch assess` does; --twelve-months takes the default period of `vouch check` instead. --list prints the
numbers behind one check. --compare takes the output of `vouch check` (list of rows) or of `vouch assess` (report)
and exits 1 when a count or a status differs.

Settings file: one entry a key, `"incident.closure_wait" = { value = "P5D", from = 2016-01-01 }`, the same key as a list of
such tables for a history, or the bare value; no `from` = always. --zone says how the log's times are read; organization.zone (default
UTC) says where days begin.

What each setting changes
- incident.priority_rule {"matrix"}: rule_priority is written at each row with the rule in force at that row's time;
  the last row before the cut-off counts. No rule on the day the incident was raised: undetermined (the example of
  8.6.1-b). A mismatch is undetermined, not failed: override_reason is absent in the source (unknown || false).
- incident.closure_wait: closure_due_at is written at the entry into resolved with wait, week, holidays in force then,
  and removed by a reopening. No wait known then: the instant is absent, the subject stays in, undetermined.
  Never resolved: null, no subject; with no wait known at the cut-off it is absent as well.
- incident.major_criteria: criteria cover the period from `from` on; not covered: fail (false wins). Covered and some
  incident met them in the period: undetermined (no major flag, no decisions in the source). None met them: pass.
- incident.update_interval: 8.6.1-f.p; longest working time between neighbours while open. A practice check.
- incident.escalation_thresholds, major_incident.review_time: nothing, the source has neither clocks nor major flags.
- at: only rows with time <= at exist; histories count as incomplete by what is known then.
Period and at: local days of the organisation, half-open; a period that ends after `at` ends at `at`.

A subject whose `when` reads a field that the source lacks stays in the population (-h to -k, and -e without a wait). It is counted on one day,
since months are sums: that of raised_at, the day anchor of every record (formal_checks.md 2). -i has only cases that
were resolved in the period: unknown && false is false.
"""
import argparse
import datetime as dt
import json
import re
import sys
import tomllib
from zoneinfo import ZoneInfo

from cond import ABSENT, both, compare, condition, either
from log import DEFAULT, UTC, Clock, figures, read

PROVES = {"8.6.1-e": "sufficient", "8.6.1-g": "sufficient", "8.6.1-j": "sufficient", "8.6.1-f.p": "indicator"}
CHECKS = ["8.6.1-" + c for c in ("a", "b", "c", "d", "e", "f", "f.p", "g", "h", "i", "j", "k")]
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Settings:
    """Dated settings: the value of a key in force at an instant."""

    def __init__(self, tree=None):
        self.versions = {}
        self.zone = "UTC"
        self._walk("", tree or {})
        if "organization.zone" in self.versions:
            self.zone = self.versions["organization.zone"][-1][1]
        clock = Clock(self.zone)
        for key, rows in self.versions.items():
            self.versions[key] = sorted(((self._instant(f, clock), v) for f, v in rows), key=lambda r: r[0])

    def _walk(self, path, node):
        if isinstance(node, dict) and "value" in node:
            self.versions.setdefault(path, []).append((node.get("from"), node["value"]))
        elif isinstance(node, list) and node and all(isinstance(n, dict) and "value" in n for n in node):
            for n in node:
                self._walk(path, n)
        elif isinstance(node, dict) and path.count(".") < 1:
            for k, v in node.items():
                self._walk(path + "." + k if path else k, v)
        else:
            self.versions.setdefault(path, []).append((None, node))

    @staticmethod
    def _instant(value, clock):
        if value is None:
            return dt.datetime.min.replace(tzinfo=UTC)
        return instant(value, clock)

    def at(self, key, t):
        found = None
        for since, value in self.versions.get(key, ()):
            if since <= t:
                found = value
        return found

    def any(self, key):
        return bool(self.versions.get(key))


def instant(value, clock):
    """A TOML or command-line date or time; a date is its local midnight, a time without offset is local."""
    if isinstance(value, str):
        value = (dt.date.fromisoformat(value) if len(value) == 10
                 else dt.datetime.fromisoformat(value.replace("Z", "+00:00")))
    if not isinstance(value, dt.datetime):
        value = dt.datetime(value.year, value.month, value.day)
    return value.astimezone(UTC) if value.tzinfo else clock.local(value)


class Calendar:
    """Working time on organization.week and organization.holidays in organization.zone; no week = 24 x 7."""

    def __init__(self, zone, week=None, holidays=None):
        self.zone, self.clock = ZoneInfo(zone), Clock(zone)
        self.week = week or {d: [["00:00", "24:00"]] for d in DAYS}
        self.always = week is None and not holidays
        self.holidays = {str(h) for h in holidays or ()}

    def windows(self, day):
        """The local day's working windows as instants."""
        if day.isoformat() in self.holidays or day.strftime("--%m-%d") in self.holidays:
            return []
        out = []
        for start, end in self.week.get(DAYS[day.weekday()], ()):
            edge = []
            for text in (start, end):
                hour, minute = map(int, text.split(":")[:2])
                wall = dt.datetime(day.year, day.month, day.day) + dt.timedelta(hours=hour, minutes=minute)
                edge.append(self.clock.local(wall))
            out.append(edge)
        return sorted(out)

    def add(self, start, wait):
        """First instant at which the business duration is over. Days are working days of the week, at the same local time;
        outside working time they count from the next opening. Hours are working hours."""
        days, seconds = wait
        t = start
        if days:
            day = t.astimezone(self.zone).date()
            if not any(a <= t < b for a, b in self.windows(day)):
                t = next(a for a, _ in self._from(t))
                day = t.astimezone(self.zone).date()
            time = t.astimezone(self.zone).time()
            while days:
                day += dt.timedelta(days=1)
                days -= bool(self.windows(day))
            t = self.clock.local(dt.datetime.combine(day, time))
        if seconds:
            for a, b in self._from(t):
                left = (b - max(a, t)).total_seconds()
                if seconds <= left:
                    return max(a, t) + dt.timedelta(seconds=seconds)
                seconds -= left
        return t

    def _from(self, t):
        """Windows that end after t, for ten years."""
        day = t.astimezone(self.zone).date() - dt.timedelta(days=1)
        for _ in range(3660):
            for a, b in self.windows(day):
                if b > t:
                    yield a, b
            day += dt.timedelta(days=1)


def duration(text):
    """ISO 8601 duration as (days, seconds); a week is seven days."""
    m = re.fullmatch(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", text)
    w, d, h, mi, s = (int(g or 0) for g in m.groups())
    return 7 * w + d, 3600 * h + 60 * mi + s


class Recount:
    def __init__(self, log, settings=None, at=None, begin=None, end=None, whole=True):
        self.log, self.settings = log, settings or Settings()
        self.clock = Clock(self.settings.zone)
        zone = ZoneInfo(self.settings.zone)
        day = lambda t: t.astimezone(zone).date()
        midnight = lambda d: self.clock.local(dt.datetime(d.year, d.month, d.day))
        self.at = at or midnight(day(log.last) + dt.timedelta(days=1))
        if end is None:                                           # whole span: `at` is the midnight that ends it
            end = day(self.at - dt.timedelta(microseconds=1) if whole else self.at) + dt.timedelta(days=1)
        if begin is None:
            begin = day(log.first) if whole else year_before(end)
        self.from_day, self.to_day = begin, end
        self.start, self.end = midnight(begin), min(midnight(end), self.at)
        self.subjects = list(log.shown_at(self.at))
        self.lists = {}

    def inside(self, t):
        """t in period: null is false, absent unknown."""
        return None if t is ABSENT else t is not None and self.start <= t < self.end

    def calendar(self, t):
        week, holidays = self.settings.at("organization.week", t), self.settings.at("organization.holidays", t)
        key = json.dumps([week, holidays], default=str)
        cache = self.__dict__.setdefault("calendars", {})
        return cache.setdefault(key, Calendar(self.settings.zone, week, holidays))

    # One method a check: yields (case, verdict) for each subject; verdict True, False or None.

    def check_a(self):
        for case, i in self.subjects:
            if self.inside(case.raised_at):
                yield case, case.rows[i]["category"] != "?"       # values of an import are in use without a beginning

    def check_b(self):
        for case, i in self.subjects:
            if not self.inside(case.raised_at):
                continue
            row = case.rows[i]
            impact, urgency, priority = (int(row[k][0]) if row[k] != "?" else None
                                         for k in ("impact", "urgency", "priority"))
            rule = self.settings.at("incident.priority_rule", case.at[i])
            if not self.settings.at("incident.priority_rule", case.raised_at):
                rule = None
            matrix = rule.get("matrix") if isinstance(rule, dict) else None
            wanted = matrix[impact - 1][urgency - 1] if matrix and impact and urgency else None
            same = None if None in (priority, wanted) else priority == wanted
            given = impact is not None and urgency is not None and priority is not None
            yield case, both(given, either(compare("!=", ABSENT, None), same))

    def check_d(self):
        for case, i in self.subjects:
            resolved = case.last_resolved_at[i]
            if self.inside(resolved) or (self.inside(case.closed_at[i]) and resolved is None):
                # solution is absent; end_kind is never cancelled or duplicate here
                yield case, both(resolved is not None, compare("!=", ABSENT, None))

    def check_e(self):
        for case, i in self.subjects:
            due = self.closure_due_at(case, i)
            if not (self.inside(case.raised_at) if due is ABSENT else self.inside(due) and due <= self.at):
                continue
            resolved, closed = case.last_resolved_at[i], case.closed_at[i]
            ok = closed is not None and resolved is not None and resolved <= closed
            yield case, None if due is ABSENT else ok

    def closure_due_at(self, case, i):
        resolved, state = case.last_resolved_at[i], case.state[i]
        if not self.settings.at("incident.closure_wait", resolved or self.at):
            return ABSENT
        if resolved is None or state not in ("resolved", "closed") or case.resolved_at[i] is None:
            return None
        wait = duration(self.settings.at("incident.closure_wait", resolved))
        return self.calendar(resolved).add(resolved, wait)

    def check_f(self):
        for case, i in self.subjects:
            if self.inside(case.closed_at[i]):
                yield case, case.acted(i) or (None if case.incomplete[i] else False)

    def check_fp(self):
        for case, i in self.subjects:
            if not self.inside(case.closed_at[i]):
                continue
            interval = self.settings.at("incident.update_interval", case.raised_at)
            if isinstance(interval, dict):
                interval = interval.get(case.rows[i]["priority"][0], interval.get("*"))
            if interval is None:
                yield case, None
                continue
            within = all(case.at[k + 1] <= self.calendar(case.at[k]).add(case.at[k], duration(interval))
                         for k in range(i) if case.state[k] not in ("resolved", "closed"))
            yield case, within or (None if case.incomplete[i] else False)

    def check_g(self):
        if not self.settings.any("incident.major_criteria"):
            yield None, None
            return
        versions = self.settings.versions["incident.major_criteria"]
        covered = self.settings.at("incident.major_criteria", self.start) is not None
        rules = [(since, condition(text)) for since, text in versions]
        flagged = True                                            # of all incidents; unknown where one met them
        for case, i in self.subjects:
            if self.inside(major_met_at(case, i, rules)) is not False:
                flagged = None
        yield None, both(covered, flagged)

    def check_h(self):
        return ((case, None) for case, _ in self.subjects if self.inside(case.raised_at))

    # Nobody knows which were major, so none leaves: each stays on the day on which it was raised.
    check_i = check_j = check_k = check_h

    def check_c(self):
        return ()

    def rows(self):
        out = []
        for check in CHECKS:
            found = {True: [], False: [], None: []}
            for case, verdict in getattr(self, "check_" + check.split("-")[1].replace(".", ""))():
                found[verdict].append(case.external_number if case else "criteria")
            self.lists[check] = found
            passed, failed, unknown = (len(found[v]) for v in (True, False, None))
            n = passed + failed + unknown
            status = "fail" if failed else "not-determinable" if unknown else "pass" if n else "no-evidence"
            if check == "8.6.1-c" or (not n and check == "8.6.1-e" and not self.settings.any("incident.closure_wait")):
                status = "not-determinable"                       # the source has no clocks; no wait decided
            out.append({"check": check, "requirement": check.replace(".p", ""), "clause": "8.6.1",
                        "proves": PROVES.get(check, "necessary"), "status": status, "population": n,
                        "passed": passed, "failed": failed, "undetermined": unknown,
                        "from": self.from_day.isoformat(), "to": self.to_day.isoformat(),
                        "cutoff": self.at.strftime("%Y-%m-%dT%H:%M:%SZ")})
        return out


def major_met_at(case, i, rules):
    """Instant at which the criteria then in force were first true at a row; ABSENT where they need what the source lacks."""
    unknown = False
    for k in range(i + 1):
        rule = None
        for since, test in rules:
            if since <= case.at[k]:
                rule = test
        if rule:
            record = case.record(k)
            met = rule(lambda path: record.get(path.removesuffix(".name"), ABSENT))
            if met:
                return case.at[k]
            unknown |= met is None
    return ABSENT if unknown else None


def year_before(day):
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)


def checks_of(document):
    """Rows of `vouch check` or of an assess report."""
    if isinstance(document, list):
        return document
    return [row for r in document["requirements"] for row in r["checks"]]


def compare_rows(ours, theirs):
    theirs = {r["check"]: r for r in theirs}
    out = []
    for row in ours:
        other = theirs.get(row["check"])
        if other is None:
            out.append("%s: missing" % row["check"])
            continue
        for key in ("status", "population", "passed", "failed", "undetermined"):
            if row[key] != other.get(key):
                out.append("%s: %s expected %s, found %s" % (row["check"], key, row[key], other.get(key)))
    return out


def main(argv=None):
    p = argparse.ArgumentParser(prog="oracle recount")
    p.add_argument("file", nargs="?", default=DEFAULT)
    p.add_argument("--settings")
    p.add_argument("--zone", default="UTC")
    p.add_argument("--at")
    p.add_argument("--from", dest="begin")
    p.add_argument("--to", dest="end")
    p.add_argument("--twelve-months", action="store_true")
    p.add_argument("--list", metavar="CHECK")
    p.add_argument("--compare", metavar="FILE.json")
    p.add_argument("--figures", action="store_true")
    a = p.parse_args(argv)
    log = read(a.file, a.zone)
    settings = Settings(tomllib.load(open(a.settings, "rb")) if a.settings else None)
    clock = Clock(settings.zone)
    day = lambda text: dt.date.fromisoformat(text) if text else None
    recount = Recount(log, settings, instant(a.at, clock) if a.at else None, day(a.begin), day(a.end),
                      not a.twelve_months)
    rows = recount.rows()
    if a.list:
        names = {True: "passed", False: "failed", None: "undetermined"}
        print(json.dumps({names[v]: n for v, n in recount.lists[a.list].items()}, indent=1))
    elif a.compare:
        diff = compare_rows(rows, checks_of(json.load(open(a.compare))))
        print("\n".join(diff) if diff else "equal: %d checks" % len(rows))
        return 1 if diff else 0
    elif a.figures:
        print(json.dumps(figures(log), indent=1))
    else:
        print("[\n" + ",\n".join(json.dumps(r) for r in rows) + "\n]")
    return 0


if __name__ == "__main__":
    sys.exit(main())
