/// A request's header fields, in the shape that goes to curl without another allocation.
///
/// A value is kept and used again: ``removeAll()`` keeps its room. What is appended can't begin
/// another field: octets that would end a line become blanks.
public struct HTTPFields: Sendable {
    /// Lines in curl's notation, each ended by a NUL.
    private(set) var lines: [UInt8] = []
    /// How many fields there are.
    public private(set) var count = 0
    /// Whether `Content-Type` is among them; else the client says that there is none.
    private(set) var hasContentType = false
    private var valueStart = 0

    /// No field.
    public init() {}

    /// Forgets all fields.
    public mutating func removeAll() {
        lines.removeAll(keepingCapacity: true)
        count = 0
        hasContentType = false
    }

    /// Appends a field.
    ///
    /// - Parameters:
    ///   - name: a token of RFC 9110, at least one octet.
    ///   - value: the octets to send.
    public mutating func append(_ name: Span<UInt8>, _ value: Span<UInt8>) {
        begin(name)
        unsafe value.withUnsafeBufferPointer { unsafe lines.append(contentsOf: $0) }
        for place in valueStart..<lines.count where lines[place].isControl { lines[place] = 0x20 }
        end()
    }

    /// Appends a field of the cold path.
    public mutating func append(_ name: String, _ value: String) {
        append(Array(name.utf8).span, Array(value.utf8).span)
    }

    /// Begins a field, whose value is then appended octet by octet.
    public mutating func begin(_ name: Span<UInt8>) {
        precondition(name.count > 0)
        hasContentType = hasContentType || isContentType(name)
        unsafe name.withUnsafeBufferPointer { unsafe lines.append(contentsOf: $0) }
        lines.append(UInt8(ascii: ":"))
        lines.append(UInt8(ascii: " "))
        valueStart = lines.count
    }

    /// Appends to the value of the field begun last.
    public mutating func append(_ octet: UInt8) {
        lines.append(octet.isControl ? 0x20 : octet)
    }

    /// Ends the field begun last.
    public mutating func end() {
        if lines[valueStart...].allSatisfy({ $0 == 0x20 }) {
            // To curl a blank value says "leave this field out", and a semicolon "leave it empty".
            lines.removeSubrange((valueStart - 2)...)
            lines.append(UInt8(ascii: ";"))
        }
        lines.append(0)
        count += 1
    }

    private func isContentType(_ name: Span<UInt8>) -> Bool {
        let known = StaticString("content-type")
        guard name.count == known.utf8CodeUnitCount else { return false }
        return known.withUTF8Buffer { known in
            name.indices.allSatisfy { unsafe name[$0] | 0x20 == known[$0] }
        }
    }
}

extension UInt8 {
    fileprivate var isControl: Bool { self < 0x20 || self == 0x7F }
}
