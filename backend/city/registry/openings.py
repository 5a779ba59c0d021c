"""What may be read for what (I-13): a closed list of columns for each product and each item.

``STANDINGS`` is what the rules decide by, ``PRINTED`` what a product's form always carries, ``ITEMS``
what it carries only if chosen. What stands in none of them cannot be read: so the 住民票コード (R32), the
併記名 (R33) and the 調整控除額 (R39) have no way out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from terminal.link.wire import Product

Columns = frozenset[tuple[str, str]]


def _columns(**tables: str) -> Columns:
    return frozenset(
        (table, column) for table, columns in tables.items() for column in columns.split()
    )


# Whose card it is, and what keeps a certificate from everybody (R34, R48–R51).
PERSON = _columns(
    households="id city head",
    residents=(
        "id household name furigana birth is_foreign became_resident_on moved_in_notified_on"
    ),
    kana_aliases="resident",  # whether there is one, for the notice of R33; never which
    standings=(
        "resident under_guardianship restricted support_measures in_transit_by_birth"
        " deceased_on moving_out_on"
    ),
)
_TAXED = _columns(tax_years="resident year declared", tax_holds="resident year first_day last_day")
_REGISTERED = _columns(
    registers="id city",
    register_members="id register place resident name furigana removed withheld",
    register_notices="register notified_on recorded_on",
    standings="resident restricted support_measures deceased_on",  # of whomever lives in one of the cities
)
STANDINGS: Mapping[Product, Columns] = {
    Product.RESIDENCE: _columns(residents="household place"),  # who else is in it (R52, R53)
    Product.SEAL_REGISTRATION: _columns(seals="resident registered_on abolished_on"),
    Product.TAXATION: _TAXED,
    Product.INCOME: _TAXED,
    Product.FAMILY_REGISTER: _REGISTERED,
    Product.FAMILY_REGISTER_EXTRACT: _REGISTERED,
    Product.FAMILY_REGISTER_ADDRESSES: _REGISTERED,
}

_INCOME = _columns(
    tax_statements="resident year address total_income",
    tax_incomes="resident year kind revenue income",
)
_REGISTER = _columns(
    register_heads="register domicile head",
    register_matters="register member matter line title label value",
    register_entries=("member given_name given_furigana birth spouse father mother relationship"),
)
PRINTED: Mapping[Product, Columns] = {
    Product.RESIDENCE: _columns(
        households="id address",
        residents=(
            "id household name furigana former_name alias birth sex is_foreign"
            " became_resident_on address_since notified_on previous_address remarks"
        ),
    ),
    Product.SEAL_REGISTRATION: _columns(
        households="id address",
        residents="id household name alias former_name birth is_foreign",
        seal_impressions="resident impression width_mm height_mm",
    ),
    Product.TAXATION: _INCOME
    | _columns(
        residents="id name birth is_foreign",
        tax_deductions="resident year kind amount",
        tax_dependents="resident year kind people",
        tax_levies=(
            "resident year total_deductions taxable_base city_income_levy city_per_capita_levy"
            " prefecture_income_levy prefecture_per_capita_levy forest_levy annual_tax"
        ),
    ),
    Product.INCOME: _INCOME | _columns(residents="id name birth is_foreign"),
    Product.FAMILY_REGISTER: _REGISTER,
    Product.FAMILY_REGISTER_EXTRACT: _REGISTER,
    Product.FAMILY_REGISTER_ADDRESSES: _columns(
        register_address_books="register made_on",
        register_address_people="member birth sex",
        register_addresses="member place address since",
    ),
}

_FOREIGN = {
    item: _columns(foreign_residents=f"resident {columns}")
    for item, columns in {
        "nationality": "nationality",
        "status_art30_45": "status_art30_45",
        "residence_status": "residence_status",
        "residence_period": "residence_period residence_period_ends",
        "residence_card_number": "residence_card_number",
    }.items()
}
ITEMS: Mapping[Product, Mapping[str, Columns]] = {
    Product.RESIDENCE: {
        "head_and_relationship": _columns(
            households="id head", residents="id household name is_foreign relationship"
        ),
        "registered_domicile": _columns(domiciles="resident registered_domicile registered_head"),
        **_FOREIGN,
        "my_number": _columns(my_numbers="resident my_number"),
    },
    Product.FAMILY_REGISTER_ADDRESSES: {
        "registered_domicile": _columns(register_heads="register domicile head"),
    },
}


def to_judge(products: Iterable[Product]) -> Columns:
    """What the rules of these products decide by."""
    return PERSON.union(*(STANDINGS[product] for product in products))


def to_issue(product: Product, items: Iterable[str]) -> Columns:
    """What one certificate is judged by and made of. Items that it does not have open nothing."""
    chosen = ITEMS.get(product, {})
    opened = [chosen[item] for item in items if item in chosen]
    return to_judge([product]).union(PRINTED[product], *opened)
