/// Names a value within a JSON text: `/repository/url`, `/alerts/0`; an empty one names all of it.
///
/// Spec: RFC 6901 §3. Nothing is built: a value is found by passing over those before it.
public struct JSONPointer: Sendable, Hashable, CustomStringConvertible {
    private let names: [String]

    /// Reads a pointer.
    ///
    /// - Returns: nothing if it's neither empty nor begins with `/`, or has a `~` without `0` or
    ///   `1` after it.
    public init?(_ text: String) {
        // By scalars: a mark that combines with a slash would hide it.
        let scalars = text.unicodeScalars
        guard scalars.isEmpty || scalars.first == "/" else { return nil }
        var names: [String] = []
        for part in scalars.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
            guard let name = Self.name(of: part) else { return nil }
            names.append(name)
        }
        self.names = names
    }

    private static func name(of part: Substring.UnicodeScalarView) -> String? {
        var name = String.UnicodeScalarView()
        var rest = part
        while let scalar = rest.popFirst() {
            guard scalar == "~" else {
                name.append(scalar)
                continue
            }
            switch rest.popFirst() {
            case "0": name.append("~")
            case "1": name.append("/")
            default: return nil
            }
        }
        return String(name)
    }

    /// The pointer as it's written.
    public var description: String {
        names.map { name in
            let escaped = name.unicodeScalars.map { scalar in
                scalar == "~" ? "~0" : scalar == "/" ? "~1" : String(scalar)
            }
            return "/" + escaped.joined()
        }.joined()
    }

    /// Where the value stands, from its first octet to its last.
    ///
    /// Of a name that occurs twice it's the last value, as for most readers of JSON.
    ///
    /// - Parameters:
    ///   - json: octets of which those in `range` are known to be JSON.
    ///   - range: one value with or without blanks around it; all of it, if left out.
    public func find(in json: Span<UInt8>, at range: Range<Int>? = nil) -> Range<Int>? {
        var place = json.jsonValue(from: range?.lowerBound ?? 0)
        for name in names {
            guard let value = place else { return nil }
            place = json.jsonMember(name, of: value)
        }
        return place
    }
}

/// What may be asked of octets that are known to be JSON.
extension Span<UInt8> {
    /// Where the items of an array stand; nothing if it's no array.
    public func jsonItems(at range: Range<Int>) -> [Range<Int>]? {
        guard self[range.lowerBound] == UInt8(ascii: "[") else { return nil }
        var items: [Range<Int>] = []
        var scanner = JSONScanner(offset: range.lowerBound + 1)
        while let item = jsonValue(from: scanner.offset) {
            items.append(item)
            scanner.offset = item.upperBound
            guard scanner.accepts(UInt8(ascii: ","), in: self) else { break }
        }
        return items
    }

    /// The text of a string, or a number or boolean as it's spelled.
    ///
    /// Nothing if it's `null`, an array or an object, or a string that no Unicode text can be.
    public func jsonText(at range: Range<Int>) -> String? {
        switch self[range.lowerBound] {
        case .quote: return jsonString(at: range)
        case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "n"): return nil
        default: return String(decoding: range.map { self[$0] }, as: UTF8.self)
        }
    }

    /// The members of an object in their order, those of equal names among them.
    ///
    /// - Parameter limit: the most that there may be.
    /// - Returns: nothing if it's no object, has more of them, or a name that no Unicode text is.
    public func jsonMembers(
        at range: Range<Int>, limit: Int
    ) -> [(name: String, value: Range<Int>)]? {
        guard self[range.lowerBound] == UInt8(ascii: "{") else { return nil }
        var members: [(name: String, value: Range<Int>)] = []
        var scanner = JSONScanner(offset: range.lowerBound + 1)
        while let key = jsonValue(from: scanner.offset) {
            scanner.offset = key.upperBound
            guard members.count < limit, let name = jsonString(at: key),
                scanner.accepts(UInt8(ascii: ":"), in: self),
                let value = jsonValue(from: scanner.offset)
            else { return nil }
            members.append((name, value))
            scanner.offset = value.upperBound
            guard scanner.accepts(UInt8(ascii: ","), in: self) else { break }
        }
        return members
    }

    fileprivate func jsonMember(_ name: String, of range: Range<Int>) -> Range<Int>? {
        if let items = jsonItems(at: range) {
            // Only one spelling of a number: neither `+1` nor `01`.
            guard let index = Int(name), String(index) == name, items.indices.contains(index)
            else { return nil }
            return items[index]
        }
        guard self[range.lowerBound] == UInt8(ascii: "{") else { return nil }
        var found: Range<Int>?
        var scanner = JSONScanner(offset: range.lowerBound + 1)
        while let key = jsonValue(from: scanner.offset) {
            scanner.offset = key.upperBound
            guard scanner.accepts(UInt8(ascii: ":"), in: self),
                let value = jsonValue(from: scanner.offset)
            else { break }
            if isJSONString(name, at: key) { found = value }
            scanner.offset = value.upperBound
            guard scanner.accepts(UInt8(ascii: ","), in: self) else { break }
        }
        return found
    }

    /// The value that comes next, without the blanks before it.
    fileprivate func jsonValue(from offset: Int) -> Range<Int>? {
        var scanner = JSONScanner(offset: offset)
        _ = scanner.nextAfterBlanks(in: self)
        let start = scanner.offset
        do throws(EventFailure.Code) {
            try scanner.skipValue(in: self)
        } catch {
            return nil
        }
        return start..<scanner.offset
    }

    private func isJSONString(_ text: String, at range: Range<Int>) -> Bool {
        // Where something is escaped, the octets could spell another text.
        guard range.contains(where: { self[$0] == .backslash }) else {
            return holds(text.utf8.span, at: range.dropFirst().dropLast())
        }
        return jsonString(at: range)?.utf8.elementsEqual(text.utf8) ?? false
    }

    private func jsonString(at range: Range<Int>) -> String? {
        var scanner = JSONScanner(offset: range.lowerBound + 1)
        var text = String.UnicodeScalarView()
        do throws(EventFailure.Code) {
            while scanner.offset < range.upperBound - 1 {
                text.append(try scanner.nextScalar(ofString: self))
            }
        } catch {
            return nil
        }
        return String(text)
    }
}
