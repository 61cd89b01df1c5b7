import CloudEvents
import HTTP

/// An event for people, on a terminal.
enum EventText {
    /// A line for each attribute, and then the data.
    static func lines(of event: Event) -> String {
        var lines = event.attributes.map { attribute in
            let name = String(decoding: event.octets[attribute.name], as: UTF8.self)
            let value = String(decoding: event.octets[attribute.value], as: UTF8.self)
            return "  \(name): \(printable(value))"
        }
        let data = String(decoding: event.octets[event.data], as: UTF8.self)
        lines += data.split(separator: "\n").map { "    \(printable(String($0)))" }
        return lines.joined(separator: "\n")
    }

    /// Without anything that could move a cursor or end a line.
    static func printable(_ text: String) -> String {
        let literal = JSONText.quoted(text).dropFirst().dropLast()
        return String(literal.replacing("\\\"", with: "\"").replacing("\\\\", with: "\\"))
    }
}
