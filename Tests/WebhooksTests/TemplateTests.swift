import CloudEvents
import Testing

@testable import Webhooks

struct TemplateTests {
    static let request = WebhookRequest(
        path: "/hook",
        fields: [("X-Topic", "orders"), ("Twice", "1"), ("Twice", "2"), ("Empty", "")],
        body: Array(#"{"a":{"b":["x",2,true,null,"\u00e9\""]},"c~/d":"e","":"f","t":1e400}"#.utf8))

    private func value(_ text: String) throws -> String? {
        let adapter = Adapter(attributes: [
            .init("type", try Template("t")), .init("source", try Template("s")),
            .init("value", try Template(text)),
        ])
        return try adapter.events(of: Self.request, now: Timestamp(seconds: 0))[0]["value"]
    }

    @Test(arguments: [
        ("plain", "plain"), ("{header:x-topic}", "orders"), ("a.{header:X-TOPIC}.b", "a.orders.b"),
        ("{json:/a/b/0}", "x"), ("{json:/a/b/1}", "2"), ("{json:/a/b/2}", "true"),
        ("{json:/a/b/4}", "é\""), ("{json:/c~0~1d}", "e"), ("{json:/}", "f"),
        ("{json:/t}", "1e400"),
        ("{json:/no|json:/a/b/1}", "2"), ("{json:/no|'none'}", "none"), ("{path}", "/hook"),
        ("{now}", "1970-01-01T00:00:00Z"), ("x[.{json:/no}]", "x"), ("x[.{json:/t}]", "x.1e400"),
        ("{{x}} [[y]]", "{x} [y]"), ("[{header:twice|header:empty}]z", "z"),
    ])
    func `a template is filled`(_ text: String, _ expected: String) throws {
        #expect(try value(text) == expected)
    }

    @Test func `what is wholly optional may be left out`() throws {
        #expect(try value("[{json:/no}]") == nil)
    }

    @Test(arguments: [
        "{json:/no}", "{json:/a}", "{json:/a/b}", "{json:/a/b/3}", "{json:/a/b/01}",
        "{json:/a/b/-}", "{json:/a/b/5}", "{header:twice}", "{header:empty}", "{json:/t/x}",
    ])
    func `what has no value fails`(_ text: String) throws {
        let place = String(text.dropFirst().dropLast())
        #expect(throws: AdapterFailure.valueMissing(attribute: "value", place: place, index: nil)) {
            try value(text)
        }
    }

    @Test(arguments: ["{", "}", "{json:/a", "a}b", "[", "]", "[a", "[[a]", "[a[b]]"])
    func `a half of a pair is no template`(_ text: String) {
        #expect(throws: Template<EventPart>.Failure.unbalanced) { try Template<EventPart>(text) }
    }

    @Test(arguments: [
        "{}", "{x}", "{json:a}", "{json:/a~2}", "{header:}", "{header:a b}", "{uuid|}", "{'a}",
        "{body}",
    ])
    func `a place that isn't known is named`(_ text: String) {
        do {
            _ = try Template<EventPart>(text)
            Issue.record("taken")
        } catch {
            guard case .unknownPlace = error else {
                Issue.record("\(error)")
                return
            }
        }
    }

    @Test func `an identifier of random is always another`() throws {
        let one = try #require(try value("{uuid}"))
        #expect(try one != value("{uuid}"))
        #expect(
            one.wholeMatch(
                of: /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/)
                != nil)
    }

    @Test func `a hash depends on the path and on each octet`() {
        let ids = [("/a", "x"), ("/b", "x"), ("/a", "y"), ("/a", ""), ("/ax", "")]
            .map { stableID(path: $0.0, data: Array($0.1.utf8)) }
        #expect(Set(ids).count == ids.count)
        #expect(ids.allSatisfy { $0.count == 32 })
        #expect(ids[0] == stableID(path: "/a", data: Array("x".utf8)))
    }

    @Test func `of a name that occurs twice the last counts`() {
        let json = Array(#"{"a":1,"a":{"b":2}}"#.utf8)
        #expect(JSONPointer("/a/b")?.find(in: json.span).map { json.span.jsonText(at: $0) } == "2")
    }

    @Test func `a name is what its escapes spell, not how they look`() throws {
        let json = Array(#"{"\\u0061":1,"\u0061":2}"#.utf8)
        let values = ["/a", #"/\u0061"#].map { pointer in
            JSONPointer(pointer)?.find(in: json.span).map { json.span.jsonText(at: $0) }
        }
        #expect(values == ["2", "1"])
    }
}
