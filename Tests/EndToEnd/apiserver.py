"""The HTTP of the tests' API server: what a request means, and whether it's allowed."""

import dataclasses
import datetime
import http.server
import json
import re
import ssl
import time
import urllib.parse

from rbac import Access


@dataclasses.dataclass
class Request:
    """A request that was answered, or whose answer has begun."""

    method: str
    path: str
    token: str
    status: int


class Refusal(Exception):
    """An answer that isn't a success."""

    def __init__(self, status, reason, message):
        super().__init__(message)
        self.status, self.reason = status, reason

    @property
    def body(self):
        """The same as Kubernetes says it."""
        return {
            "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": self.status,
            "reason": self.reason, "message": str(self),
        }


class Server(http.server.ThreadingHTTPServer):
    """Speaks TLS; a handshake that fails is the client's business."""

    daemon_threads = True

    def finish_request(self, request, client_address):
        try:
            with self.context.wrap_socket(request, server_side=True) as secure:
                super().finish_request(secure, client_address)
        except (OSError, ssl.SSLError):
            pass

    def handle_error(self, request, client_address):
        pass


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers one connection's requests."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def setup(self):
        super().setup()
        self.context = self.server.context

    def handle_any(self):
        """Answers, or says why not."""
        self.cluster = self.server.cluster
        length = int(self.headers.get("Content-Length", 0))
        self.body = json.loads(self.rfile.read(length) or b"null")
        self.token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        url = urllib.parse.urlsplit(self.path)
        self.query = dict(urllib.parse.parse_qsl(url.query))
        try:
            self.cluster.interfere(self.command, self.path)
            if self.token not in self.cluster.tokens:
                raise Refusal(401, "Unauthorized", "Unauthorized")
            self.cluster.before(self.command, self.body)
            self.route(url.path)
        except Refusal as refusal:
            self.answer(refusal.status, refusal.body)
        # Whoever was shown another certificate has to look at the new one.
        self.close_connection |= self.context is not self.server.context

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

    def note(self, status):
        self.cluster.requests.append(Request(self.command, self.path, self.token, status))

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.note(status)
        self.cluster.after(self.command, value)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def route(self, path):
        """Finds out what is meant, and whether it's allowed."""
        match = re.fullmatch(
            r"/(?:api|apis)/(?P<version>v1|[^/]+/[^/]+)"
            r"(?:/namespaces/(?P<namespace>[^/]+)/(?P<resource>[^/]+)"
            r"(?:/(?P<name>[^/]+)(?:/(?P<part>[^/]+))?)?)?", path)
        kinds = self.cluster.kinds.get(match["version"]) if match else None
        if kinds is None:
            raise Refusal(404, "NotFound", f"no such path: {path}")
        if match["resource"] is None:
            # Every account may discover: system:discovery.
            return self.answer(200, discovery(match["version"], kinds))
        if match["resource"] not in kinds.values():
            raise Refusal(404, "NotFound", f"no such path: {path}")
        self.authorize(match)
        key = (match["version"], match["resource"], match["namespace"], match["name"])
        if match["part"] == "token" and self.command == "POST":
            return self.answer(201, self.token_request(key))
        if match["name"] is None:
            return self.collection(key)
        return self.single(key)

    def authorize(self, match):
        selected = re.fullmatch(r"metadata\.name=(.+)", self.query.get("fieldSelector", ""))
        name = match["name"] or (selected[1] if selected else "")
        is_watch = self.query.get("watch") == "true"
        verb = {
            "GET": "get" if match["name"] else "watch" if is_watch else "list",
            "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete",
        }[self.command]
        group = match["version"].rpartition("/")[0]
        resource = match["resource"] + (f"/{match['part']}" if match["part"] else "")
        # The API server doesn't know the name of what is to be created, but of a part it does.
        wanted = Access(verb, group, resource, match["namespace"], name)
        if not self.cluster.roles.allows(self.cluster.tokens[self.token], wanted):
            raise Refusal(403, "Forbidden", f"cannot {verb} {resource} \"{name}\"")

    def collection(self, key):
        if self.command == "POST":
            return self.create(key[:3] + (self.body["metadata"]["name"],))
        if self.query.get("watch") == "true":
            return self.watch(key)
        selector = self.query.get("fieldSelector", "")
        with self.cluster.told:
            items = [
                thing for other, thing in self.cluster.objects.items()
                if other[:3] == key[:3] and selector in ("", f"metadata.name={other[3]}")
            ]
            version = str(self.cluster.version)
        self.answer(200, {"metadata": {"resourceVersion": version}, "items": items})

    def create(self, key):
        with self.cluster.told:
            if key in self.cluster.objects:
                raise Refusal(409, "AlreadyExists", f"{key[3]} already exists")
            thing = self.cluster.store(key, self.body, "ADDED")
        self.answer(201, thing)

    def single(self, key):
        with self.cluster.told:
            thing = self.cluster.objects.get(key)
            if thing is None:
                raise Refusal(404, "NotFound", f"{key[1]} \"{key[3]}\" not found")
            if self.command == "DELETE":
                self.cluster.store(key, thing, "DELETED")
                del self.cluster.objects[key]
            elif self.command in ("PUT", "PATCH"):
                wanted = self.body.get("metadata", {}).get("resourceVersion")
                if wanted not in (None, thing["metadata"]["resourceVersion"]):
                    raise Refusal(409, "Conflict", "the object has been modified")
                patched = self.command == "PATCH"
                thing = self.cluster.store(
                    key, merged(thing, self.body) if patched else self.body, "MODIFIED")
        self.answer(200, thing)

    def token_request(self, key):
        spec = self.body["spec"]
        seconds = min(self.cluster.token_seconds, spec.get("expirationSeconds", 3600))
        expiry = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
        token = self.cluster.issue(key[2], key[3]) + "." + ",".join(spec["audiences"])
        self.cluster.issued.add(token)
        return {"status": {
            "token": token, "expirationTimestamp": expiry.strftime("%Y-%m-%dT%H:%M:%SZ")}}

    def watch(self, key):
        cluster = self.cluster
        position = int(self.query["resourceVersion"])
        if position < cluster.oldest:
            raise Refusal(410, "Expired", "too old resource version")
        generation = cluster.generation
        end = time.monotonic() + int(self.query.get("timeoutSeconds", 3600))
        selector = self.query.get("fieldSelector", "")
        self.note(200)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.flush()
        while True:
            with cluster.told:
                lines = [entry for entry in cluster.history if entry[0] > position]
                left = end - time.monotonic()
                if not lines and (cluster.generation != generation or left <= 0):
                    break
                if not lines:
                    cluster.told.wait(min(left, 1))
                    continue
            for position, other, kind, thing in lines:
                if other is None or (
                        other[:3] == key[:3] and selector in ("", f"metadata.name={other[3]}")):
                    self.chunk({"type": kind, "object": thing})
        self.wfile.write(b"0\r\n\r\n")

    def chunk(self, value):
        line = json.dumps(value).encode() + b"\n"
        self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
        self.wfile.flush()


def discovery(version, kinds):
    """What the API says of a group's version."""
    return {
        "kind": "APIResourceList", "groupVersion": version, "resources": [
            {"name": name + part, "kind": kind, "namespaced": True}
            for kind, name in kinds.items() for part in ("/status", "")
        ],
    }


def merged(thing, patch):
    """A JSON merge patch, applied."""
    if not isinstance(thing, dict) or not isinstance(patch, dict):
        return patch
    result = {name: value for name, value in thing.items() if name not in patch}
    for name, value in patch.items():
        if value is not None:
            result[name] = merged(thing.get(name), value)
    return result
