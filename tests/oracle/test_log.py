"""Hand-made cases: what each pinned sentence of log.py, recount.py and asat.py means, small enough to check by eye."""
import datetime as dt
import http.server
import io
import json
import os
import random
import sys
import threading
import types
import unittest
import urllib.parse
from contextlib import redirect_stdout

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import asat  # noqa: E402
from cond import ABSENT, condition  # noqa: E402
from log import DEFAULT, UTC, Clock, Log, differences, figures, read  # noqa: E402
from recount import Calendar, Recount, Settings, duration  # noqa: E402

BASE = {
    "number": "INC0000001", "incident_state": "New", "reassignment_count": "0", "reopen_count": "0", "sys_mod_count": "0",
    "made_sla": "true", "caller_id": "Caller 1", "opened_by": "Opened by  8", "opened_at": "1/3/2016 07:00",
    "sys_created_by": "?", "sys_created_at": "?", "sys_updated_by": "Updated by 1", "contact_type": "Phone",
    "location": "Location 1", "category": "Category 1", "subcategory": "?", "u_symptom": "?", "cmdb_ci": "?",
    "impact": "2 - Medium", "urgency": "2 - Medium", "priority": "3 - Moderate", "assignment_group": "?",
    "assigned_to": "?", "problem_id": "?", "rfc": "?", "vendor": "?", "caused_by": "?", "closed_code": "code 6",
    "resolved_by": "Resolved by 9", "resolved_at": "?", "closed_at": "9/3/2016 08:00",
}


def rows(number, *steps):
    """Each step: state, time, and whatever else differs; the counter counts up unless given."""
    return [dict(BASE, number=number, incident_state=s, sys_updated_at=t, **{"sys_mod_count": str(k), **more})
            for k, (s, t, more) in enumerate((*step, {})[:3] for step in steps)]


def at(text):
    return dt.datetime.fromisoformat("2016-03-" + text).replace(tzinfo=UTC)


REOPENED = rows("INC0000001", ("New", "1/3/2016 08:00"), ("Active", "1/3/2016 09:00"), ("Resolved", "1/3/2016 10:00"),
                ("Resolved", "1/3/2016 11:00"), ("Active", "2/3/2016 08:00", {"reopen_count": "1"}),
                ("Resolved", "3/3/2016 08:00", {"reopen_count": "1"}), ("Closed", "8/3/2016 08:00", {"reopen_count": "1"}))
OUT_OF_TIME = rows("INC0000002", ("New", "1/3/2016 11:10", {"sys_mod_count": "1"}), ("New", "1/3/2016 09:52"),
                   ("Resolved", "1/3/2016 11:03"), ("Closed", "6/3/2016 12:00"))
SAME_MINUTE = rows("INC0000003", ("New", "1/3/2016 08:00"), ("Resolved", "1/3/2016 09:00"), ("Resolved", "1/3/2016 09:00"),
                   ("Closed", "6/3/2016 09:00"))
ODD = rows("INC0000004", ("Awaiting Vendor", "1/3/2016 08:00"), ("-100", "1/3/2016 09:00"), ("Closed", "1/3/2016 10:00"))


class Fold(unittest.TestCase):
    def one(self, source):
        return Log(source).cases[0]

    def test_reopening_takes_the_instants_back(self):
        case = self.one(REOPENED)
        see = lambda t: case.record(case.index_at(at(t)))
        self.assertEqual(see("01T11:30")["resolved_at"], at("01T10:00"), "a touch in resolved does not move it")
        self.assertIsNone(see("01T11:30")["resolved_by"], "only the last resolution explains the source's final column")
        self.assertIsNone(see("02T08:00")["resolved_at"])
        self.assertEqual(see("02T08:00")["last_resolved_at"], at("01T10:00"))
        end = see("09T00:00")
        self.assertEqual((end["resolved_at"], end["first_resolved_at"], end["closed_at"], end["closure_code"]),
                         (at("03T08:00"), at("01T10:00"), at("08T08:00"), "code 6"))
        self.assertIsNone(case.index_at(at("01T07:59")))

    def test_the_row_out_of_time_never_shows(self):
        case = self.one(OUT_OF_TIME)
        self.assertEqual(case.raised_at, at("01T11:10"))
        self.assertEqual([case.index_at(at(t)) for t in ("01T09:00", "01T09:52", "01T11:05", "01T11:30")], [None, 1, 2, 2])
        self.assertEqual(case.incomplete[-1], "back")
        self.assertFalse(case.acted(3), "09:52 is before raised_at")

    def test_several_rows_in_a_minute(self):
        case = self.one(SAME_MINUTE)
        self.assertEqual(case.index_at(at("01T09:00")), 2)
        self.assertFalse(case.acted(3), "a second resolved row in the minute is no action")
        self.assertIsNone(case.incomplete[-1])

    def test_unknown_state_is_the_one_before(self):
        case = self.one(ODD)
        self.assertEqual((case.state[1], case.waiting_for[1], case.waiting_for[2]), ("waiting", "supplier", None))
        found = figures(Log(ODD))
        self.assertEqual((found["changes_of_state"], found["deviating_steps"], found["closed_without_resolution"]), (1, 1, 1))

    def test_a_hole_in_the_counter(self):
        case = self.one(rows("INC0000009", ("New", "1/3/2016 08:00"), ("Closed", "1/3/2016 09:00", {"sys_mod_count": "2"})))
        self.assertEqual(case.incomplete, [None, "hole"])

    def test_numbers_follow_the_first_row(self):
        log = Log(OUT_OF_TIME + SAME_MINUTE)
        self.assertEqual([(c.inc, c.external_number) for c in log.cases],
                         [("INC-000001", "INC0000003"), ("INC-000002", "INC0000002")])

    def test_wall_times(self):
        clock = Clock("Europe/Berlin")
        self.assertEqual(clock.read("27/3/2016 02:30"), at("27T01:00"), "gap: first instant after it")
        self.assertEqual(clock.read("30/10/2016 02:30"), dt.datetime(2016, 10, 30, 0, 30, tzinfo=UTC), "overlap: earlier")


class Checks(unittest.TestCase):
    log = Log(REOPENED + OUT_OF_TIME + SAME_MINUTE + ODD)

    def counts(self, settings=None, **more):
        return {r["check"][6:]: (r["passed"], r["failed"], r["undetermined"])
                for r in Recount(self.log, Settings(settings), **more).rows()}

    def test_without_settings(self):
        found = self.counts()
        self.assertEqual(found["a"], (4, 0, 0))
        self.assertEqual(found["d"], (0, 1, 3))
        self.assertEqual(found["f"], (2, 1, 1), "the two that acted; same minute; back in time")
        self.assertEqual((found["b"], found["c"], found["g"], found["i"]), ((0, 0, 4), (0, 0, 0), (0, 0, 1), (0, 0, 4)))

    def test_rule(self):
        rule = lambda n, since: {"incident.priority_rule": {"value": {"matrix": [[1, 2, 3], [2, n, 4], [3, 4, 4]]}, "from": since}}
        self.assertEqual(self.counts(rule(3, "2016-01-01"))["b"], (4, 0, 0))
        self.assertEqual(self.counts(rule(2, "2016-01-01"))["b"], (0, 0, 4), "override_reason is absent")
        self.assertEqual(self.counts(rule(3, "2016-03-02"))["b"], (0, 0, 4), "no rule on the day it was raised")

    def test_closure_wait(self):
        wait = {"incident": {"closure_wait": {"value": "P5D", "from": dt.date(2016, 1, 1)}}}
        self.assertEqual(self.counts(wait)["e"], (3, 0, 0))
        self.assertEqual(self.counts(wait, at=at("07T00:00"))["e"], (2, 0, 0), "the reopened one is not due")
        self.assertEqual(self.counts(wait, at=at("06T10:00"))["e"], (1, 0, 0))
        short = {"incident.closure_wait": "PT1H"}
        self.assertEqual(self.counts(short, at=at("02T09:00"))["e"], (0, 2, 0), "the open one has no due instant")

    def test_criteria(self):
        crit = lambda text, since: self.counts({"incident.major_criteria": {"value": text, "from": since}})["g"]
        self.assertEqual(crit("priority == 1", "2016-01-01"), (1, 0, 0))
        self.assertEqual(crit("priority == 3", "2016-01-01"), (0, 0, 1))
        self.assertEqual(crit("priority == 3", "2016-03-02"), (0, 1, 0), "not covered")
        self.assertEqual(crit("service.name == 'x'", "2016-01-01"), (0, 0, 1), "absent")

    def test_cut_and_period(self):
        self.assertEqual(self.counts(at=at("01T08:30"))["a"], (3, 0, 0))
        self.assertEqual(self.counts(begin=dt.date(2016, 3, 7), end=dt.date(2016, 3, 9))["f"], (1, 0, 0))

    def test_business_time(self):
        week = {d: [["08:00", "18:00"]] for d in ("mon", "tue", "wed", "thu", "fri")}
        calendar = Calendar("UTC", week, ["2016-03-08"])
        self.assertEqual(calendar.add(at("04T16:00"), duration("P1D")), at("07T16:00"))
        self.assertEqual(calendar.add(at("05T10:00"), duration("P1D")), at("09T08:00"), "from Monday's opening, holiday skipped")
        self.assertEqual(calendar.add(at("04T16:00"), duration("PT2H")), at("04T18:00"), "due is the closing instant")
        self.assertEqual(calendar.add(at("04T16:00"), duration("PT3H")), at("07T09:00"))
        self.assertEqual(Calendar("Europe/Berlin").add(at("25T12:00"), duration("P5D")), at("30T11:00"), "same local time")


class Conditions(unittest.TestCase):
    def test_three_values(self):
        look = {"a": 1, "b": None, "c": ABSENT}.get
        for text, want in (("a == 1 && b == null", True), ("b < 1", None), ("!(b < 1)", None), ("b != null", False),
                           ("c == null", None), ("c != null || a == 1", True), ("c == 1 && a == 2", False), ("'x&&y' == \"x&&y\"", True)):
            self.assertIs(condition(text)(look), want, text)


class Fake(http.server.BaseHTTPRequestHandler):
    """Serves the fold itself, so that the comparison is tested against a server that is right, or wrong on purpose."""
    log, future, protocol_version, wbufsize = None, False, "HTTP/1.1", -1

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        q = dict(urllib.parse.parse_qsl(url.query))
        read = lambda s: dt.datetime.fromisoformat(s.replace("Z", "+00:00"))
        now = dt.datetime.now(UTC)
        t = read(q["at"]) if "at" in q else now
        known = {"then": t, "now": now}.get(q.get("known", "now")) or read(q["known"])
        records = [] if known < now - dt.timedelta(minutes=30) else [self.show(c, i) for c, i in self.log.shown_at(t)]
        if t > now or known < t or known > now:
            return self.answer(422, {})
        number = url.path.rpartition("/incidents/")[2]
        if number != url.path:
            found = [r for r in records if r["number"] == number]
            return self.answer(200, found[0]) if found else self.answer(404, {})
        test = condition(q.get("filter", "true"))

        def look(r, path):
            value = r.get(path.removesuffix(".name"))
            return value["name"] if isinstance(value, dict) else value
        records = [r for r in records if test(lambda p: look(r, p)) is True]
        for key in reversed(q.get("sort", "number").split(",")):
            records.sort(key=lambda r: r[key.lstrip("-")], reverse=key[0] == "-")
        self.answer(200, {"items": records[:int(q.get("limit", 50))], "next_cursor": None, "total": len(records)})

    def show(self, case, i):
        record = case.record(i)
        if self.future:
            record["resolved_at"] = case.resolved_at[-1]
        record["recorded_at"] = dt.datetime.now(UTC) - dt.timedelta(minutes=5)
        for k in asat.LINKS:
            record[k] = record[k] and {"number": "X-1", "name": record[k]}
        return {k: asat.text(v) if isinstance(v, dt.datetime) else v for k, v in record.items()}

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


class AsAt(unittest.TestCase):
    def compare(self, future):
        log = Log(REOPENED + OUT_OF_TIME + SAME_MINUTE + ODD)
        handler = type("Handler", (Fake,), {"log": log, "future": future})
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        args = types.SimpleNamespace(ignore="", lenient=False, show=0, pairs=60, records=2, known_empty=None,
                                     probes_only=False, progress=False)
        client = asat.Server("http://127.0.0.1:%d" % server.server_port, "x")
        comparison = asat.Comparison(log, client, random.Random(7), args)
        with redirect_stdout(io.StringIO()):
            comparison.run()
        client.connection.close()
        server.shutdown()
        server.server_close()
        return comparison.differences

    def test_right_and_wrong_server(self):
        self.assertEqual(self.compare(False), 0)
        self.assertGreater(self.compare(True), 0, "a record that knows its future must be found")


@unittest.skipUnless(os.path.exists(DEFAULT), "the real log is not here")
class RealLog(unittest.TestCase):
    def test_stated_figures_and_verdicts(self):
        log = read()
        with open(os.path.join(os.path.dirname(DEFAULT), "facts.json")) as f:
            self.assertEqual(differences(figures(log), json.load(f)), [])
        rows = {r["check"][6:]: r for r in Recount(log).rows()}
        n = 24918
        for check, status, counts in (
                ("a", "fail", (24911, 7, 0)), ("b", "not-determinable", (0, 0, n)), ("c", "not-determinable", (0, 0, 0)),
                ("d", "fail", (0, 13, 24905)), ("e", "not-determinable", (0, 0, n)), ("f", "fail", (16643, 7468, 807)),
                ("g", "not-determinable", (0, 0, 1)), ("h", "not-determinable", (0, 0, n)),
                ("i", "not-determinable", (0, 0, n)), ("j", "not-determinable", (0, 0, n)),
                ("k", "not-determinable", (0, 0, n))):
            r = rows[check]
            self.assertEqual((r["status"], (r["passed"], r["failed"], r["undetermined"])), (status, counts), check)


if __name__ == "__main__":
    unittest.main()
