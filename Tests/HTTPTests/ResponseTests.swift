import Testing

@testable import HTTP

@Suite struct ResponseTests {
    private let date = octets("Date: now\r\n")

    private func wire(
        _ response: Response, isHead: Bool = false, saysKeepAlive: Bool = false
    ) -> String {
        var output = octets("before ")
        response.write(into: &output, date: date, isHead: isHead, saysKeepAlive: saysKeepAlive)
        return text(output)
    }

    @Test func `a response tells its status, date, fields and length`() {
        var response = Response(status: 200, contentType: "text/plain", body: "hello")
        response.add("X-A", "b c")
        #expect(
            wire(response)
                == "before HTTP/1.1 200 OK\r\nDate: now\r\nContent-Type: text/plain\r\nX-A: b c\r\n"
                + "Content-Length: 5\r\n\r\nhello")
    }

    @Test func `a response without a body says so`() {
        #expect(
            wire(Response(status: 202))
                == "before HTTP/1.1 202 Accepted\r\nDate: now\r\nContent-Length: 0\r\n\r\n")
    }

    @Test func `204 has neither body nor length`() {
        var response = Response(status: 204)
        response.body = [1]
        #expect(wire(response) == "before HTTP/1.1 204 No Content\r\nDate: now\r\n\r\n")
    }

    @Test func `a HEAD is told the length of what isn't sent`() {
        let response = Response(status: 200, contentType: "a/b", body: "hello")
        #expect(wire(response, isHead: true).hasSuffix("\r\nContent-Length: 5\r\n\r\n"))
    }

    @Test func `whoever needs to know is told what becomes of the connection`() {
        var response = Response(status: 202)
        #expect(!wire(response).contains("Connection"))
        #expect(wire(response, saysKeepAlive: true).contains("\r\nConnection: keep-alive\r\n"))
        response.closes = true
        #expect(wire(response).contains("\r\nConnection: close\r\n"))
        #expect(!wire(response, saysKeepAlive: true).contains("keep-alive"))
    }

    @Test(arguments: [0, 1, 9, 10, 99, 100, 1_000, 65_536, 1_048_576])
    func `a length is decimal`(count: Int) {
        var response = Response(status: 200)
        response.body = [UInt8](repeating: 0x61, count: count)
        #expect(wire(response).contains("\r\nContent-Length: \(count)\r\n\r\n"))
    }

    @Test(arguments: [
        (200, "OK"), (400, "Bad Request"), (404, "Not Found"), (405, "Method Not Allowed"),
        (408, "Request Timeout"), (413, "Content Too Large"), (429, "Too Many Requests"),
        (431, "Request Header Fields Too Large"), (500, "Internal Server Error"),
        (503, "Service Unavailable"), (505, "HTTP Version Not Supported"), (299, ""), (599, ""),
    ])
    func `a status has its reason, if it has one`(status: Int, reason: String) {
        #expect(text(StatusLine.octets(of: status)) == "HTTP/1.1 \(status) \(reason)\r\n")
    }

    @Test func `the interim response is what clients wait for`() {
        #expect(text(Response.continue) == "HTTP/1.1 100 Continue\r\n\r\n")
    }

    // MARK: - Problems

    @Test func `a problem tells its type, status, detail and members`() {
        var problem = Problem(status: 400, code: "some_code", detail: "It's \"wrong\".")
        problem.members = [("attribute", .text("a\nb")), ("index", .number(3))]
        let response = problem.response
        #expect(response.status == 400)
        #expect(text(response.fieldLines) == "Content-Type: application/problem+json\r\n")
        #expect(
            text(response.body)
                == "{\"type\":\"urn:veer:problem:some_code\",\"status\":400,"
                + "\"detail\":\"It's \\\"wrong\\\".\",\"attribute\":\"a\\nb\",\"index\":3}\n")
    }

    @Test func `problems that say the same are equal`() {
        let one = Problem(status: 400, code: "a", detail: "b")
        var other = one
        #expect(one == other)
        other.members = [("c", .number(1))]
        #expect(one != other)
    }

    @Test(arguments: [
        ("", "\"\""), ("a b/c", "\"a b/c\""), ("\"\\", "\"\\\"\\\\\""),
        ("\n\r\t", "\"\\n\\r\\t\""), ("\u{0}\u{1F}\u{8}", "\"\\u0000\\u001f\\u0008\""),
        ("\u{7F}\u{85}\u{9F}", "\"\\u007f\\u0085\\u009f\""),
        ("\u{A0}é€😀", "\"\u{A0}é€😀\""),
        ("e\u{301}\r\n", "\"e\u{301}\\r\\n\""), ("\u{2028}", "\"\u{2028}\""),
    ])
    func `a text becomes a JSON string`(text: String, json: String) {
        #expect(Array(JSONText.quoted(text).utf8) == Array(json.utf8))
    }
}
