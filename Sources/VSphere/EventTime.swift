internal import CloudEvents

/// A time as vCenter writes it.
struct EventTime: Sendable, Equatable {
    /// As JSON has it: without zeros at the fraction's end, with the offset it came with.
    var text: String
    /// The instant.
    var timestamp: Timestamp

    /// Reads an `xsd:dateTime`; one without an offset is taken for UTC.
    init?(_ octets: ArraySlice<UInt8>) {
        var text = Self.trimmed(octets)
        var end = text.count
        if text.last == UInt8(ascii: "Z") {
            end -= 1
        } else if text.count > 19, "+-".utf8.contains(text[text.count - 6]) {
            end -= 6
        }
        var offset = Array(text[end...])
        if offset.isEmpty || offset.dropFirst().elementsEqual("00:00".utf8) {
            offset = [UInt8(ascii: "Z")]
        }
        text.removeSubrange(end...)
        if text.contains(UInt8(ascii: ".")) {
            while text.last == UInt8(ascii: "0") { text.removeLast() }
            if text.last == UInt8(ascii: ".") { text.removeLast() }
            // Nanoseconds are what readers take.
            if text.count > 29 { text.removeSubrange(29...) }
        }
        text += offset
        guard let timestamp = Timestamp(text.span) else { return nil }
        self.text = String(decoding: text, as: UTF8.self)
        self.timestamp = timestamp
    }

    /// The instant in UTC.
    var utc: String { text.hasSuffix("Z") ? text : timestamp.text }

    private static func trimmed(_ octets: ArraySlice<UInt8>) -> [UInt8] {
        let rest = octets.drop { $0 <= 0x20 }
        return Array(rest[..<((rest.lastIndex { $0 > 0x20 } ?? rest.startIndex - 1) + 1)])
    }
}
