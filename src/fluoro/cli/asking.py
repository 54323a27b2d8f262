"""What the commands that ask a server share: whom to ask, and in which form to show it."""

import time
from dataclasses import dataclass, field
from typing import Annotated, Literal

from cyclopts import Parameter

from fluoro.errors import MissingExtraError, SettingsError
from fluoro.model.tenant import LOCAL
from fluoro.wire import ports, sigv4
from fluoro.wire.sigv4 import Credentials

try:
    from fluoro.client.api import Api
    from fluoro.client.screen import screen, show, show_json
    from fluoro.signer import Signer
except ModuleNotFoundError as error:
    raise MissingExtraError("client") from error

__all__ = ["Flags", "Output", "Source", "opened", "screen", "show", "show_json"]

Output = Literal["table", "json"]


@dataclass(frozen=True, kw_only=True)
class Source:
    """Whom to ask."""

    server: Annotated[str, Parameter(env_var="FLUORO_SERVER")] = (
        f"http://{ports.loopback(ports.SERVER)}"
    )
    """URL of the Fluoro server."""

    access_key_id: Annotated[str, Parameter(env_var="FLUORO_ACCESS_KEY_ID", show_default=False)] = (
        ""
    )
    """Access key of a server that has keys; AWS's own credentials are for `--aws` alone."""

    secret_access_key: Annotated[str, Parameter(env_var="FLUORO_SECRET_ACCESS_KEY", show=False)] = (
        field(default="", repr=False)
    )
    """Secret of this key; never by flag, which every user of a machine can see."""

    region: Annotated[
        str, Parameter(env_var=("FLUORO_REGION", "AWS_REGION"), show_default=False)
    ] = ""
    """Region of the traces; without it AWS_REGION, else us-east-1; with `--aws` the profile's."""

    aws: Annotated[bool, Parameter(negative=(), show_default=False)] = False
    """Ask AWS X-Ray instead, with the credentials that the AWS CLI would use."""

    profile: Annotated[str, Parameter(show_default=False)] = ""
    """Profile of AWS's configuration, with `--aws`."""

    def __post_init__(self) -> None:
        """Refuse what cannot work.

        Raises:
            SettingsError: With the first field at fault.
        """
        if not self.server.startswith(("http://", "https://")):
            raise SettingsError(
                "server", f"{self.server!r} is no URL: write it as in http://127.0.0.1:8080"
            )
        if bool(self.access_key_id) != bool(self.secret_access_key):
            missing = "secret_access_key" if self.access_key_id else "access_key_id"
            raise SettingsError(missing, "an access key is both, its id and its secret")
        if self.region and not sigv4.is_region(self.region):
            raise SettingsError("region", f"{self.region!r} is no region, as us-east-1 is")
        if self.profile and not self.aws:
            raise SettingsError("profile", "it is one of AWS's: say --aws too")


Flags = Annotated[Source, Parameter(name="*")]


def opened(source: Source) -> Api:
    """The API to ask, to be used with `with`.

    Raises:
        SettingsError: AWS is to be asked, and there are no credentials or no region.
        MissingExtraError: The same, and botocore is not installed.
    """
    if source.aws:
        from fluoro.client.aws import endpoint  # noqa: PLC0415  botocore is an extra, and slow

        return Api(*endpoint(source.profile, source.region))
    if not source.access_key_id:
        return Api(source.server, None)
    region = source.region or LOCAL.region
    credentials = Credentials(source.access_key_id, source.secret_access_key, region)
    return Api(source.server, Signer(credentials, time.time))
