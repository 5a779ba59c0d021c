"""The backend's settings of the JPKI: a world, an address that can be asked, a bound."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.centre.settings import Jpki, SettingsError, World, load
from backend.development import Development

PATHS = (Path("a.pem"),)


def with_address(ocsp: str) -> Jpki:
    return Jpki(world=World.TEST, roots=PATHS, revocation_lists=PATHS, ocsp=ocsp)


@pytest.mark.parametrize(
    "address",
    [
        "http://ocsp.example",
        "http://ocsp.example/",
        "http://ocsp.example:8080/some/path",
        "http://192.0.2.1/a%20b",
        "http://[2001:db8::1]:8080/",
    ],
)
def test_an_address_that_can_be_asked(address: str) -> None:
    assert with_address(address).ocsp == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ocsp.example",
        "https://ocsp.example/",
        "ftp://ocsp.example/",
        "file:///etc/hosts",
        "http://",
        "http:///path",
        "http://user@ocsp.example/",
        "http://user:word@ocsp.example/",
        "http://ocsp.example/?a=b",
        "http://ocsp.example/#a",
        "http://ocsp.example:0/",
        "http://ocsp.example:65536/",
        "http://ocsp.example:http/",
        "http://ocsp.example/a b",
        "http://ocsp.example/\r\nX: y",
        "http://ocsp.example/\u3042",
        "http://[::1/",
    ],
)
def test_an_address_that_cannot(address: str) -> None:
    with pytest.raises(ValueError, match="not an address such as http"):
        with_address(address)


def test_development_is_with_the_test_world_alone(development: Development) -> None:
    """Its cards and PINs lie about in files."""
    text = development.settings.read_text("utf-8")
    assert load(development.settings).jpki.world is World.TEST
    real = text.replace('world = "test"', 'world = "production"')
    development.settings.write_text(real, "utf-8")
    with pytest.raises(SettingsError, match="development = true needs") as caught:
        load(development.settings)
    assert str(development.settings) in str(caught.value)
    development.settings.write_text(real.replace("development = true", ""), "utf-8")
    assert load(development.settings).jpki.world is World.PRODUCTION


def test_the_bound_is_a_day_unless_said_otherwise() -> None:
    assert with_address("http://ocsp.example/").statement_age_s == 86_400


def test_nobody_is_asked_unless_said(development: Development) -> None:
    settings = load(development.settings)
    assert settings.jpki.ocsp is None
    asking = settings.asking("http://127.0.0.1:1/")
    assert asking.jpki.ocsp == "http://127.0.0.1:1/"
    assert asking.jpki.roots == settings.jpki.roots
