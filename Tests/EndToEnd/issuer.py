"""An issuer of tokens that shares no code with Veer: PyJWT, and a server for its keys."""

import http.server
import json
import threading
import time

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

ISSUER = "https://issuer.example"
AUDIENCE = "veer"
MAKE = {
    "RS256": lambda: rsa.generate_private_key(65537, 2048),
    "PS256": lambda: rsa.generate_private_key(65537, 2048),
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
}


class Key:
    """A private key of the issuer's."""

    def __init__(self, name, algorithm="ES256"):
        self.name = name
        self.algorithm = algorithm
        self.private = MAKE[algorithm]()

    @property
    def published(self):
        """Its public half, as a set has it."""
        to_jwk = jwt.get_algorithm_by_name(self.algorithm).to_jwk
        key = json.loads(to_jwk(self.private.public_key()))
        key.pop("key_ops", None)
        return key | {"kid": self.name, "alg": self.algorithm, "use": "sig"}

    def sign(self, headers=None, **claims):
        """A token that is good, but for what is said; None leaves a claim out."""
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": AUDIENCE, "iat": now, "exp": now + 300} | claims
        claims = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(
            claims, self.private, self.algorithm, {"kid": self.name} | (headers or {}))


def key_set(*keys):
    """The text of a set."""
    return json.dumps({"keys": [key.published for key in keys]})


class KeyServer:
    """Serves a text as a set, on this machine, and counts who asks."""

    def __init__(self, text, context=None):
        self.text = text
        self.status = 200
        self.asked = 0
        self.location = None
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            """Answers what its owner says."""

            def do_GET(self):
                """Any path."""
                owner.asked += 1
                body = owner.text.encode()
                self.send_response(owner.status)
                if owner.location:
                    self.send_header("Location", owner.location)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                """Says nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if context:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def url(self, scheme="http", host="127.0.0.1"):
        """Where the set is."""
        return f"{scheme}://{host}:{self.port}/keys"

    def close(self):
        """Takes no more connections."""
        self._server.shutdown()
        self._server.server_close()
