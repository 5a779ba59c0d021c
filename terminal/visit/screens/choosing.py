"""The screens on which a person puts the order together."""

from __future__ import annotations

from terminal.link.wire import FiscalYear, Offer, Product
from terminal.visit import states as s
from terminal.visit.choosing import EVERYONE, NEXT_PAGE, PEOPLE_PER_PAGE, people_pages
from terminal.visit.known import Wish
from terminal.visit.screen import Choice, Named, Screen, ScreenKey, Text

OK, BACK, CANCEL = ScreenKey.OK, ScreenKey.BACK, ScreenKey.CANCEL
MORE_TIME, LANGUAGE = ScreenKey.MORE_TIME, ScreenKey.LANGUAGE
REIWA_BEGAN = 2019

EXPLAINED = frozenset({"head_and_relationship", "registered_domicile", "my_number"})
"""Items that need a word more; those of foreign residents are called what their residence card says."""


def choosing_certificate(state: s.ChoosingCertificate) -> Screen:
    choices = [_product(n, offer) for n, offer in enumerate(state.person.offers, start=1)]
    return Screen(
        id="choosing_certificate",
        title=Text("choosing_certificate.title"),
        lines=(
            Text(
                "choosing_certificate.city",
                {"city": Named(state.person.city_name, state.person.city_reading)},
            ),
            Text("choosing.keep_card"),
        ),
        choices=tuple(choices),
        keys=(CANCEL, MORE_TIME, LANGUAGE),
        picture="document",
    )


def _product(number: int, offer: Offer) -> Choice:
    if offer.refusal is not None:
        detail = Text("choosing_certificate.not_today")
    else:
        detail = Text("choosing_certificate.fee", {"yen": offer.fee_yen})
    return Choice(number, offer.product.value, Text(f"product.{offer.product.value}"), detail)


def choosing_year(state: s.ChoosingYear) -> Screen:
    """R36: which 年度, and for what was earned when; what such a certificate does not say (R39)."""
    return Screen(
        id="choosing_year",
        title=Text("choosing_year.title"),
        lines=(Text("choosing_year.line"), Text("choosing.keep_card")),
        choices=tuple(_year(n, one) for n, one in enumerate(state.wish.offer.years, start=1)),
        keys=(BACK, CANCEL, MORE_TIME, LANGUAGE),
    )


def _year(number: int, one: FiscalYear) -> Choice:
    refused = Text("choosing_certificate.not_today") if one.refusal is not None else None
    label = Text("choosing_year.year", _year_words(one.year))
    return Choice(number, str(one.year), label, refused)


def _year_words(year: int) -> dict[str, int | str]:
    """The 年度 and the year before it, by the era (wire.Year keeps both in 令和) and by the western year."""
    reiwa = year - REIWA_BEGAN + 1
    return {"reiwa": reiwa, "earned": reiwa - 1, "year": str(year), "before": str(year - 1)}


def choosing_people(state: s.ChoosingPeople) -> Screen:
    """R16: whose entries. Numbers 1 to 7 people, 8 everyone, 9 the next page."""
    people = state.wish.offer.people
    start = state.page * PEOPLE_PER_PAGE
    choices = [
        Choice(
            number,
            person.ref,
            Text("choosing_people.person", {"name": Named(person.name, person.reading)}),
            Text("choosing_people.you") if person.holder else None,
            selected=person.ref in state.wish.people,
        )
        for number, person in enumerate(people[start : start + PEOPLE_PER_PAGE], start=1)
    ]
    everyone = len(state.wish.people) == len(people)
    scope = _scope(state.wish.offer, everyone=True)
    words = Text("choosing_people.everyone" if scope == "household" else "choosing_people.all")
    choices.append(Choice(8, EVERYONE, words, selected=everyone))
    if people_pages(state.wish.offer) > 1:
        choices.append(Choice(9, NEXT_PAGE, Text("choosing_people.next_page")))
    return Screen(
        id="choosing_people",
        title=Text("choosing_people.title"),
        lines=(Text(_whom(scope)), Text("choosing.keep_card")),
        choices=tuple(choices),
        keys=(*((OK,) if state.wish.people else ()), BACK, CANCEL, MORE_TIME, LANGUAGE),
    )


def _whom(scope: str | None) -> str:
    """Where even all who can be chosen are a part, the sheet says so, and the screen beforehand."""
    part = scope is not None and scope.startswith("part")
    return f"choosing_people.line.{scope}" if part else "choosing_people.line"


def _scope(offer: Offer, *, everyone: bool) -> str | None:
    """What the sheet calls itself (R16, R21): of certificates that are about some or all."""
    whole = everyone and offer.complete
    match offer.product:
        case Product.RESIDENCE:
            return "household" if whole else "part_of_household"
        case Product.FAMILY_REGISTER_ADDRESSES:
            return "register" if whole else "part_of_register"
        case _:
            return None


def choosing_items(state: s.ChoosingItems) -> Screen:
    """Every option is off until chosen (R23)."""
    choices = [
        Choice(
            number,
            item.item,
            Text(f"item.{item.item}"),
            Text(f"item.{item.item}.detail") if item.item in EXPLAINED else None,
            selected=item.item in state.wish.items,
        )
        for number, item in enumerate(state.wish.offer.items, start=1)
    ]
    return Screen(
        id="choosing_items",
        title=Text("choosing_items.title"),
        lines=(Text("choosing_items.line"), Text("choosing.keep_card")),
        choices=tuple(choices),
        keys=(OK, BACK, CANCEL, MORE_TIME, LANGUAGE),
        labels={OK: Text("choosing_items.ok")},
    )


def notices(state: s.Notices) -> Screen:
    """One notice a screen; going on is the acknowledgement (R24, R33)."""
    notice = state.pending[0]
    return Screen(
        id="notice",
        title=Text(f"{notice}.title"),
        lines=(Text(f"{notice}.line"), Text(f"{notice}.more")),
        keys=(OK, BACK, CANCEL, MORE_TIME, LANGUAGE),
        labels={OK: Text("notice.acknowledge")},
    )


def confirming(state: s.Confirming) -> Screen:
    """Everything that will be ordered, the price, and that nothing can be returned (R22, R56, R57)."""
    wish = state.wish
    lines = [_what(wish), Text("confirming.people", {"people": _people(wish)})]
    if wish.year is not None:
        lines.insert(1, Text("confirming.year", _year_words(wish.year)))
    if wish.items:
        lines.append(Text("confirming.items", {"items": _chosen_items(wish)}))
    elif wish.offer.items:
        lines.append(Text("confirming.no_items"))
    price = {"fee": wish.offer.fee_yen, "copies": wish.copies, "total": wish.total_yen}
    lines += [Text("confirming.price", price), Text("confirming.no_return")]
    return Screen(
        id="confirming",
        title=Text("confirming.title"),
        lines=tuple(lines),
        choices=_copies(wish),
        keys=(OK, BACK, CANCEL, MORE_TIME, LANGUAGE),
        labels={OK: Text("confirming.ok")},
    )


def _what(wish: Wish) -> Text:
    product = f"@product.{wish.offer.product.value}"
    scope = _scope(wish.offer, everyone=len(wish.people) == len(wish.offer.people))
    if scope is None:
        return Text("confirming.what", {"product": product})
    return Text("confirming.what_of", {"product": product, "scope": f"@scope.{scope}"})


def _copies(wish: Wish) -> tuple[Choice, ...]:
    if wish.offer.max_copies == 1:
        return ()
    more = wish.copies < wish.offer.max_copies
    return (
        Choice(1, "more", Text("confirming.more"), enabled=more),
        Choice(2, "fewer", Text("confirming.fewer"), enabled=wish.copies > 1),
    )


def _people(wish: Wish) -> tuple[Named, ...]:
    chosen = (person for person in wish.offer.people if person.ref in wish.people)
    return tuple(Named(person.name, person.reading) for person in chosen)


def _chosen_items(wish: Wish) -> tuple[str, ...]:
    return tuple(f"@item.{item.item}" for item in wish.offer.items if item.item in wish.items)
