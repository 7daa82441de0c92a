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


def test_it_is_made_once_and_then_left_alone(clone, capsys):
    assert bootstrap.main() == 0
    assert (clone / ".paycore" / "venv" / "bin" / "python").exists()
    assert "Creating the virtual environment" in capsys.readouterr().out

    assert bootstrap.main() == 0
    assert capsys.readouterr().out == ""


def test_changed_requirements_are_installed(clone, capsys):
    bootstrap.main()
    capsys.readouterr()
    (clone / "requirements.txt").write_text("# Changed.\n")

    assert bootstrap.main() == 0

    assert capsys.readouterr().out.startswith("Installing 0 packages")


def test_a_failed_installation_is_told_and_taken_up_again(clone, capfd):
    missing = clone / "missing.whl"
    (clone / "requirements.txt").write_text(f"missing @ file://{missing}\n")

    assert bootstrap.main() == 1
    assert "pip could not install" in capfd.readouterr().err

    (clone / "requirements.txt").write_text("")
    assert bootstrap.main() == 0


def test_one_that_was_moved_here_is_made_again(clone, capsys):
    bootstrap.main()
    (clone / ".paycore" / "venv" / "made-as").write_text("/elsewhere 3.11")
    (clone / "requirements.txt").write_text("# Changed.\n")
    capsys.readouterr()

    assert bootstrap.main() == 0

    assert "Creating the virtual environment" in capsys.readouterr().out


def test_an_old_python_is_refused_with_a_sentence(monkeypatch, capsys):
    monkeypatch.setattr(sys, "version_info", (3, 9, 1))

    assert bootstrap.main() == 1

    assert "needs Python 3.11 or newer; this is 3.9." in capsys.readouterr().err
