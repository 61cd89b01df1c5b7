"""A scripted vCenter: what a stream of events needs of it, and what can go wrong with it."""

import datetime
import http.server
import itertools
import re
import socket
import socketserver
import threading
import time
from xml.etree import ElementTree

ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<soapenv:Envelope '
    'xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
    'xmlns:xsd="http://www.w3.org/2001/XMLSchema" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>{}</soapenv:Body>'
    "</soapenv:Envelope>")
CONTENT = (
    '<returnval><rootFolder type="Folder">group-d1</rootFolder>'
    '<propertyCollector type="PropertyCollector">propertyCollector</propertyCollector>'
    "<about><name>VMware vCenter Server</name><apiVersion>8.0.2.0</apiVersion></about>"
    '<sessionManager type="SessionManager">SessionManager</sessionManager>'
    '<eventManager type="EventManager">EventManager</eventManager></returnval>')


def stamp(seconds):
    """A time as vCenter writes it."""
    time = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Fault(Exception):
    """A fault of a type."""


class VCenter:
    """Events, collectors and sessions; `port` stays the same from one `start` to the next."""

    def __init__(self):
        self.events = []
        self.password = "secret"
        self.calls = []
        self.filters = []
        """Entities and types that collectors were asked for: type, id, recursion, types."""
        self.is_stalled = False
        self.hang_ups = set()
        """Calls that end the connection, without an answer."""
        self.faults = {}
        """Types of faults, by the calls that they answer."""
        self.responses = []
        """Bodies that take the place of the next answers but logins."""
        self.port = 0
        self.server = None
        self._keys = itertools.count(1)
        self._numbers = itertools.count(1)
        self._told = threading.Condition()
        self.start()

    def start(self):
        """Takes requests; sessions and collectors of before are gone."""
        self.sessions = set()
        self.collectors = {}
        self.connections = []
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self):
                super().setup()
                owner.connections.append(self.connection)

            def do_POST(self):
                try:
                    owner.answer(self)
                except OSError:
                    self.close_connection = True

            def log_message(self, *_):
                pass

        class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
            daemon_threads = True

        self.server = Server(("127.0.0.1", self.port), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        """Ends it; who waits for an update gets none."""
        server, self.server = self.server, None
        with self._told:
            self.sessions = set()
            self._told.notify_all()
        server.shutdown()
        server.server_close()
        for connection in self.connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    @property
    def url(self):
        """Its address."""
        return f"http://127.0.0.1:{self.port}/sdk"

    def source(self, **options):
        """The section of a configuration."""
        return {"address": self.url, "username": "u", "password": self.password} | options

    def happen(self, count=1, seconds=None):
        """Creates events; returns their ids."""
        with self._told:
            new = [(next(self._keys), seconds or time.time()) for _ in range(count)]
            self.events += new
            self._told.notify_all()
        return [str(key) for key, _ in new]

    # Answers

    def answer(self, handler):
        """Answers a request."""
        octets = handler.rfile.read(int(handler.headers["Content-Length"]))
        method = next(iter(ElementTree.fromstring(octets)[0]))
        name = method.tag.split("}")[1]
        self.calls.append(name)
        if name in self.hang_ups:
            raise OSError
        session = re.search(r"vmware_soap_session=(\w+)", handler.headers.get("Cookie", ""))
        headers, status = {}, 200
        try:
            if name == "Login":
                if method.findtext("{*}password") != self.password:
                    raise Fault("InvalidLogin")
                session = f"s{next(self._numbers)}"
                self.sessions.add(session)
                headers["Set-Cookie"] = f"vmware_soap_session={session}; Path=/; HttpOnly"
                content = "<returnval/>"
            elif name in self.faults:
                raise Fault(self.faults[name])
            elif name == "RetrieveServiceContent":
                content = CONTENT
            elif not session or session[1] not in self.sessions:
                raise Fault("NotAuthenticated")
            elif self.responses:
                return self.send(handler, 200, {}, self.responses.pop(0))
            else:
                content = getattr(self, f"answer_{name}")(method)
            body = f'<{name}Response xmlns="urn:vim25">{content}</{name}Response>'
        except Fault as fault:
            status = 500
            body = (
                "<soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>no"
                f'</faultstring><detail><{fault}Fault xmlns="urn:vim25" xsi:type="{fault}"/>'
                "</detail></soapenv:Fault>")
        self.send(handler, status, headers, ENVELOPE.format(body).encode())

    @staticmethod
    def send(handler, status, headers, body):
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Type", "text/xml; charset=utf-8")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    @staticmethod
    def event(event, tag="returnval"):
        """An event's element."""
        key, seconds = event
        entity = "".join(
            f'<{name}><name>{name}-{key % 100}</name><{name} type="{kind}">{name}-{key % 100}'
            f"</{name}></{name}>"
            for name, kind in [
                ("datacenter", "Datacenter"), ("computeResource", "ClusterComputeResource"),
                ("host", "HostSystem"), ("vm", "VirtualMachine")])
        return (
            f'<{tag} xsi:type="VmPoweredOnEvent"><key>{key}</key><chainId>{key}</chainId>'
            f"<createdTime>{stamp(seconds)}</createdTime><userName>VSPHERE.LOCAL\\u</userName>"
            f"{entity}<fullFormattedMessage>Virtual machine vm-{key % 100} is powered on"
            f"</fullFormattedMessage><template>false</template></{tag}>")

    def selected(self, method):
        """The events that a filter wants."""
        entity = method.find(".//{*}entity/{*}entity")
        self.filters.append((
            entity.get("type"), entity.text, method.findtext(".//{*}recursion"),
            [element.text for element in method.findall(".//{*}eventTypeId")]))
        begin = method.findtext(".//{*}beginTime") or ""
        end = method.findtext(".//{*}endTime") or "9"
        # Times are written alike but for zeros at the end.
        return [
            event for event in self.events
            if begin.rstrip("Z") <= stamp(event[1]) and stamp(event[1]) <= end]

    def answer_CurrentTime(self, _):
        return f"<returnval>{stamp(time.time())}</returnval>"

    def answer_Logout(self, _):
        return ""

    def answer_SetCollectorPageSize(self, _):
        return ""

    def answer_DestroyPropertyFilter(self, _):
        self.watched = None
        return ""

    def answer_DestroyCollector(self, method):
        self.collectors.pop(method.findtext("{*}_this"), None)
        return ""

    def answer_CreateCollectorForEvents(self, method):
        name = f"collector-{next(self._numbers)}"
        wanted = self.selected(method)
        first = len(self.events) - len(wanted)
        self.collectors[name] = {"place": first, "first": first, "end": len(self.events)}
        return f'<returnval type="EventHistoryCollector">{name}</returnval>'

    def collector(self, name):
        if name not in self.collectors:
            raise Fault("ManagedObjectNotFound")
        return self.collectors[name]

    def end(self, collector):
        return collector["end"] if self.is_stalled else len(self.events)

    def answer_ReadNextEvents(self, method):
        collector = self.collector(method.findtext("{*}_this"))
        start = collector["place"]
        end = min(start + int(method.findtext("{*}maxCount")), self.end(collector))
        collector["place"] = end
        return "".join(self.event(event) for event in self.events[start:end])

    def answer_CreateFilter(self, method):
        self.watched = method.findtext(".//{*}obj")
        return '<returnval type="PropertyFilter">filter-1</returnval>'

    def answer_WaitForUpdatesEx(self, method):
        version = method.findtext("{*}version") or "-1"
        limit = time.monotonic() + float(method.findtext(".//{*}maxWaitSeconds"))
        collector = self.collector(self.watched)
        sessions = self.sessions
        with self._told:
            while int(version) == self.end(collector) and self.sessions is sessions:
                left = limit - time.monotonic()
                if left <= 0:
                    return ""
                self._told.wait(left)
        end = self.end(collector)
        page = self.events[max(collector["first"], end - 100):end]
        items = "".join(self.event(event, "Event") for event in page)
        return (
            f"<returnval><version>{end}</version><filterSet><objectSet><kind>modify</kind>"
            f'<obj type="EventHistoryCollector">{self.watched}</obj><changeSet>'
            f'<name>latestPage</name><op>assign</op><val xsi:type="ArrayOfEvent">{items}</val>'
            "</changeSet></objectSet></filterSet></returnval>")

    def answer_RetrievePropertiesEx(self, _):
        items = "".join(self.event(event, "val") for event in self.events[-1:])
        return (
            '<returnval><objects><obj type="EventManager">EventManager</obj><propSet>'
            f"<name>latestEvent</name>{items}</propSet></objects></returnval>")

    def answer_QueryEvents(self, method):
        limit = int(method.findtext(".//{*}maxCount"))
        return "".join(self.event(event) for event in self.selected(method)[-limit:])
