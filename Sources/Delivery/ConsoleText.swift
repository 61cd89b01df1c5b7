internal import CloudEvents
internal import Journal

/// Writes an event down for people, as a block of lines that ends with an empty one.
///
/// A terminal shows it, so no octet of an event but a line's end reaches it as a control character.
enum ConsoleText {
    /// How much of an event's data is shown.
    static let dataBytesLimit = 16 * 1024

    /// The event's block.
    static func block(_ stored: StoredEvent) -> [UInt8] {
        let event = stored.event
        var lines = ["event \(stored.sequence) from \(stored.origin)"]
        for attribute in event.attributes {
            let value = event.octets[attribute.value]
            lines.append("  \(text(event.octets[attribute.name])): \(text(value))")
        }
        if event.dataKind != .none { lines.append(data(of: event)) }
        return Array((lines.joined(separator: "\n") + "\n\n").utf8)
    }

    private static func data(of event: Event) -> String {
        let data = event.octets[event.data]
        guard String(validating: data, as: UTF8.self) != nil else {
            return "  data: \(data.count) octets that are no text"
        }
        let shown = data.prefix(dataBytesLimit)
        let lines = shown.split(separator: 0x0A, omittingEmptySubsequences: false)
            .map { "    " + text($0) }
        let rest = data.count - shown.count
        let end = rest > 0 ? ["    … and \(rest) octets"] : []
        return (["  data:"] + lines + end).joined(separator: "\n")
    }

    private static func text(_ octets: some Collection<UInt8>) -> String {
        printable(String(decoding: octets, as: UTF8.self), bytesLimit: .max)
    }
}
