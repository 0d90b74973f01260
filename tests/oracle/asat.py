"""As-at on two axes: the fold of the file against a running server (foundation.md 4 and 15.2).

    python3 tests/oracle asat --url http://127.0.0.1:8020 --token TOKEN [FILE] [--zone UTC] [--pairs 1000] [--seed N]
                              [--records 1] [--known-empty TIME] [--ignore FIELD,…] [--lenient] [--show 40] [--probes-only]

For each random pair (T, known): the total, one random filter's total, the total of one state, the first page of 50
in one of four orders, and --records single records. Prints the seed first, then differences, exits 1 on any.

Half of the pairs know now (known left out, `now`, or an instant after this program started: the import must be over
by then), half know a past before the import (`then`, or an instant before it): these must be empty, records 404.
The import's own beginning is read from `recorded_at` of INC-1 and of the newest number; --known-empty overrides it.
Also probed: `at` in the future and `known` before `at` are 422; search, if the server has it, has no past.

T is a row's instant, a second before one, or any second from a day before the log to a day after it.
No record may show resolved_at, closed_at, updated_at or raised_at later than T, whatever else is wrong.
Choices are compared without regard to case and punctuation (keys are the model's own), links by name, instants exactly.
--lenient accepts fields that the server does not have (named once); else each is a difference.
INC0000137 from 09:52 to before 11:10 (29 Feb 2016) may or may not show: its first row is later than its second.
"""
import argparse
import collections
import datetime as dt
import http.client
import json
import random
import re
import sys
import urllib.parse

from cond import condition
from log import DEFAULT, UTC, read

LINKS = ("team", "assignee", "caller", "resolved_by", "configuration_item")
LISTS = ("source", "category", "subcategory", "location", "symptom", "closure_code", "end_kind")
INSTANTS = ("raised_at", "detected_at", "updated_at", "resolved_at", "closed_at", "first_resolved_at",
            "last_resolved_at")
SORTS = ("number", "-raised_at", "-updated_at", "priority,raised_at")
MINUTE = dt.timedelta(minutes=1)


def text(t):
    return t.strftime("%Y-%m-%dT%H:%M:%SZ")


def plain(value):
    """A choice's key, a list value's name or a link, so that both sides compare."""
    if isinstance(value, dict):
        value = value.get("name")
    return re.sub(r"[^a-z0-9]+", "-", value.lower()).strip("-") if isinstance(value, str) else value


def seen(key, value):
    """What the server shows for a field, in the oracle's form."""
    if key in INSTANTS and isinstance(value, str):
        return dt.datetime.fromisoformat(value.replace("Z", "+00:00"))
    if key in LINKS and isinstance(value, dict):
        return value.get("name")
    return plain(value) if key in LISTS else value


class Server:
    def __init__(self, url, token):
        parts = urllib.parse.urlsplit(url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self.connection = kind(parts.netloc, timeout=60)
        self.base = parts.path.rstrip("/") + "/api/v1"
        self.head = {"Authorization": "Bearer " + token, "Accept": "application/json"}
        self.requests = 0

    def get(self, path, **query):
        url = self.base + path + ("?" + urllib.parse.urlencode(query) if query else "")
        for attempt in (1, 2, 3):
            self.requests += 1
            try:
                self.connection.request("GET", url, headers=self.head)
                answer = self.connection.getresponse()
                body = answer.read()
            except (http.client.HTTPException, ConnectionError):
                self.connection.close()
                if attempt == 3:
                    raise
                continue
            if answer.status != 503:
                break
        try:
            return answer.status, json.loads(body or b"null"), url
        except ValueError:
            return answer.status, None, url


class Comparison:
    def __init__(self, log, server, rng, args):
        self.log, self.server, self.rng, self.args = log, server, rng, args
        self.ignore = set(filter(None, args.ignore.split(",")))
        self.differences, self.missing, self.done = 0, set(), collections.Counter()
        self.out_of_time = [c for c in log.cases if c.times[0] < c.raised_at]
        self.instants = sorted({t for c in log.cases for t in c.at})
        self.values = {k: sorted({c.record(i)[k] for c in log.cases[::7] for i in (0, len(c.rows) - 1)} - {None}) or ["nobody"]
                       for k in ("team", "assignee", "caller")}

    def differ(self, what, url, **more):
        self.differences += 1
        if self.differences <= self.args.show:
            print("DIFFERS", what, url, json.dumps(more, default=str))

    # --- what is asked

    def random_t(self):
        kind = self.rng.randrange(3)
        if kind < 2:
            return self.rng.choice(self.instants) - dt.timedelta(seconds=kind)
        span = int((self.log.last - self.log.first).total_seconds()) + 2 * 86400
        return self.log.first + dt.timedelta(seconds=self.rng.randrange(span) - 86400)

    def random_filter(self):
        """A condition and its text: both as the server gets it and as cond.py reads it."""
        pick = self.rng.choice
        return pick((
            lambda: "priority == %d" % pick((1, 2, 3, 4)),
            lambda: "state != \"closed\" && priority <= 2",
            lambda: "team.name == \"%s\"" % pick(self.values["team"]),
            lambda: "team == null && state != 'closed'",
            lambda: "assignee.name == \"%s\" && !(state == 'closed')" % pick(self.values["assignee"]),
            lambda: "caller.name == \"%s\"" % pick(self.values["caller"]),
            lambda: "waiting_for == '%s'" % pick(("customer", "supplier", "problem", "evidence")),
            lambda: "resolved_at != null && closed_at == null",
            lambda: "impact == %d || urgency == %d" % (pick((1, 2, 3)), pick((1, 2, 3))),
            lambda: "external_number == '%s'" % pick(self.log.cases).external_number,
            lambda: "source_reopen_count > 0 && state == 'in_progress'",
            lambda: "source_reassignment_count >= %d" % pick((1, 2, 5)),
            lambda: "!(priority < 3) && configuration_item != null",
            lambda: "first_resolved_at != null && state != 'closed' && state != 'resolved'",
        ))()

    # --- the pairs

    def odd(self, t):
        """INC0000137's window, where presence is not pinned."""
        return next((c for c in self.out_of_time if c.times[0] <= t < c.raised_at), None)

    def pair(self, t, query, empty):
        query = dict(query, at=text(t))
        shown = [] if empty else list(self.log.shown_at(t))
        odd = self.odd(t)
        self.count(query, None, len(shown), odd)
        state = self.rng.choice(("new", "in_progress", "waiting", "resolved", "closed"))
        self.count(query, "state == '%s'" % state, sum(c.state[i] == state for c, i in shown), odd)
        source = self.random_filter()
        all_records = {c.inc: c.record(i) for c, i in shown}
        test = condition(source)
        self.count(query, source, sum(
            test(lambda path: r.get(path.removesuffix(".name"))) is True for r in all_records.values()), odd)
        self.page(query, all_records, t, odd)
        for _ in range(self.args.records):
            case = self.rng.choice(self.log.cases)
            status, body, url = self.server.get("/incidents/" + case.inc, **query)
            expected = all_records.get(case.inc)
            self.done["records"] += 1
            if case is odd:
                continue
            if expected is None:
                if status != 404:
                    self.differ("record that was not there", url, status=status)
            elif status != 200:
                self.differ("record", url, status=status)
            else:
                self.record(expected, body, t, url)

    def count(self, query, source, expected, odd):
        ask = dict(query, count="true", limit=1)
        if source:
            ask["filter"] = source
        status, body, url = self.server.get("/incidents", **ask)
        self.done["counts"] += 1
        total = body.get("total") if status == 200 and isinstance(body, dict) else None
        if total != expected and not (odd and total is not None and abs(total - expected) == 1):
            self.differ("count", url, status=status, expected=expected, found=total)

    def page(self, query, expected, t, odd):
        sort = self.rng.choice(SORTS)
        items, cursor = [], None
        while True:
            ask = dict(query, sort=sort, limit=50)
            if cursor:
                ask["cursor"] = cursor
            status, body, url = self.server.get("/incidents", **ask)
            if status != 200:
                return self.differ("page", url, status=status, body=body)
            items += body["items"]
            cursor = body["next_cursor"]
            if len(items) >= 50 or cursor is None:
                break
        self.done["pages"] += 1
        rank = {"number": lambda r: r["number"], "-raised_at": lambda r: -r["raised_at"].timestamp(),
                "-updated_at": lambda r: -r["updated_at"].timestamp(),
                "priority,raised_at": lambda r: (r["priority"], r["raised_at"])}[sort]
        want = sorted(expected.values(), key=rank)[:max(50, len(items))]
        numbers = [r["number"] for r in items]
        if len(set(numbers)) < len(numbers):
            self.differ("page shows a record twice", url, sort=sort)
        if odd:
            return
        if len(items) != len(want):
            return self.differ("page length", url, expected=len(want), found=len(items))
        for item, wanted in zip(items, want):                     # ties may stand in any order
            self.done["records"] += 1
            record = expected.get(item["number"])
            if record is None:
                self.differ("record that was not there", url, number=item["number"])
                continue
            if rank(record) != rank(wanted):
                self.differ("order", url, sort=sort, number=item["number"], expected=wanted["number"])
                break
            self.record(record, item, t, url)

    def record(self, expected, found, t, url):
        for key, want in expected.items():
            if key in self.ignore:
                continue
            if key not in found:
                if key not in self.missing:
                    self.missing.add(key)
                    if not self.args.lenient:
                        self.differ("field is missing: " + key, url)
                continue
            have = seen(key, found[key])
            if have != (plain(want) if key in LISTS else want):
                self.differ("field", url, number=expected["number"], field=key, expected=want, found=found[key])
        for key in ("resolved_at", "closed_at", "updated_at", "raised_at"):
            have = seen(key, found.get(key))
            if have and have > t:
                self.differ("shows the future", url, number=expected["number"], field=key, found=found[key])

    # --- the whole

    def probes(self, before):
        t = self.log.first + (self.log.last - self.log.first) / 2
        future = text(dt.datetime.now(UTC) + dt.timedelta(days=400))
        for what, query in (("at in the future", {"at": future}),
                            ("known before at", {"at": text(t), "known": text(t - MINUTE)}),
                            ("known in the future", {"at": text(t), "known": future})):
            status, _, url = self.server.get("/incidents", **query)
            if status != 422:
                self.differ(what, url, status=status, expected=422)
        status, body, url = self.server.get("/incidents", at=text(t), known="then", count="true")
        if status != 200 or body["items"] or body.get("total") != 0:
            self.differ("known=then in 2016 is not empty", url, status=status)
        status, body, url = self.server.get("/incidents", at=text(self.log.last), known=text(before), count="true")
        if status != 200 or body.get("total") != 0:
            self.differ("known before the import is not empty", url, status=status)
        case = self.log.cases[len(self.log.cases) // 2]
        status, _, url = self.server.get("/incidents/" + case.inc, at=text(case.times[0] - MINUTE))
        if status != 404:
            self.differ("record before its first row", url, status=status, expected=404)

    def import_began(self):
        if self.args.known_empty:
            return dt.datetime.fromisoformat(self.args.known_empty.replace("Z", "+00:00"))
        times = []
        for number in (self.log.cases[0].inc, self.log.cases[-1].inc):
            status, body, url = self.server.get("/incidents/" + number)
            if status == 200 and body.get("recorded_at"):
                times.append(dt.datetime.fromisoformat(body["recorded_at"].replace("Z", "+00:00")))
        if not times:
            raise SystemExit("no recorded_at on the imported records: give --known-empty TIME (before the import)")
        # Batches take minutes at most; an hour before the earlier of the two nobody knew anything.
        return min(times) - dt.timedelta(hours=1)

    def run(self):
        start = dt.datetime.now(UTC)
        before = self.import_began()
        self.probes(before)
        for n in range(0 if self.args.probes_only else self.args.pairs):
            t = self.random_t()
            if self.rng.random() < 0.5:
                span = int((before - t).total_seconds())
                known = self.rng.choice(("then", text(t), text(t + dt.timedelta(seconds=self.rng.randrange(span)))))
                self.pair(t, {"known": known}, True)
            else:
                known = self.rng.choice(({}, {"known": "now"}, {"known": text(start - dt.timedelta(seconds=1))}))
                self.pair(t, known, False)
            if self.args.progress and n % 50 == 49:
                print("%d pairs, %d differences" % (n + 1, self.differences), file=sys.stderr)


def main(argv=None):
    p = argparse.ArgumentParser(prog="oracle asat")
    p.add_argument("file", nargs="?", default=DEFAULT)
    p.add_argument("--url", required=True)
    p.add_argument("--token", required=True)
    p.add_argument("--zone", default="UTC")
    p.add_argument("--pairs", type=int, default=1000)
    p.add_argument("--records", type=int, default=1)
    p.add_argument("--seed", type=int)
    p.add_argument("--known-empty", metavar="TIME")
    p.add_argument("--ignore", default="")
    p.add_argument("--lenient", action="store_true")
    p.add_argument("--show", type=int, default=40)
    p.add_argument("--probes-only", action="store_true")
    p.add_argument("--progress", action="store_true")
    a = p.parse_args(argv)
    seed = a.seed if a.seed is not None else random.SystemRandom().randrange(10 ** 9)
    print("seed %d" % seed, flush=True)
    comparison = Comparison(read(a.file, a.zone), Server(a.url, a.token), random.Random(seed), a)
    comparison.run()
    if comparison.missing:
        print("fields that the server does not have: " + ", ".join(sorted(comparison.missing)))
    print("%d differences; %d requests; %s" % (
        comparison.differences, comparison.server.requests, dict(comparison.done)))
    return 1 if comparison.differences else 0


if __name__ == "__main__":
    sys.exit(main())
