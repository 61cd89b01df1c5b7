internal import FoundationEssentials

/// A JSON text of which most is kept as it is: what this version doesn't know of an object, a
/// write must not take away.
indirect enum JSONTree: Sendable, Equatable, Codable {
    case object([String: JSONTree])
    case array([JSONTree])
    case string(String)
    case integer(Int64)
    case number(Double)
    case boolean(Bool)
    case null

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let boolean = try? value.decode(Bool.self) {
            self = .boolean(boolean)
        } else if let integer = try? value.decode(Int64.self) {
            self = .integer(integer)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if let text = try? value.decode(String.self) {
            self = .string(text)
        } else if let items = try? value.decode([JSONTree].self) {
            self = .array(items)
        } else {
            self = .object(try value.decode([String: JSONTree].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var value = encoder.singleValueContainer()
        switch self {
        case .object(let members): try value.encode(members)
        case .array(let items): try value.encode(items)
        case .string(let text): try value.encode(text)
        case .integer(let integer): try value.encode(integer)
        case .number(let number): try value.encode(number)
        case .boolean(let boolean): try value.encode(boolean)
        case .null: try value.encodeNil()
        }
    }

    subscript(name: String) -> JSONTree? {
        get { if case .object(let members) = self { members[name] } else { nil } }
        set {
            guard case .object(var members) = self else { return }
            members[name] = newValue
            self = .object(members)
        }
    }

    var members: [String: JSONTree] {
        if case .object(let members) = self { members } else { [:] }
    }

    var text: String? { if case .string(let text) = self { text } else { nil } }

    var integer: Int64? { if case .integer(let integer) = self { integer } else { nil } }

    init?(_ octets: [UInt8]) {
        guard let tree = try? JSONDecoder().decode(JSONTree.self, from: Data(octets))
        else { return nil }
        self = tree
    }

    /// A text; of a tree that was read or made here there always is one.
    var octets: [UInt8] { (try? JSONEncoder().encode(self)).map { Array($0) } ?? [] }
}
