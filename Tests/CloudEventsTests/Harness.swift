import Foundation
import HTTP
import Testing

@testable import CloudEvents

/// The data that several parts' tests read; it lies beside the package.
enum SharedData {
    static func json(_ path: String) throws -> Any {
        try JSONSerialization.jsonObject(with: octets(path))
    }

    static func octets(_ path: String) throws -> Data {
        let package = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../..")
        let file = package.appending(path: "../shared/data/\(path)").standardizedFileURL
        return try Data(contentsOf: file)
    }
}

/// The public vectors of header values and timestamps, and a few of our own.
struct Vectors: Decodable {
    var headerRoundTrip: [[String]]
    var headerDecode: [[String]]
    var headerInvalid: [String]
    var timestampAccept: [String]
    var timestampReject: [String]

    static func read() throws -> Vectors {
        try JSONDecoder().decode(Self.self, from: SharedData.octets("cloudevents-vectors.json"))
    }
}

/// A request as it reaches the decoder: its fields, as ranges of its head, and its body.
struct Message {
    var head: [UInt8] = []
    var fields: [Field] = []
    var body: [UInt8]

    init(_ fields: [(String, String)], body: String = "") {
        self.init(fields.map { (Array($0.utf8), Array($1.utf8)) }, body: Array(body.utf8))
    }

    init(_ fields: [([UInt8], [UInt8])], body: [UInt8]) {
        self.body = body
        for (name, value) in fields {
            let nameStart = head.count
            head += name + Array(": ".utf8)
            let valueStart = head.count
            head += value + Array("\r\n".utf8)
            self.fields.append(
                Field(
                    name: nameStart..<nameStart + name.count,
                    value: valueStart..<valueStart + value.count))
        }
    }

    /// What a receiver gets that the event was sent to in binary content mode.
    init(binary event: Event, _ encoding: HeaderEncoding = .spec) {
        var fields: [([UInt8], [UInt8])] = []
        var scratch: [UInt8] = []
        event.forEachField(encoding, scratch: &scratch) { name, value in
            fields.append((name.array, value.array))
        }
        self.init(fields, body: Array(event.octets[event.data]))
    }
}

extension EventDecoder {
    mutating func events(_ message: Message) throws(EventFailure) -> [Event] {
        _ = try decode(
            fields: message.fields, head: message.head.span, body: message.body.span)
        return (0..<count).map { event(at: $0) }
    }

    mutating func event(structured json: String) throws(EventFailure) -> Event {
        try decode(structured: Array(json.utf8).span)
        return event(at: 0)
    }
}

func events(_ message: Message) throws(EventFailure) -> [Event] {
    var decoder = EventDecoder()
    return try decoder.events(message)
}

func event(_ json: String) throws(EventFailure) -> Event {
    var decoder = EventDecoder()
    return try decoder.event(structured: json)
}

/// A structured event with the attributes it must have, and these members.
func minimal(_ members: String...) -> String {
    let required = [#""specversion":"1.0""#, #""id":"1""#, #""source":"/s""#, #""type":"t""#]
    return "{" + (required + members).joined(separator: ",") + "}"
}

/// The fields of a binary event with the attributes it must have, and these.
func minimalFields(_ fields: (String, String)...) -> [(String, String)] {
    [("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "/s"), ("ce-type", "t")] + fields
}

func failure(_ json: String) -> EventFailure? {
    do throws(EventFailure) {
        _ = try event(json)
        return nil
    } catch {
        return error
    }
}

func failure(_ message: Message, _ decoder: EventDecoder = EventDecoder()) -> EventFailure? {
    var decoder = decoder
    do throws(EventFailure) {
        _ = try decoder.events(message)
        return nil
    } catch {
        return error
    }
}

extension Event {
    /// The attributes by name, each with its type's letter before the value.
    var contents: [String: String] {
        var contents: [String: String] = [:]
        for attribute in attributes {
            let letter = ["s", "b", "i"][Int(attribute.kind.rawValue)]
            contents[text(attribute.name)] = letter + ":" + text(attribute.value)
        }
        return contents
    }

    var dataText: String { text(data) }

    func text(_ range: Range<Int>) -> String { String(decoding: octets[range], as: UTF8.self) }
}

extension Span<UInt8> {
    var array: [UInt8] { indices.map { self[$0] } }
}
