"""Asking the rules: all of them, always, and only then is anything decided.

What a person may have never depends on a rule that was not reached, and no answer comes sooner because
an early rule spoke (I-17). A ``Permit`` is the evidence that every rule was asked and none spoke; nothing
is made without one.
"""

from __future__ import annotations

from dataclasses import dataclass

from backend.city.rules.case import Case, Finding, Request, Rule
from backend.city.rules.person import PERSON_RULES
from backend.city.rules.products import PRODUCT_RULES
from terminal.link.wire import Product


@dataclass(frozen=True, slots=True)
class Answer:
    """What one rule said."""

    rule: Rule
    finding: Finding | None


@dataclass(frozen=True, slots=True)
class Permit:
    """This request of this case may be issued. ValueError if a rule was not asked, or spoke."""

    case: Case
    request: Request
    answers: tuple[Answer, ...]

    def __post_init__(self) -> None:
        if tuple(answer.rule for answer in self.answers) != rules_for(self.request.product):
            raise ValueError("a permit needs every rule to be asked")
        if any(answer.finding is not None for answer in self.answers):
            raise ValueError("a permit against a rule")


def rules_for(product: Product) -> tuple[Rule, ...]:
    """Every rule that a certificate of this kind depends on."""
    return (*PERSON_RULES, *(rule for rule in PRODUCT_RULES if product in (rule.products or ())))


def ask_about_visit(case: Case) -> tuple[Answer, ...]:
    """What the rules say of the person's visit; the request is nobody's yet."""
    nothing = Request(Product.RESIDENCE)
    return tuple(Answer(rule, rule.ask(case, nothing)) for rule in PERSON_RULES)


def ask_about(case: Case, request: Request) -> tuple[Answer, ...]:
    """What every rule says of one request, the visit's rules first."""
    rules = rules_for(request.product)
    return tuple(Answer(rule, rule.ask(case, request)) for rule in rules)


def first_finding(answers: tuple[Answer, ...]) -> Finding | None:
    """What is told: the rules stand in the order in which their findings count."""
    return next((answer.finding for answer in answers if answer.finding is not None), None)


def judge_visit(case: Case) -> Finding | None:
    """Whether this person may use the service at all now."""
    return first_finding(ask_about_visit(case))


def judge(case: Case, request: Request) -> Permit | Finding:
    """Whether this may be issued now."""
    answers = ask_about(case, request)
    return first_finding(answers) or Permit(case, request, answers)
