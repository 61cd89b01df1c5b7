"""The proxies that stand in front of a gateway: Envoy, as Contour sets it up, and HAProxy."""

import json
import pathlib
import shutil
import socket
import subprocess
import sys

import httpx

from veer import wait_until

HTTP = "type.googleapis.com/envoy.extensions"
MANAGER = f"{HTTP}.filters.network.http_connection_manager.v3.HttpConnectionManager"
OPTIONS = f"{HTTP}.upstreams.http.v3.HttpProtocolOptions"
TLS = f"{HTTP}.transport_sockets.tls.v3"
FORMS = ["plain h1", "plain h2", "tls h1", "tls h2"]


class Proxy:
    """A proxy's process, its output in a file beside its settings."""

    def __init__(self, directory, *command):
        self._output = open(directory / "proxy.log", "wb")
        self.process = subprocess.Popen(
            [*map(str, command)], cwd=directory, stdin=subprocess.DEVNULL, stdout=self._output,
            stderr=subprocess.STDOUT)
        self.log = directory / "proxy.log"

    def close(self):
        """Ends it."""
        self.process.terminate()
        self.process.wait(20)
        self._output.close()


class Envoy(Proxy):
    """Sends requests on to some gateways, without trying again.

    `form` says how it speaks to them. With `clients`, the pair it shows its own clients and the
    authority of theirs, it tells the gateways who they are.
    """

    def __init__(self, directory, addresses, form, authority, clients=None):
        transport = {"transport_socket": upstream_tls(authority, form)} if "tls" in form else {}
        settings = {
            "admin": {"address": at("127.0.0.1", 0)},
            "static_resources": {
                "listeners": [{
                    "name": "in", "address": at("127.0.0.1", 0),
                    "filter_chains": [{"filters": [manager(clients)]} | (
                        {"transport_socket": downstream_tls(*clients)} if clients else {})],
                }],
                "clusters": [{
                    "name": "veer", "type": "STATIC", "connect_timeout": "2s",
                    "load_assignment": {"cluster_name": "veer", "endpoints": [{"lb_endpoints": [
                        {"endpoint": {"address": at(*address)}} for address in addresses]}]},
                    "typed_extension_protocol_options": {
                        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                            "@type": OPTIONS, "explicit_http_config": {
                                "http2_protocol_options" if "h2" in form
                                else "http_protocol_options": {}}}},
                    "health_checks": [{
                        "timeout": "1s", "interval": "0.1s", "unhealthy_threshold": 1,
                        "healthy_threshold": 1, "no_traffic_interval": "0.1s",
                        "http_health_check": {
                            "path": "/readyz", "host": "contour-envoy-healthcheck",
                            "codec_client_type": "HTTP2" if "h2" in form else "HTTP1"},
                    }],
                } | transport],
            },
        }
        (directory / "envoy.json").write_text(json.dumps(settings, indent=1))
        place = directory / "admin"
        super().__init__(
            directory, pathlib.Path(sys.prefix) / "bin/envoy", "-c", "envoy.json",
            "--admin-address-path", place, "--concurrency", 1, "--use-dynamic-base-id",
            "--log-level", "warning")
        self._admin = wait_until(
            lambda: place.exists() and place.read_text(), f"Envoy's address, {self.log}", 20)
        wait_until(
            lambda: self.healthy == len(addresses), f"healthy gateways: {self.log}", 20)
        listeners = self._ask("listeners?format=json").json()["listener_statuses"]
        self.host_and_port = "127.0.0.1", listeners[0]["local_address"]["socket_address"][
            "port_value"]

    def _ask(self, path):
        return httpx.get(f"http://{self._admin.strip()}/{path}", timeout=10)

    @property
    def healthy(self):
        """How many gateways pass its health check."""
        return self._ask("clusters").text.count("::health_flags::healthy")

    def count(self, name):
        """One of its counters for the gateways."""
        line = self._ask(f"stats?filter=^cluster.veer.{name}$").text
        return int(line.rpartition(":")[2] or 0)


def at(host, port):
    """An address in Envoy's words."""
    return {"socket_address": {"address": host, "port_value": port}}


def manager(clients):
    """The filter that passes every request on."""
    return {"name": "http", "typed_config": {
        "@type": MANAGER, "stat_prefix": "in",
        "forward_client_cert_details": "SANITIZE_SET" if clients else "SANITIZE",
        "set_current_client_cert_details": {"subject": True, "dns": True, "uri": True},
        "route_config": {"virtual_hosts": [{
            "name": "all", "domains": ["*"],
            "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "veer"}}]}]},
        "http_filters": [{"name": "router", "typed_config": {
            "@type": f"{HTTP}.filters.http.router.v3.Router"}}],
    }}


def upstream_tls(authority, form):
    """Trust in the gateways' certificates; no name is asked for, as by Contour."""
    return {"name": "tls", "typed_config": {
        "@type": f"{TLS}.UpstreamTlsContext",
        "common_tls_context": {
            "alpn_protocols": ["h2" if "h2" in form else "http/1.1"],
            "validation_context": {
                "trusted_ca": {"filename": str(authority.certificate)},
                "match_typed_subject_alt_names": [
                    {"san_type": "DNS", "matcher": {"exact": "localhost"}}]}}}}


def downstream_tls(pair, authority):
    """TLS for clients that must show a certificate."""
    return {"name": "tls", "typed_config": {
        "@type": f"{TLS}.DownstreamTlsContext", "require_client_certificate": True,
        "common_tls_context": {
            "tls_certificates": [{
                "certificate_chain": {"filename": str(pair.certificate)},
                "private_key": {"filename": str(pair.key)}}],
            "validation_context": {"trusted_ca": {"filename": str(authority.certificate)}}}}}


HAPROXY = """
global
    maxconn 500
defaults
    mode http
    timeout connect 5s
    timeout client 20s
    timeout server 20s
    retries 0
frontend in
    bind 127.0.0.1:{port}
    default_backend veer
backend veer
    option httpchk
    http-check send meth GET uri /readyz ver HTTP/1.1 hdr Host contour-envoy-healthcheck
    http-reuse always
    default-server inter 100ms fall 1 rise 1
"""


class Nginx(Proxy):
    """Tells how it reads requests, and passes none on; it listens at `address`."""

    def __init__(self, directory):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = free.getsockname()
        (directory / "nginx.conf").write_text(f"""
            daemon off; master_process off; pid nginx.pid; error_log nginx.log;
            events {{ worker_connections 1000; }}
            http {{
                access_log off; client_max_body_size 0; lingering_close off;
                client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
                uwsgi_temp_path uwsgi; scgi_temp_path scgi;
                server {{
                    listen 127.0.0.1:{self.address[1]};
                    return 200 "$request_method $request_uri $content_length";
                }}
            }}""")
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        super().__init__(
            directory, program, "-e", "nginx.log", "-p", directory, "-c", "nginx.conf")
        wait_until(self._answers, "nginx")

    def _answers(self):
        with socket.socket() as connection:
            return connection.connect_ex(self.address) == 0


class HAProxy(Proxy):
    """The same for HAProxy; `options` are those of a gateway's `server` line."""

    def __init__(self, directory, addresses, options):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.host_and_port = free.getsockname()
        settings = HAPROXY.format(port=self.host_and_port[1]) + "".join(
            f"    server veer{place} {host}:{port} check {options}\n"
            for place, (host, port) in enumerate(addresses))
        (directory / "haproxy.cfg").write_text(settings)
        super().__init__(directory, "haproxy", "-db", "-f", "haproxy.cfg")
        url = f"http://127.0.0.1:{self.host_and_port[1]}/readyz"
        wait_until(lambda: is_ok(url), f"HAProxy: {self.log.read_text()}")


def is_ok(url):
    """Whether a request for it succeeds."""
    try:
        return httpx.get(url, timeout=5).status_code == 200
    except httpx.TransportError:
        return False
