"""Fixtures that more than one module of integration tests uses."""

from tests.integration.relaying import hop, installation, postfix, the_hop, the_postfix
from tests.integration.test_smtp import certificate

__all__ = ["certificate", "hop", "installation", "postfix", "the_hop", "the_postfix"]
