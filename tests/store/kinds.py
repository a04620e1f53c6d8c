"""The kinds of database that the suite runs on, and the marks of a test that is about one only."""

import pytest

KINDS = ("sqlite", "postgres")

ON_FILES = pytest.mark.parametrize("url", ["sqlite"], indirect=True)
"""What a server has not: copies of a file, its pragmas, a version from before there were others."""
ON_SERVERS = pytest.mark.parametrize("url", ["postgres"], indirect=True)
"""What a file has not: connections that are lost, settings and roles."""
