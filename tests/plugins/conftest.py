"""Every test here has a data directory of its own and starts with nothing loaded."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from interlock.plugins import forget
from tests.plugins.site_packages import SitePackages


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the pins are kept; nothing is there yet."""
    directory = tmp_path / "data"
    monkeypatch.setenv("INTERLOCK_DATA_DIR", str(directory))
    forget()
    yield directory
    forget()


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SitePackages]:
    """A directory on `sys.path`; what is imported from it is dropped after the test."""
    directory = tmp_path / "site-packages"
    directory.mkdir()
    monkeypatch.setattr(sys, "path", [str(directory), *sys.path])
    before = set(sys.modules)
    yield SitePackages(directory)
    for name in set(sys.modules) - before:
        file = getattr(sys.modules[name], "__file__", None)
        if file is not None and Path(file).is_relative_to(directory):
            del sys.modules[name]
    sys.path_importer_cache.pop(str(directory), None)
    importlib.invalidate_caches()
