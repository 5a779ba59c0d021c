"""One decision table: every product of a city for one person, yes or no, from when, and why.

For staff at a counter, who may know what a screen may not say: of the persons' reasons each has its row.
What the person would see stands beside it, by the refusal classes (I-17).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from backend.city.orders import requests
from backend.city.rules.case import Case, Finding, Request
from backend.city.rules.judge import Answer, ask_about

_MOST_STEPS = 12  # from one day that is named to the next


@dataclass(frozen=True, slots=True)
class Verdict:
    """What comes of one request: every rule that speaks against it, the one that counts first.

    ``available_from``: from when it may be had, as far as anybody can know; None if waiting alone does
    not help.
    """

    request: Request
    fee_yen: int
    against: tuple[Answer, ...]
    available_from: datetime | None = None

    @property
    def first(self) -> Finding | None:
        return self.against[0].finding if self.against else None


def decision_table(case: Case) -> tuple[Verdict, ...]:
    """Every product of the city, a tax certificate once for each 年度 that may be asked for."""
    tariff = case.city.tariff_on(case.today)
    return tuple(
        Verdict(
            request, tariff.fees[product], _against(case, request), _available_from(case, request)
        )
        for product in case.city.products
        for request in requests(case, product)
    )


def lines(table: tuple[Verdict, ...]) -> Iterator[str]:
    """The table as text, one request a line, and below it each rule that speaks against it."""
    for verdict in table:
        what = verdict.request.product.value
        if verdict.request.year is not None:
            what += f" {verdict.request.year}"
        if verdict.first is None:
            yield f"{what:<34} yes  {verdict.fee_yen} yen"
            continue
        since = verdict.available_from
        when = f"from {since:%Y-%m-%d %H:%M}" if since is not None else "until something changes"
        yield f"{what:<34} no   {when}; the screen says {verdict.first.reason}"
        for answer in verdict.against:
            assert answer.finding is not None
            told = answer.finding.available_from
            until = f", until {told:%Y-%m-%d %H:%M} as far as is known" if told is not None else ""
            yield f"{'':<34}      {answer.finding.rule}: {answer.rule.what}{until}"


def _available_from(case: Case, request: Request) -> datetime | None:
    """The first moment at which no rule speaks against it any more: each that is named is tried.

    A year may be over by the day on which something else gives way.
    """
    for _ in range(_MOST_STEPS):
        findings = [answer.finding for answer in ask_about(case, request) if answer.finding]
        if not findings:
            return case.now
        named = [finding.available_from for finding in findings]
        later = max((one for one in named if one is not None), default=None)
        if None in named or later is None or later <= case.now:
            return None
        case = replace(case, now=later, began=later)
    return None


def _against(case: Case, request: Request) -> tuple[Answer, ...]:
    """A closed service closes every product, too: the same finding is said once."""
    answers = [answer for answer in ask_about(case, request) if answer.finding is not None]
    closed = {answer.finding for answer in answers if answer.rule.products is None}
    return tuple(
        answer for answer in answers if answer.rule.products is None or answer.finding not in closed
    )
