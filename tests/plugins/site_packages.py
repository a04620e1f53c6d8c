"""A directory on `sys.path` with distributions in it, as an installer leaves them."""

import importlib
from collections.abc import Mapping
from pathlib import Path

from attrs import frozen

TYPE = """\
from interlock import COMPLETE, Prompt, SessionType, step


class {kind}(SessionType):
    transitions = [["ok", "work", COMPLETE]]

    @step
    def work(self, session):
        return Prompt("{prompt}")
"""


def session_type(kind: str, prompt: str = "Work.") -> str:
    """The text of a module with one session type in it."""
    return TYPE.format(kind=kind, prompt=prompt)


@frozen
class SitePackages:
    """Distributions are made by hand: a `.dist-info` directory and the modules beside it."""

    path: Path

    def install(
        self,
        distribution: str,
        entries: Mapping[str, Mapping[str, str]],
        modules: Mapping[str, str] | None = None,
        version: str = "1.0",
    ) -> None:
        """A distribution with entry points (group -> name -> target) and modules (name -> text)."""
        lines = []
        for group, targets in entries.items():
            lines += [f"[{group}]", *(f"{name} = {target}" for name, target in targets.items())]
        self.install_raw(distribution, "\n".join(lines).encode(), version=version)
        for name, text in (modules or {}).items():
            (self.path / f"{name}.py").write_text(text, encoding="utf-8")

    def install_raw(self, distribution: str, entry_points: bytes, version: str = "1.0") -> None:
        """A distribution with this `entry_points.txt`."""
        info = self.path / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        metadata = f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n"
        (info / "METADATA").write_text(metadata)
        (info / "entry_points.txt").write_bytes(entry_points)
        importlib.invalidate_caches()  # a change within one tick of the clock is not seen otherwise
