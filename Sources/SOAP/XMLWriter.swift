/// Writes elements, with every text escaped.
public struct XMLWriter: Sendable {
    /// What was written so far.
    public private(set) var octets: [UInt8] = []
    private var open: [String] = []

    /// Nothing written yet.
    public init() {}

    /// Begins an element; names are ours and known to be names.
    public mutating func begin(_ name: String, _ attributes: (name: String, value: String)...) {
        begin(name, attributes: attributes)
    }

    /// Begins an element; names are ours and known to be names.
    public mutating func begin(_ name: String, attributes: [(name: String, value: String)]) {
        octets += "<\(name)".utf8
        for (name, value) in attributes {
            octets += " \(name)=\"".utf8
            append(escaped: Array(value.utf8))
            octets.append(UInt8(ascii: "\""))
        }
        octets.append(UInt8(ascii: ">"))
        open.append(name)
    }

    /// Ends the element that was begun last.
    public mutating func end() {
        guard let name = open.popLast() else { preconditionFailure("no element is open") }
        octets += "</\(name)>".utf8
    }

    /// Writes a text into the element that was begun last.
    public mutating func append(_ text: String) { append(escaped: Array(text.utf8)) }

    /// Writes a text in UTF-8 into the element that was begun last.
    public mutating func append(escaped text: some Sequence<UInt8>) {
        for octet in text {
            switch octet {
            case UInt8(ascii: "&"): octets += "&amp;".utf8
            case UInt8(ascii: "<"): octets += "&lt;".utf8
            case UInt8(ascii: ">"): octets += "&gt;".utf8
            case UInt8(ascii: "\""): octets += "&quot;".utf8
            case 0x09, 0x0A, 0x0D: octets += "&#\(octet);".utf8
            // No document can hold another control, not even escaped.
            case ..<0x20: octets += "\u{FFFD}".utf8
            default: octets.append(octet)
            }
        }
    }

    /// Writes an element that holds a text.
    public mutating func element(
        _ name: String, _ text: String, _ attributes: (name: String, value: String)...
    ) {
        begin(name, attributes: attributes)
        append(text)
        end()
    }
}
