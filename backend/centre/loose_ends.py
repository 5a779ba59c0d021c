"""What is allowed and hardly meant: said in the log at the start."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import date

from backend.centre.settings import Settings
from backend.city.city import City
from backend.city.configuration import TAX_PRODUCTS
from backend.storage import registry
from backend.storage.database import Database

logger = logging.getLogger(__name__)


def warn(settings: Settings, database: Database, cities: Mapping[str, City], today: date) -> None:
    """One line for each."""
    known = {site for city in cities.values() for site in city.configuration.sites}
    with database.reading() as tx:
        sites = registry.sites(tx)
    for terminal, site in sites.items():
        if site not in known:
            logger.warning(
                "terminal %s stands at %s, which is in no city's sites: no hours of a site hold there",
                terminal,
                site,
            )
    for code, city in cities.items():
        _warn_of_hours(settings, code, city)
        years = city.configuration.tax_years
        offered = TAX_PRODUCTS & city.configuration.products.keys()
        if offered and all(entry.issued_to < today for entry in years):
            logger.warning("city %s: the last of tax_years is over: name the next", code)


def _warn_of_hours(settings: Settings, code: str, city: City) -> None:
    centre, own = settings.calendar.hours, city.configuration.hours
    if own.opens < centre.opens or own.closes > centre.closes:
        logger.warning(
            "city %s is open from %s to %s by its file: the centre's hours hold, %s to %s",
            code,
            own.opens,
            own.closes,
            centre.opens,
            centre.closes,
        )
