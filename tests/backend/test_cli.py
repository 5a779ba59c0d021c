"""``madoguchi-backend`` as a person meets it: one line when ready, clear words when not."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from backend import app
from backend.centre.settings import load
from backend.city.glyphs import FontMissing
from backend.city.opening import SAMPLE
from backend.city.signing import CityKey
from backend.cli import main
from backend.clock import Clock

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("cli") / "world"
    assert run("init", "--dir", str(directory)).exit_code == 0
    return directory


def test_init_says_what_comes_next_and_can_be_repeated(directory: Path) -> None:
    again = run("init", "--dir", str(directory))
    assert again.exit_code == 0
    assert f"serve --dir {directory}" in again.output


def test_init_makes_the_keys_of_cities_of_ones_own_and_leaves_those_that_are_there(
    directory: Path, tmp_path: Path
) -> None:
    world = Path(shutil.copytree(directory, tmp_path / "world"))
    cities = tmp_path / "my-cities"
    shutil.copytree(SAMPLE / "wakabano", cities / "minato")
    shutil.copytree(SAMPLE / "shiomi", cities / "shiomi")
    toml = cities / "minato" / "city.toml"
    toml.write_text(toml.read_text("utf-8").replace('"wakabano"', '"minato"', 1), "utf-8")
    settings = world / "backend" / "backend.toml"
    text = settings.read_text("utf-8")
    assert '# folder = "../my-cities"' in text
    settings.write_text(
        text.replace('# folder = "../my-cities"', 'folder = "../../my-cities"'), "utf-8"
    )
    old = (world / "backend" / "cities" / "shiomi.pem").read_bytes()
    ran = run("init", "--dir", str(world))
    assert ran.exit_code == 0, ran.output
    assert (
        f"made a key for minato; terminals believe it by {world}/trust/cities/minato" in ran.output
    )
    assert "shiomi" not in ran.output
    assert (world / "backend" / "cities" / "shiomi.pem").read_bytes() == old
    (public,) = (world / "trust" / "cities" / "minato").iterdir()
    key = CityKey.load(world / "backend" / "cities" / "minato.pem")
    assert public.name == f"{key.id}.pem"
    again = run("init", "--dir", str(world))
    assert "made a key" not in again.output
    clock = Clock()
    with app.opened(load(settings), clock) as centre:
        assert centre is not None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_says_when_it_is_ready_and_ends_cleanly(
    directory: Path, number: signal.Signals
) -> None:
    command = [sys.executable, "-m", "backend.cli", "serve", "--dir", str(directory)]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        ready = server.stdout.readline()
        server.send_signal(number)
        out, err = server.communicate(timeout=30)
    assert re.fullmatch(r"listening on https://127\.0\.0\.1:\d+\n", ready)
    assert (server.returncode, out) == (0, "")
    assert "Traceback" not in err


def test_a_port_in_use(directory: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("serve", "--dir", str(directory), "--port", str(port))
    assert result.exit_code == 2
    assert f"cannot listen on port {port} of 127.0.0.1: it is in use" in result.output


def test_an_address_of_another_machine(directory: Path) -> None:
    result = run("serve", "--dir", str(directory), "--host", "203.0.113.7")
    assert result.exit_code == 2
    assert "cannot listen on port 0 of 203.0.113.7" in result.output


def test_a_directory_that_was_not_prepared(tmp_path: Path) -> None:
    result = run("serve", "--dir", str(tmp_path))
    assert result.exit_code == 2
    assert "run madoguchi-backend init" in result.output


def test_a_directory_that_is_something_else(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    result = run("init", "--dir", str(tmp_path))
    assert result.exit_code == 2
    assert "is not empty" in result.output


def test_no_font(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object, **__: object) -> None:
        raise FontMissing("apt-get install fonts-ipamj-mincho")

    monkeypatch.setattr(app, "load_cities", missing)
    result = run("serve", "--dir", str(directory))
    assert result.exit_code == 2
    assert "fonts-ipamj-mincho" in result.output


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("development = true", "developmint = true", "developmint"),
        ("opens = 06:30:00", "opens = 23:30:00", "not in this order"),
        ('certificate = "server.pem"', 'certificate = "absent.pem"', "absent.pem"),
        ('database = "madoguchi.sqlite3"', 'database = "absent/m.sqlite3"', "absent/m.sqlite3"),
        ("development = true", "development = 1", "$.development"),
        ("[hotline]", "[limits]\nnonce_s = 5\n[hotline]", "$.limits.nonce_s"),
        ("[hotline]", "[hotline", "backend.toml"),
        ('residents = "residents.sqlite3"', 'residents = "gone.sqlite3"', "gone.sqlite3"),
        (
            'world = "test"',
            'world = "production"',
            'development = true needs [jpki] world = "test"',
        ),
        ('world = "test"', 'world = "staging"', "$.jpki.world"),
        ("statement_age_s = 86400", "statement_age_s = 59", "$.jpki.statement_age_s"),
        ('# ocsp = "http://127.0.0.1:8080/"', 'ocsp = "https://a.example/"', "$.jpki"),
        ('"../jpki/root-3.pem"]', '"../jpki/root-2.pem"]', "root-2.pem is the same as"),
        (', "../jpki/root-3.pem"]', "]", "list-3.crl is of none of the pinned roots"),
        ('"../jpki/root-1.pem"', '"ca.pem"', "ca.pem is of no JPKI"),
    ],
)
def test_a_wrong_setting_names_its_place(directory: Path, old: str, new: str, message: str) -> None:
    path = directory / "backend" / "backend.toml"
    good = path.read_text("utf-8")
    assert old in good
    path.write_text(good.replace(old, new), "utf-8")
    try:
        result = run("serve", "--dir", str(directory))
    finally:
        path.write_text(good, "utf-8")
    assert result.exit_code == 2
    assert message in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)


@pytest.mark.parametrize(
    "name",
    [
        "backend/server.key",
        "backend/ca.pem",
        "jpki/root-1.pem",
        "jpki/root-2.pem",
        "jpki/root-2.key",
        "jpki/root-3.key",
        "backend/cities/shiomi.pem",
        "jpki/revoked.json",
        "backend/madoguchi.sqlite3",
        "cards/hayashi-sota.json",
        "cards/kimura-yui.json",
    ],
)
def test_a_broken_file_is_named(directory: Path, name: str) -> None:
    path = directory / name
    good = path.read_bytes()
    path.write_bytes(b"-----BEGIN NOTHING-----\n" * 100)
    try:
        result = run("serve", "--dir", str(directory))
    finally:
        path.write_bytes(good)
    assert result.exit_code == 2
    assert isinstance(result.exception, SystemExit)
    assert name.removesuffix(".key") in result.output
    assert result.output.count("\n") == 1


@pytest.mark.parametrize("command", ["init", "serve", "revoke --persona aoki-haruna"])
def test_a_world_of_an_earlier_version(tmp_path: Path, command: str) -> None:
    """Its authority kept its one root among the centre's files, and had no responder."""
    backend = tmp_path / "backend"
    backend.mkdir()
    for name in ("backend.toml", "jpki-root.pem", "jpki-root.key", "jpki.crl", "revoked.json"):
        (backend / name).write_text("", "utf-8")
    result = run(*command.split(), "--dir", str(tmp_path))
    assert result.exit_code == 2
    assert f"{tmp_path} was made by an earlier version" in result.output
    assert f"empty it and run madoguchi-backend init --dir {tmp_path}" in result.output


def test_a_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    result = run("init", "--dir", str(tmp_path / "letter.txt" / "world"))
    assert result.exit_code == 2
    assert "letter.txt: " in result.output
    assert "see that" in result.output


def test_a_directory_that_is_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("init", "--dir", ".")
    assert result.exit_code == 2
    assert "name a directory inside it" in result.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("option", ["--port=70000", "--port=-1", "--clock-offset-s=99999999999999"])
def test_numbers_that_are_out_of_range(directory: Path, option: str) -> None:
    result = run("serve", "--dir", str(directory), option)
    assert result.exit_code == 2
    assert "is not in the range" in result.output


def test_revoking_where_the_list_is_broken(directory: Path) -> None:
    path = directory / "jpki" / "list-2.crl"
    path.write_bytes(b"nothing")
    result = run("revoke", "--dir", str(directory), "--persona", "aoki-haruna")
    assert result.exit_code == 2
    assert "list-2.crl: not as it was made: put it back" in result.output
    assert run("init", "--dir", str(directory)).exit_code == 0, "which makes the list anew"


def test_revoke_names_the_personas_it_knows(directory: Path) -> None:
    assert run("revoke", "--dir", str(directory), "--persona", "aoki-haruna").exit_code == 0
    result = run("revoke", "--dir", str(directory), "--persona", "nobody")
    assert result.exit_code == 2
    assert "aoki-haruna" in result.output
