"""The virtual environment is whole or made again, and then costs nothing."""

import sys

import pytest

from paycore.stack import bootstrap


@pytest.fixture(autouse=True)
def clone(tmp_path, monkeypatch):
    """A project of its own, whose only dependency is none at all."""
    hidden = tmp_path / ".paycore"
    (tmp_path / "requirements.txt").write_text("")
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "HIDDEN", hidden)
    monkeypatch.setattr(bootstrap, "VENV", hidden / "venv")
    monkeypatch.setattr(bootstrap, "PYTHON", hidden / "venv" / "bin" / "python")
    monkeypatch.setattr(sys, "argv", ["bootstrap.py", "runtime"])
    return tmp_path


def test_it_is_made_once_and_follows_the_requirements(clone, capfd):
    assert bootstrap.main() == 0
    assert (clone / ".paycore" / "venv" / "bin" / "python").exists()
    assert "Creating the virtual environment" in capfd.readouterr().out

    assert bootstrap.main() == 0
    assert capfd.readouterr().out == ""

    (clone / "requirements.txt").write_text("missing @ file:///missing.whl\n")
    assert bootstrap.main() == 1
    assert "pip could not install" in capfd.readouterr().err

    # Taken up again where it failed, without making the environment anew.
    (clone / "requirements.txt").write_text("# Nothing any more.\n")
    assert bootstrap.main() == 0
    assert capfd.readouterr().out.startswith("Installing 0 packages")


def test_one_that_was_made_elsewhere_is_made_again(clone, capsys):
    stray = clone / ".paycore" / "venv" / "bin" / "pip"
    stray.parent.mkdir(parents=True)
    stray.write_text("#!/elsewhere/.paycore/venv/bin/python\n")
    (clone / ".paycore" / "venv" / "made-as").write_text("/elsewhere 3.11")

    assert bootstrap.main() == 0

    assert "Creating the virtual environment" in capsys.readouterr().out
    assert "/elsewhere" not in stray.read_text()


def test_an_old_python_is_refused_with_a_sentence(monkeypatch, capsys):
    monkeypatch.setattr(sys, "version_info", (3, 9, 1))

    assert bootstrap.main() == 1

    assert "needs Python 3.11 or newer; this is 3.9." in capsys.readouterr().err
