import Foundation
import Testing

@testable import VSphere

/// Holds the table to what another client of vCenter's knows.
@Suite struct TypeTableTests {
    @Test func `the table has every field of every event in the same order`() throws {
        let rows = try knownTypes()
        #expect(rows.filter(\.isEvent).count == 443)
        let table = TypeTable.shared
        var wrappers = 0
        for row in rows {
            guard let place = table[row.name] else {
                // What that client calls a fault's element; on the wire it's never a type.
                #expect(row.name.hasSuffix("Fault"))
                #expect(table[String(row.name.dropLast("Fault".count))] != nil, "\(row.name)")
                wrappers += 1
                continue
            }
            let type = table.types[place]
            #expect(type.isEvent == row.isEvent, "\(row.name)")
            #expect(Array(type.fields.suffix(row.fields.count).map(notation)) == row.fields)
            let inherited = table[row.base].map { table.types[$0].fields.count } ?? 0
            #expect(type.fields.count == inherited + row.fields.count, "\(row.name)")
        }
        #expect(wrappers == 595)
    }

    @Test func `a line that isn't one is left out`() {
        let table = TypeTable("A - x:string bad y:Nobody\n\n?\nB A z:[A]\n")
        #expect(table.types.map(\.name) == ["A", "B"])
        #expect(table.types[1].fields.map(\.value) == [.string, .object(0)])
    }

    private struct Row {
        var name: String
        var base: String
        var isEvent: Bool
        var fields: [String]
    }

    private func knownTypes() throws -> [Row] {
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let data = root.appending(path: "../shared/data/vsphere-event-schema.tsv")
        let text = try String(contentsOf: data, encoding: .utf8)
        return text.split(separator: "\n").filter {
            !$0.hasPrefix("#") && !$0.hasPrefix("ManagedObjectReference")
        }.map { line in
            let columns = line.split(separator: "\t", omittingEmptySubsequences: false)
            return Row(
                name: String(columns[0]), base: String(columns[1]), isEvent: columns[2] == "E",
                fields: columns[3].split(separator: " ").map(notation))
        }
    }

    /// A field in the table's notation, of the other's.
    private func notation(_ field: Substring) -> String {
        let parts = field.split(separator: ":")
        let isList = parts[1].hasPrefix("[")
        var kind = isList ? parts[1].dropFirst().dropLast() : parts[1]
        let isPolymorphic = kind.hasPrefix("~")
        let isNullable = kind.hasPrefix("?")
        if isPolymorphic || isNullable { kind = kind.dropFirst() }
        let names = [
            "int16": "int", "int32": "int", "int64": "int", "enum": "string",
            "dateTime": "time", "base64": "bytes", "float32": "float", "AnyType": "any",
            "ManagedObjectReference": "ref",
        ]
        let name = names[String(kind)] ?? String(kind)
        let prefix = name == "any" ? "" : isPolymorphic ? "~" : isNullable ? "?" : ""
        return isList ? "\(parts[0]):[\(prefix)\(name)]" : "\(parts[0]):\(prefix)\(name)"
    }

    private func notation(_ field: TypeTable.Field) -> String {
        let kind =
            switch field.value {
            case .object(let place): TypeTable.shared.types[place].name
            case .reference: "ref"
            default: "\(field.value)"
            }
        let isNullable = field.absence == .null && !field.isList && field.value != .any
        let prefix = field.isPolymorphic ? "~" : isNullable ? "?" : ""
        let name = String(decoding: field.name, as: UTF8.self)
        return field.isList ? "\(name):[\(prefix)\(kind)]" : "\(name):\(prefix)\(kind)"
    }
}
