"""The environment variables a command gets: a short allow-list, and what was asked for by name."""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from interlock.agents.invocation import Invocation
from interlock.engine import Session
from interlock.engine.errors import InterlockError
from interlock.environments.options import secrets_of
from interlock.environments.results import Refusal
from interlock.secrets import vault

ALLOWED = (
    "PATH",
    "HOME",
    "LANG",
    "LC_*",
    "TERM",
    "TMPDIR",
    "USER",
    "LOGNAME",
    "SHELL",
    "TZ",
    "VIRTUAL_ENV",
    # Without these a command behind a proxy or a private certificate authority reaches nothing.
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "GIT_SSL_CAINFO",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
)


def build_environment(
    extra: Mapping[str, str], *, allow: Iterable[str] = (), source: Mapping[str, str]
) -> dict[str, str]:
    """The variables of `source` whose name is in `ALLOWED` or `allow`, then those of `extra`.

    A name in `allow` may end in `*`, as in `LC_*`. `extra` wins over `source`.
    """
    patterns = (*ALLOWED, *allow)
    allowed = {
        name: value
        for name, value in source.items()
        if any(fnmatchcase(name, pattern) for pattern in patterns)
    }
    return allowed | dict(extra)


def command_variables(
    session: Session, asked: Invocation, source: Mapping[str, str]
) -> dict[str, str]:
    """All variables of one command of a session: what it asks for, what is allowed of `source`,
    and the secrets that the session may have, which win. Raises Refusal when it lacks one."""
    about = {"INTERLOCK_SESSION_ID": session.id, "INTERLOCK_STEP": session.step}
    given = build_environment({**about, **asked.env}, allow=asked.inherit, source=source)
    try:
        secrets = vault.choose(session.account_id, secrets_of(session.environment))
    except InterlockError as error:
        raise Refusal(str(error)) from None
    return {**asked.defaults, **given, **secrets}
