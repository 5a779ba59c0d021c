"""The rules about the visit: the hour, the card, and whom nothing is issued to at a terminal."""

from __future__ import annotations

import calendar
from datetime import date, timedelta

from backend.city.rules.case import Case, Finding, Request, Rule, person
from backend.hours import Place, next_opening, why_closed


def has_reached(age: int, birth: date, day: date, *, counts_from: str) -> bool:
    """Whether somebody born on ``birth`` is ``age`` on ``day`` (R48, decision c).

    The law ends a year of age with the day before the birthday ("eve"); who was born on
    29 February has no birthday in a common year and reaches the age on 1 March.
    """
    year = birth.year + age
    if (birth.month, birth.day) == (2, 29) and not calendar.isleap(year):
        birthday = date(year, 3, 1)
    else:
        birthday = birth.replace(year=year)
    return day >= (birthday - timedelta(days=1) if counts_from == "eve" else birthday)


def _open(case: Case, _request: Request) -> Finding | None:
    place = Place(site=case.site)
    closed = why_closed(case.city, case.now, place, began=case.began)
    if closed is None:
        return None
    return Finding(closed.reason, closed.rule, next_opening(case.city, case.now, place))


def _known(case: Case, _request: Request) -> Finding | None:
    return None if case.holder.is_known else person("R31")


def _deceased(case: Case, _request: Request) -> Finding | None:
    return person("R31") if case.holder.deceased_on is not None else None


def _in_transit(case: Case, _request: Request) -> Finding | None:
    return person("R34") if case.holder.in_transit_by_birth else None


def _age(case: Case, _request: Request) -> Finding | None:
    old_enough = has_reached(
        case.conditions.minimum_age,
        case.holder.birth,
        case.today,
        counts_from=case.conditions.age_counts_from,
    )
    return None if old_enough else person("R48")


def _guardianship(case: Case, _request: Request) -> Finding | None:
    return person("R49") if case.holder.under_guardianship else None


def _restricted(case: Case, _request: Request) -> Finding | None:
    return person("R50") if case.holder.restricted else None


def _support_measures(case: Case, _request: Request) -> Finding | None:
    return person("R50") if case.holder.support_measures else None


def _moving_out(case: Case, _request: Request) -> Finding | None:
    return person("R51") if case.holder.moving_out_on is not None else None


def _card_issued(case: Case, _request: Request) -> Finding | None:
    return _waits(
        case, "refused.card_issued_today", case.card.card_issued, case.conditions.card_waits_days
    )


def _card_continued(case: Case, _request: Request) -> Finding | None:
    waits = case.conditions.card_continued_waits_days
    return _waits(case, "refused.card_changed_today", case.card.continued_on, waits)


def _pin_changed(case: Case, _request: Request) -> Finding | None:
    waits = case.conditions.pin_changed_waits_days
    return _waits(case, "refused.card_changed_today", case.card.pin_changed_on, waits)


def _moved_in(case: Case, _request: Request) -> Finding | None:
    waits = case.conditions.move_in_waits_days
    since = max(case.holder.became_resident_on, case.holder.moved_in_notified_on)
    return _waits(case, "refused.moved_in_today", since, waits)


def _waits(case: Case, reason: str, since: date | None, days: int) -> Finding | None:
    """R40 and its kin: not before so many days after something."""
    if since is None or case.today >= (usable_from := since + timedelta(days=days)):
        return None
    return Finding(reason, "R40", case.opening_from(usable_from))


PERSON_RULES = (
    Rule("R7–R9", "the service is closed here now", _open),
    Rule("R31", "the city has no such resident", _known),
    Rule("R31", "deceased", _deceased),
    Rule("R34", "in transit by birth (経過滞在者)", _in_transit),
    Rule("R48", "under the age", _age),
    Rule("R49", "adult ward (成年被後見人)", _guardianship),
    Rule("R50", "issuance restricted (交付制限)", _restricted),
    Rule("R50", "support measures (支援措置)", _support_measures),
    Rule("R51", "a move out is notified (転出)", _moving_out),
    Rule("R40", "the card was handed over too recently", _card_issued),
    Rule("R40", "the card's continued use began too recently (継続利用)", _card_continued),
    Rule("R40", "the PIN was changed at a counter too recently", _pin_changed),
    Rule("R40", "moved in too recently (転入)", _moved_in),
)
