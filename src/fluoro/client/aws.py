"""AWS itself: its endpoint, and signatures with the credentials that AWS's tools would find."""

from collections.abc import Generator

import httpx2

from fluoro.errors import MissingExtraError, SettingsError

try:
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
    from botocore.exceptions import BotoCoreError
    from botocore.session import Session
except ImportError as error:
    raise MissingExtraError("aws") from error

_SERVICE = "xray"


class AwsSigner(httpx2.Auth):
    """Signs each request with credentials that botocore keeps fresh."""

    requires_request_body = True

    def __init__(self, credentials: Credentials, region: str) -> None:
        self._credentials = credentials
        self._region = region

    def auth_flow(
        self, request: httpx2.Request
    ) -> Generator[httpx2.Request, httpx2.Response, None]:
        """Add the headers of the signature."""
        headers = {"Content-Type": request.headers["Content-Type"]}
        signed = AWSRequest(request.method, str(request.url), headers, request.content)
        try:
            credentials = self._credentials.get_frozen_credentials()
        except BotoCoreError as error:
            raise SettingsError("aws", str(error)) from error
        SigV4Auth(credentials, _SERVICE, self._region).add_auth(signed)
        request.headers.update(dict(signed.headers))
        yield request


def endpoint(profile: str, region: str) -> tuple[str, AwsSigner]:
    """URL of X-Ray in a region and what signs for it.

    Both as AWS's own tools find them, so the variables and the file of AWS hold, among them
    AWS_ENDPOINT_URL_XRAY.

    Args:
        profile: Of AWS's configuration file; empty for the default.
        region: Empty for that of the profile or of AWS_DEFAULT_REGION.

    Raises:
        SettingsError: There is no such profile, no region or no credentials.
    """
    try:
        session = Session(profile=profile or None)
        client = session.create_client(_SERVICE, region_name=region or None)
        credentials = session.get_credentials()
    except BotoCoreError as error:
        raise SettingsError("aws", str(error).rstrip(".")) from error
    if credentials is None:
        raise SettingsError("aws", "there are no AWS credentials: run aws configure, or --profile")
    return client.meta.endpoint_url, AwsSigner(credentials, client.meta.region_name)
