"""``terminal check`` says beforehand what ``terminal run`` would refuse."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from backend import pki
from backend.clock import Clock
from terminal.cli import main
from terminal.devices import build_devices, unusable
from terminal.machine_check import comes_with_the_service
from tests.terminal.link.centre import make_files
from tests.terminal.test_config import GOOD, write
from tests.terminal.test_presenter import SETTINGS


@pytest.fixture
def enrolled(tmp_path: Path) -> Path:
    """The folder of a terminal on which nothing is missing."""
    folder = make_files(tmp_path / "made").folder
    for old, new in (
        ("ca.pem", "ca.pem"),
        ("terminal.pem", "certificate.pem"),
        ("terminal.key", "key.pem"),
    ):
        (folder / old).rename(tmp_path / new)
    city = tmp_path / "trust" / "city"
    city.mkdir(parents=True)
    (city / "key.pem").write_text("a key")
    return tmp_path


def check(folder: Path, *changes: tuple[str, str]) -> Result:
    text = GOOD
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return CliRunner().invoke(main, ["check", "--config", str(write(folder, text))])


def test_a_terminal_that_can_run_is_in_order(enrolled: Path) -> None:
    answer = check(enrolled)
    assert (answer.exit_code, answer.output.count("\n")) == (0, 1), answer.output
    assert "in order" in answer.output


def test_a_configuration_that_is_wrong_has_a_code_of_its_own(enrolled: Path) -> None:
    uri = '[document_printer]\ntype = "ipp"\nuri = "ipp://printer:99999/ipp/print"'
    assert check(enrolled, ('name = "desk"', 'name = ""')).exit_code == 2
    assert check(enrolled, ('[document_printer]\ntype = "simulated"', uri)).exit_code == 2


def test_what_is_not_on_this_machine_yet_is_named(enrolled: Path) -> None:
    (enrolled / "certificate.pem").unlink()
    answer = check(enrolled)
    assert answer.exit_code == 3
    assert "[link] ca" not in answer.output
    absent = f"not on this machine yet: [link] certificate: {enrolled / 'certificate.pem'}\n"
    assert absent in answer.output


def test_a_key_that_systemd_brings_is_not_missing(enrolled: Path) -> None:
    key = "/run/credentials/madoguchi-terminal.service/tls.key"
    assert comes_with_the_service(Path(key))
    assert check(enrolled, ('key = "key.pem"', f'key = "{key}"')).exit_code == 0


def test_certificate_key_and_ca_that_do_not_belong_together(enrolled: Path, tmp_path: Path) -> None:
    others = make_files(tmp_path / "others").folder
    answer = check(enrolled, ("key.pem", str(others / "terminal.key")))
    assert answer.exit_code == 3
    assert "do the three belong together?" in answer.output
    answer = check(enrolled, ("ca.pem", str(others / "ca.pem")))
    assert answer.exit_code == 3
    assert "was not issued by" in answer.output


def test_a_certificate_that_has_expired(enrolled: Path) -> None:
    past = Clock().now() - timedelta(days=90)
    authority = pki.new_operator_authority(past)
    terminal = pki.issue_terminal(authority, "t-1", past, timedelta(days=30))
    (enrolled / "ca.pem").write_bytes(pki.certificate_pem(authority.certificate))
    (enrolled / "certificate.pem").write_bytes(pki.certificate_pem(terminal.certificate))
    (enrolled / "key.pem").write_bytes(pki.key_pem(terminal.key))
    answer = check(enrolled)
    assert answer.exit_code == 3
    assert "[link] certificate" in answer.output
    assert "expired on" in answer.output


def test_a_file_that_is_no_certificate(enrolled: Path) -> None:
    (enrolled / "certificate.pem").write_text("a letter")
    answer = check(enrolled)
    assert answer.exit_code == 3
    assert "holds no certificate" in answer.output


def test_every_library_that_is_missing_is_named_once(
    enrolled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "smartcard.scard", None)
    monkeypatch.setitem(sys.modules, "gpiozero.pins.lgpio", None)
    answer = check(
        enrolled,
        ('[card_reader]\ntype = "simulated"', '[card_reader]\ntype = "pcsc"'),
        ('[lights]\ntype = "simulated"', '[lights]\ntype = "gpio"\npins = { status = 25 }'),
        ('[buttons]\ntype = "simulated"', '[buttons]\ntype = "gpio"\npins = { ok = 5 }'),
    )
    assert answer.exit_code == 3
    assert "[card_reader]: card reader is" in answer.output
    assert "pyscard is missing" in answer.output
    assert "[buttons], [lights]: gpio is" in answer.output
    assert answer.output.count("lgpio library is missing") == 1


def test_recordings_and_fonts_are_looked_into(enrolled: Path) -> None:
    (enrolled / "voice").mkdir()
    (enrolled / "font.ttf").write_text("no font")
    answer = check(
        enrolled,
        (
            '[speaker]\ntype = "none"',
            '[speaker]\ntype = "alsa"\ndevice = "x"\nrecordings = "voice"',
        ),
        ('[display]\ntype = "none"', '[display]\ntype = "oled"\nfonts = ["font.ttf"]'),
    )
    assert answer.exit_code == 3
    assert "no recordings of a voice here" in answer.output
    assert "font.ttf is no font file" in answer.output


def test_every_device_is_looked_at() -> None:
    build_devices(SETTINGS)
    assert not list(unusable(SETTINGS))


def test_help_tells_the_codes() -> None:
    told = CliRunner().invoke(main, ["check", "--help"]).output
    assert "and 3 when" in " ".join(told.split())
