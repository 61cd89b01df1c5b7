import CloudEvents
import Filters
import Foundation
import Testing
import YAML

/// A case of the CESQL Technology Compatibility Kit.
struct TCKCase: CustomTestStringConvertible, Sendable {
    var file: String
    var name: String
    var expression: String
    var result: YAMLValue?
    var error: String?
    var attributes: [(name: String, value: YAMLValue)]

    var testDescription: String { "\(file): \(name): \(expression)" }

    /// The event: the case's own, or a full one with the case's changes.
    var event: Event {
        var builder = EventBuilder()
        builder.begin()
        for (name, value) in attributes {
            builder.append(name, value.text, kind: value.kind)
        }
        builder.beginData(.none)
        return builder.finish()
    }

    /// All cases, or why they can't be read.
    static let all = Result { try files().flatMap(cases) }

    private static let fullEvent = [
        "specversion": "1.0", "id": "myId", "source": "localhost.localdomain", "type": "myType",
        "subject": "mySubject", "time": "2018-04-26T14:48:09+02:00",
        "datacontenttype": "application/json", "dataschema": "http://localhost/schema",
    ].map { (name: $0.key, value: YAMLValue.text($0.value, isPlain: false)) }

    private static func files() throws -> [URL] {
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../..").standardizedFileURL
        let folder = root.deletingLastPathComponent().appending(path: "shared/data/cesql-tck")
        return try FileManager.default.contentsOfDirectory(
            at: folder, includingPropertiesForKeys: nil
        ).filter { $0.pathExtension == "yaml" }.sorted { $0.path < $1.path }
    }

    private static func cases(in file: URL) throws -> [TCKCase] {
        let document = try YAMLValue(parsing: Array(Data(contentsOf: file)))
        return (document["tests"]?.items ?? []).map { item in
            let own = item["event"].map(\.entries)
            let changes = item["eventOverrides"]?.entries ?? []
            let others = (own ?? fullEvent).filter { entry in
                !changes.contains { $0.name == entry.name }
            }
            return TCKCase(
                file: file.deletingPathExtension().lastPathComponent,
                name: item["name"]?.text ?? "", expression: item["expression"]?.text ?? "",
                result: item["result"], error: item["error"]?.text,
                attributes: others + changes)
        }
    }
}

/// A YAML value whose scalars are texts as they were written.
indirect enum YAMLValue: Sendable {
    case text(String, isPlain: Bool)
    case list([YAMLValue])
    case mapping([(name: String, value: YAMLValue)])

    init(parsing octets: [UInt8]) throws {
        let parser = YAMLParser(octets)
        var events: [YAMLEvent.Kind] = []
        while let event = try parser.next() { events.append(event.kind) }
        var rest = events.filter { $0 != .documentStart && $0 != .documentEnd }[...]
        self = Self.value(&rest)
    }

    var text: String { if case .text(let text, _) = self { text } else { "" } }
    var items: [YAMLValue] { if case .list(let items) = self { items } else { [] } }
    var entries: [(name: String, value: YAMLValue)] {
        if case .mapping(let entries) = self { entries } else { [] }
    }

    subscript(name: String) -> YAMLValue? { entries.first { $0.name == name }?.value }

    /// The type of an attribute that is written so, or of a result.
    var kind: Event.AttributeKind {
        guard case .text(let text, isPlain: true) = self else { return .string }
        if ["true", "false"].contains(text.lowercased()) { return .boolean }
        return Int32(text) == nil ? .string : .integer
    }

    /// The value that CESQL has for this.
    var value: CESQL.Value {
        switch kind {
        case .boolean: .boolean(text.lowercased() == "true")
        case .integer: .integer(Int32(text) ?? 0)
        case .string: .string(ArraySlice(text.utf8))
        }
    }

    private static func value(_ events: inout ArraySlice<YAMLEvent.Kind>) -> YAMLValue {
        switch events.popFirst() {
        case .scalar(let text, let isPlain): return .text(text, isPlain: isPlain)
        case .listStart:
            var items: [YAMLValue] = []
            while events.first != .listEnd { items.append(value(&events)) }
            events.removeFirst()
            return .list(items)
        case .mappingStart:
            var entries: [(name: String, value: YAMLValue)] = []
            while events.first != .mappingEnd {
                let name = value(&events).text
                entries.append((name, value(&events)))
            }
            events.removeFirst()
            return .mapping(entries)
        default: return .text("", isPlain: true)
        }
    }
}
