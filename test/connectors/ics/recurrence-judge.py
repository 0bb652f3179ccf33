"""What python3-dateutil gives for recurrence rules: questions come as lines of JSON, answers go out as lines of JSON.

Four deviations of dateutil 2.8.2 and 2.9.0 from RFC 5545 are worked around; each is named where that is done. An answer is a
list of local times, or {"error": ...} where dateutil refuses the rule or takes more than `PATIENCE` seconds of CPU.
"""
import datetime
import json
import signal
import sys

from dateutil import rrule

PATIENCE = 0.1
WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]


class TooLate(Exception):
    pass


def stop(*_):
    raise TooLate()


def parse(text):
    return datetime.datetime.strptime(text if "T" in text else text + "T000000", "%Y%m%dT%H%M%S")


def first_week(year, week_start):
    """The first day of week 1, which holds 4 January."""
    day = datetime.date(year, 1, 4)
    return day - datetime.timedelta((day.weekday() - week_start) % 7)


def week_of(day, week_start):
    """The number of a day's week, and how many weeks that week's year has."""
    year = (day - datetime.timedelta((day.weekday() - week_start) % 7) + datetime.timedelta(3)).year
    weeks = (first_week(year + 1, week_start) - first_week(year, week_start)).days // 7
    return (day - first_week(year, week_start)).days // 7 + 1, weeks


# Deviation 1: numbers of weeks near the turn of the year (rrule.py: "TODO: Check -numweeks for next year").
def rebuild(self, year, month, original=rrule._iterinfo.rebuild):
    is_new = year != self.lastyear
    original(self, year, month)
    if is_new and self.wnomask is not None:
        numbers = self.rrule._byweekno
        for index in range(self.yearlen):
            day = datetime.date(year, 1, 1) + datetime.timedelta(index)
            number, weeks = week_of(day, self.rrule._wkst)
            self.wnomask[index] = 1 if number in numbers or number - weeks - 1 in numbers else 0


rrule._iterinfo.rebuild = rebuild


def mend(parts, start):
    """The rule as dateutil must be given it, and from when."""
    days = parts["BYDAY"].split(",") if "BYDAY" in parts else []
    numbered = [day for day in days if len(day) > 2]
    # Deviation 2: BYDAY=MO,1TU (plain and numbered) is intersected: a plain day is written as all its numbers.
    if parts["FREQ"] in ("YEARLY", "MONTHLY") and numbered and len(numbered) < len(days):
        most = 53 if parts["FREQ"] == "YEARLY" and "BYMONTH" not in parts else 5
        every = [[day] if len(day) > 2 else [f"{n}{day}" for n in range(1, most + 1)] for day in days]
        parts["BYDAY"] = ",".join(sum(every, []))
    # Deviation 3: BYWEEKNO alone gives all days of the week; what is missing comes from DTSTART.
    if "BYWEEKNO" in parts and not {"BYDAY", "BYMONTHDAY", "BYYEARDAY"} & set(parts):
        parts["BYDAY"] = WEEKDAYS[start.weekday()]
    # Deviation 4: BYSETPOS counts within the first week from DTSTART on, not from the week's start (dateutil#1398).
    if parts["FREQ"] == "WEEKLY" and "BYSETPOS" in parts:
        parts.setdefault("BYDAY", WEEKDAYS[start.weekday()])
        for name, value in (("BYHOUR", start.hour), ("BYMINUTE", start.minute), ("BYSECOND", start.second)):
            parts.setdefault(name, str(value))
        week_start = WEEKDAYS.index(parts.get("WKST", "MO"))
        return start - datetime.timedelta((start.weekday() - week_start) % 7)
    return start


def answer(question):
    start, begin, end = (parse(question[name]) for name in ("dtstart", "from", "to"))
    parts = dict(part.split("=") for part in question["rule"].split(";"))
    count = int(parts.pop("COUNT", 0))
    first = mend(parts, start)
    text = ";".join(f"{name}={value}" for name, value in parts.items())
    given = 0
    found = []
    try:
        for time in rrule.rrulestr(text, dtstart=first):
            if time >= end:
                break
            if time < start:
                continue
            # "DTSTART always counts as the first occurrence" (RFC 5545, 3.3.10), whether or not the rule gives it.
            if given == 0 and time != start:
                given = 1
            given += 1
            if count and given > count:
                break
            if time >= begin:
                found.append(time.strftime("%Y%m%dT%H%M%S").rjust(15, "0"))
                if len(found) == question["most"]:
                    break
    except ValueError as error:
        # "Invalid combination of parts: resulting in empty rule".
        return [] if "empty" in str(error) else {"error": str(error)}
    return found


signal.signal(signal.SIGVTALRM, stop)
for line in sys.stdin:
    question = json.loads(line)
    signal.setitimer(signal.ITIMER_VIRTUAL, PATIENCE)
    try:
        result = answer(question)
    except TooLate:
        result = {"error": "too late"}
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    print(json.dumps({"id": question["id"], "found": result}), flush=True)
