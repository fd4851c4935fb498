"""What the cases share: the SDK's client, aimed at the emulator, and what is counted.

With an address as argument it goes there in plain HTTP, by a session of ours: what the SDK addresses to Dropbox is sent there.
Without, nothing is ours: the SDK is told where to go by its own environment variables.
"""

import os
import sys

import requests
import requests.adapters

import dropbox
from dropbox import base, files
from dropbox.dropbox_client import create_session
from dropbox.exceptions import ApiError, AuthError, BadInputError

URL = sys.argv[1] if len(sys.argv) > 1 else None
BASE = URL or "https://" + os.environ["DROPBOX_API_HOST"]


class Count:
    """What was asked so far."""

    calls = 0
    refusals = 0
    routes = set()


class Rewrite(requests.adapters.HTTPAdapter):
    """Sends requests for Dropbox to the emulator."""

    def send(self, request, **kwargs):
        _, _, rest = request.url.partition("://")
        _, _, path = rest.partition("/")
        request.url = URL + "/" + path
        kwargs["proxies"] = {}
        return super().send(request, **kwargs)


def session():
    """How requests go out; `None` is the SDK's own way."""
    if URL is None:
        return None
    rewriting = create_session()
    rewriting.trust_env = False
    rewriting.mount("https://", Rewrite())
    return rewriting


class Dropbox(dropbox.Dropbox):
    """The SDK's client, which also counts."""

    def request(self, route, namespace, *rest):
        Count.calls += 1
        Count.routes.add(path(namespace, route))
        return super().request(route, namespace, *rest)


def client(token="emulator-access-token", **kwargs):
    kwargs.setdefault("max_retries_on_error", 0)
    return Dropbox(token, session=session(), **kwargs)


dbx = client()


def path(namespace, route):
    """The route as it stands in its address."""
    return f"{namespace}/{route.name}" + (f"_v{route.version}" if route.version > 1 else "")


def routes_of_the_sdk():
    """Every route that the client has a method for, by the SDK's own tables."""
    found = set()
    for namespace in sorted(vars(dropbox.base)):
        for route in getattr(vars(dropbox.base)[namespace], "ROUTES", {}).values():
            method = f"{namespace}_{route.name.replace('/', '_')}" + (f"_v{route.version}" if route.version > 1 else "")
            if hasattr(base.DropboxBase, method):
                found.add(path(namespace, route))
    return found


def is_served(name):
    """Whether the emulator has such a route: without any token it then asks for one, or for an argument."""
    answer = requests.post(f"{BASE}/2/{name}", timeout=10)
    return not answer.text.startswith("Unknown API function")


def refused(call, *tags):
    """Asserts that a call is refused with these tags, from the outside in."""
    try:
        result = call()
    except ApiError as error:
        value = error.error
        for tag in tags:
            assert value._tag == tag, (value, tags)
            value = value._value
            if isinstance(value, files.UploadWriteFailed):
                value = value.reason
        Count.refusals += 1
        return error
    raise AssertionError(f"not refused: {result}")


def failed(entry, *tags):
    """Asserts that an entry of a batch failed with these tags."""
    for tag in ("failure",) + tags:
        assert entry._tag == tag, (entry, tags)
        entry = entry._value
    Count.refusals += 1


def unauthorized(call, tag):
    """Asserts that whoever calls is refused."""
    try:
        call()
    except AuthError as error:
        assert error.error._tag == tag, error.error
        Count.refusals += 1
        return error
    raise AssertionError("not refused")


def wrong(call, text):
    """Asserts that a request is refused as malformed, in words that hold this."""
    try:
        call()
    except BadInputError as error:
        assert text in error.message, error.message
        return
    raise AssertionError("not refused")


def job(launched, check):
    """What a launched job comes to."""
    if not launched.is_async_job_id():
        return launched
    status = check(launched.get_async_job_id())
    while status.is_in_progress():
        # Waiting is no question.
        Count.calls -= 1
        status = check(launched.get_async_job_id())
    return status
