"""A real API server for the tests of this folder, which `make test-cluster` runs."""

import pytest

from api_server import ApiServer
from certificates import Authority
from veer import ROOT


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """An API server with the manifests that are shipped, and the kind of the broker in them."""
    directory = tmp_path_factory.mktemp("cluster")
    server = ApiServer(directory, Authority(directory))
    try:
        server.make_namespaces("vmware-system", "vmware-functions")
        server.define("eventing.knative.dev", "Broker")
        server.deploy(ROOT / "deploy/kustomize/base")
        yield server
    finally:
        server.close()
