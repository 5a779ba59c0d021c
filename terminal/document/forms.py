"""How a clerk tells one kind of certificate from every other: by its title and its certifying words.

These are this side's own, written from what a certificate must say, not taken from the city's forms (I-4).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from terminal.link.wire import Product

_TITLES = {
    Product.RESIDENCE: "住民票の写し",
    Product.SEAL_REGISTRATION: "印鑑登録証明書",
    Product.TAXATION: "非?課税証明書",
    Product.INCOME: "所得証明書",
    Product.FAMILY_REGISTER: "戸籍全部事項証明書",
    Product.FAMILY_REGISTER_EXTRACT: "戸籍個人事項証明書",
    Product.FAMILY_REGISTER_ADDRESSES: "戸籍の附票の写し",
}
# Nothing of this kind is ever issued at a terminal (R31, R35).
_NEVER = "除票|改製原|除籍謄本|除籍全部事項|平成改製"
_CERTIFICATIONS = {
    Product.RESIDENCE: "この写しは住民票の原本と相違ないことを証明する",
    Product.SEAL_REGISTRATION: "この写しは登録されている印影と相違ないことを証明する",
    Product.TAXATION: "市民税・県民税の課税内容を証明する",
    Product.INCOME: "所得の金額を証明する",
    Product.FAMILY_REGISTER: "戸籍に記録されている事項の全部を証明した書面である",
    Product.FAMILY_REGISTER_EXTRACT: (
        "戸籍中の一部の者について記録されている事項の全部を証明した書面である"
    ),
    Product.FAMILY_REGISTER_ADDRESSES: "この写しは戸籍の附票の原本と相違ないことを証明する",
}
# A register names its people by their given names, under the one surname of its head.
_BY_GIVEN_NAME = {Product.FAMILY_REGISTER, Product.FAMILY_REGISTER_EXTRACT}
_OF_A_YEAR = {Product.TAXATION, Product.INCOME}


@dataclass(frozen=True, slots=True)
class Form:
    """What a page of one kind must say, and what it must not: ``title`` is all that its head says."""

    title: re.Pattern[str]
    foreign: re.Pattern[str]
    certification: str
    other_certifications: tuple[str, ...]
    by_given_name: bool
    of_a_year: bool


def form_of(product: Product) -> Form:
    """The marks of a kind; every kind has its own."""
    others = [title for other, title in _TITLES.items() if other is not product]
    return Form(
        title=re.compile(_TITLES[product]),
        foreign=re.compile("|".join([*others, _NEVER])),
        certification=_CERTIFICATIONS[product],
        other_certifications=tuple(
            words for other, words in _CERTIFICATIONS.items() if other is not product
        ),
        by_given_name=product in _BY_GIVEN_NAME,
        of_a_year=product in _OF_A_YEAR,
    )
