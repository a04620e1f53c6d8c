"""A command sees the variables that are allowed, and no other."""

import string

from hypothesis import given
from hypothesis import strategies as st

from interlock.environments.environ import ALLOWED, build_environment

NAMES = st.text(string.ascii_letters + string.digits + "_", min_size=1, max_size=20)
SECRETS = (
    *("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY", "GITHUB_TOKEN", "GH_TOKEN"),
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "NPM_TOKEN"),
    *("DATABASE_URL", "PGPASSWORD", "INTERLOCK_DATABASE_URL", "INTERLOCK_ACCOUNT", "LCX"),
    *("SSH_AUTH_SOCK", "SSH_AGENT_PID", "GPG_AGENT_INFO", "KUBECONFIG", "VAULT_TOKEN"),
    *("PYTHONPATH", "PYTHONSTARTUP", "LD_PRELOAD", "NODE_OPTIONS", "GIT_DIR", "BASH_ENV"),
    *("PATHS", "XPATH", "path", "HOME_TOKEN", "MY_HOME", "LANGUAGE_KEY", "SSL_CERT_KEY"),
)


def test_no_secret_of_the_engine_reaches_the_command() -> None:
    """Each canary stays out, whatever is near its name."""
    source = {name: f"canary-{name}" for name in SECRETS} | {"PATH": "/bin", "LC_ALL": "C"}
    assert build_environment({}, source=source) == {"PATH": "/bin", "LC_ALL": "C"}


@given(st.dictionaries(NAMES, st.text()), st.sets(NAMES), st.dictionaries(NAMES, st.text()))
def test_only_what_is_allowed_or_asked_for_passes(
    source: dict[str, str], allow: set[str], extra: dict[str, str]
) -> None:
    """Each variable comes from `extra`, or from `source` under an allowed name."""
    built = build_environment(extra, allow=allow, source=source)
    exact = {name for name in ALLOWED if not name.endswith("*")}
    for name in source.keys() | extra.keys():
        if name in extra:
            assert built.pop(name) == extra[name]
        elif name in exact | allow or name.startswith("LC_"):
            assert built.pop(name) == source[name]
    assert not built


def test_an_allowed_name_may_end_in_a_star() -> None:
    """`CI_*` allows all names that begin so."""
    source = {"CI_JOB": "1", "CI": "2", "CIX": "3", "ci_job": "4"}
    assert build_environment({}, allow=["CI_*"], source=source) == {"CI_JOB": "1"}


def test_the_source_is_left_as_it_was() -> None:
    """Building reads its arguments and changes none."""
    source, extra = {"PATH": "/bin"}, {"A": "1"}
    build_environment(extra, source=source)["PATH"] = "changed"
    assert (source, extra) == ({"PATH": "/bin"}, {"A": "1"})
