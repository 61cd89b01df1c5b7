import Foundation
import HTTP
import Testing

@testable import CloudEvents

/// The public vectors of the JSON format, and hostile requests that receivers have to survive.
@Suite struct ConformanceTests {
    /// An event or batch as JSON, with and without the slashes escaped.
    static func texts(_ file: String, _ member: String) throws -> [(id: String, texts: [Data])] {
        let suite = try #require(
            SharedData.json("cloudevents-json/\(file).json") as? [String: Any])
        let tests = try #require(suite["tests"] as? [[String: Any]])
        return try tests.map { test in
            let value = try #require(test[member])
            let texts = try [.withoutEscapingSlashes, []].map {
                (options: JSONSerialization.WritingOptions) in
                try JSONSerialization.data(withJSONObject: value, options: options)
            }
            return (try #require(test["id"] as? String), texts)
        }
    }

    @Test func `valid events are decoded, and are the same after another round`() throws {
        let vectors = try Self.texts("valid-events", "event")
        #expect(vectors.count == 10)
        for (id, texts) in vectors {
            for text in texts {
                var decoder = EventDecoder()
                let event = try decoder.event(structured: String(decoding: text, as: UTF8.self))
                let members = try #require(
                    try JSONSerialization.jsonObject(with: text) as? [String: Any])
                let isAttribute = { (member: (String, Any)) in
                    member.0 != "data" && !(member.1 is NSNull)
                }
                #expect(event.contents.count == members.filter(isAttribute).count, "\(id)")
                try decoder.decode(structured: event.structuredJSON.span)
                #expect(decoder.event(at: 0) == event, "\(id)")
            }
        }
    }

    @Test func `invalid events are refused`() throws {
        let vectors = try Self.texts("invalid-events", "event")
        #expect(vectors.count == 25)
        for (id, texts) in vectors {
            for text in texts {
                let failure = failure(String(decoding: text, as: UTF8.self))
                #expect(failure?.status == 400, "\(id)")
                #expect(failure?.attribute != nil, "\(id)")
            }
        }
    }

    @Test func `valid batches are decoded whole`() throws {
        let vectors = try Self.texts("valid-batches", "batch")
        #expect(vectors.count == 5)
        for (id, texts) in vectors {
            for text in texts {
                var decoder = EventDecoder()
                try decoder.decode(batched: Array(text).span)
                let events = try #require(
                    try JSONSerialization.jsonObject(with: text) as? [Any])
                #expect(decoder.count == events.count, "\(id)")
            }
        }
    }

    @Test func `invalid batches are refused whole, with the event's index`() throws {
        let vectors = try Self.texts("invalid-batches", "batch")
        #expect(vectors.count == 3)
        for (id, texts) in vectors {
            for text in texts {
                var decoder = EventDecoder()
                let failure = #expect(throws: EventFailure.self, "\(id)") {
                    try decoder.decode(batched: Array(text).span)
                }
                #expect(failure?.status == 400, "\(id)")
                #expect(failure?.index == (id == "invalidBatchMixedSpecVersions" ? 1 : 0), "\(id)")
                #expect(decoder.count == 0, "\(id)")
            }
        }
    }

    /// Each of these requests is one of a catalogue of bad input, with the statuses that a safe
    /// receiver may answer; `strict` says what we want of those that are a matter of policy.
    @Test(arguments: ["ce-binary", "ce-structured", "ce-batch", "compression"])
    func `bad requests get the status that they deserve`(group: String) throws {
        let lines = try SharedData.octets("bad-http1.jsonl").split(separator: 0x0A)
        var count = 0
        for line in lines {
            let request = try #require(
                try JSONSerialization.jsonObject(with: line) as? [String: Any])
            guard request["group"] as? String == group else { continue }
            count += 1
            let id = try #require(request["id"] as? String)
            let strict = request["strict"] as? [String: Any]
            let expected = try #require((strict ?? request["expect"] as? [String: Any])?["status"])
            let statuses = try #require(expected as? [Int])
            let raw = try #require(Data(base64Encoded: request["raw_b64"] as? String ?? ""))
            let message = try Self.message(Array(raw))
            #expect(statuses.contains(failure(message)?.status ?? 202), "\(id)")
        }
        #expect(count >= 6)
    }

    /// Reads a request as far as these need it: a head without folding, and a body to the end.
    static func message(_ raw: [UInt8]) throws -> Message {
        let end = try #require(raw.firstRange(of: Array("\r\n\r\n".utf8)))
        let lines = raw[..<end.lowerBound].split(separator: 0x0A).dropFirst()
        let fields = try lines.map { line in
            let colon = try #require(line.firstIndex(of: UInt8(ascii: ":")))
            let isBlank = { (octet: UInt8) in [0x20, 0x09, 0x0D].contains(octet) }
            let value = line[(colon + 1)...].drop(while: isBlank).reversed().drop(while: isBlank)
            return (Array(line[..<colon]), Array(value.reversed()))
        }
        return Message(fields, body: Array(raw[end.upperBound...]))
    }
}
