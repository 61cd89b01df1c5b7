"""A topic of Amazon SNS that shares no code with Veer, and the host that it names."""

import base64
import datetime
import http.server
import json
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

TOPIC = "arn:aws:sns:eu-west-1:123456789012:alarms"
SIGNED = {
    "Notification": ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
    "SubscriptionConfirmation": ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token",
                                 "TopicArn", "Type"],
}
DIGESTS = {"1": hashes.SHA1, "2": hashes.SHA256}


class Topic:
    """Signs messages; its certificate and its confirmations are served by a host of its own."""

    def __init__(self, context, name=TOPIC):
        self.name = name
        self.key = rsa.generate_private_key(65537, 2048)
        self.status = 200
        self.location = None
        self.text = None
        self.asked = []
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            """Answers what its owner says."""

            def answer(self):
                """Any path."""
                owner.asked.append((self.command, self.path, dict(self.headers)))
                body = owner.certificate if self.path.endswith(".pem") else b"<Confirmed/>"
                self.send_response(owner.status)
                if owner.location:
                    self.send_header("Location", owner.location)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = answer

            def log_message(self, *_):
                """Says nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.host = f"localhost:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def certificate(self):
        """Of its key, in PEM; or whatever else is to stand there."""
        if self.text is not None:
            return self.text
        now = datetime.datetime.now(datetime.timezone.utc)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sns.amazonaws.com")])
        builder = x509.CertificateBuilder(
            name, name, self.key.public_key(), 1, now - datetime.timedelta(days=1),
            now + datetime.timedelta(days=1))
        return builder.sign(self.key, hashes.SHA256()).public_bytes(
            serialization.Encoding.PEM)

    def message(self, kind="Notification", version="2", **members):
        """A message with its signature; None leaves a member out."""
        now = datetime.datetime.now(datetime.timezone.utc)
        message = {
            "Type": kind, "MessageId": "1", "TopicArn": self.name, "Message": "hi\nthere",
            "Timestamp": now.strftime("%Y-%m-%dT%H:%M:%S.000Z"), "SignatureVersion": version,
            "SigningCertURL": f"https://{self.host}/SimpleNotificationService-0.pem",
        }
        if kind != "Notification":
            message |= {"Token": "t", "SubscribeURL": f"https://{self.host}/?Action=Confirm"}
        message |= members
        message = {name: value for name, value in message.items() if value is not None}
        text = "".join(f"{name}\n{message[name]}\n" for name in SIGNED[kind] if name in message)
        signature = self.key.sign(text.encode(), padding.PKCS1v15(), DIGESTS[version]())
        return message | {"Signature": base64.b64encode(signature).decode()}

    def request(self, message, **fields):
        """How SNS sends it: a body and fields."""
        headers = {
            "Content-Type": "text/plain; charset=UTF-8",
            "x-amz-sns-message-type": message["Type"],
            "x-amz-sns-message-id": message["MessageId"],
            "x-amz-sns-topic-arn": message["TopicArn"],
            "x-amz-sns-subscription-arn": message["TopicArn"] + ":c9135db",
        }
        if message["Type"] != "Notification":
            del headers["x-amz-sns-subscription-arn"]
        return {"content": json.dumps(message).encode(), "headers": headers | fields}

    def close(self):
        """Takes no more connections."""
        self._server.shutdown()
        self._server.server_close()
