"""What a check that is not met says."""


class Failure(Exception):
    """Why a check is not met."""


class Unreachable(Failure):
    """The same where the reason is nothing of the check's own: it names a server."""
