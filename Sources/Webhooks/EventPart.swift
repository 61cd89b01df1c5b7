public import CloudEvents

/// What an event's attributes may be made of.
public enum EventPart: TemplatePlace, CustomStringConvertible {
    /// A header field's value.
    case header(String)
    /// A value of the body.
    case json(JSONPointer)
    /// A value of the item that the event is about; of the body, where it isn't divided.
    case item(JSONPointer)
    /// A random identifier, another one each time.
    case uuid
    /// The time at which the request was received.
    case now
    /// A hash of the path and of the event's data: the same when the sender tries again.
    case sha256
    /// The path that was asked for.
    case path
    /// A text, to be the last alternative.
    case text(String)

    /// An attribute may be left out, or a part of it.
    public static var hasOptionalParts: Bool { true }

    /// Reads `header:NAME`, `json:/POINTER`, `item:/POINTER`, `uuid`, `now`, `sha256`, `path` or
    /// `'TEXT'`.
    public init?(_ text: Substring) {
        switch text {
        case "uuid": self = .uuid
        case "now": self = .now
        case "sha256": self = .sha256
        case "path": self = .path
        default:
            if let name = headerName(text) {
                self = .header(name)
            } else if text.hasPrefix("json:"), let pointer = JSONPointer(String(text.dropFirst(5)))
            {
                self = .json(pointer)
            } else if text.hasPrefix("item:"), let pointer = JSONPointer(String(text.dropFirst(5)))
            {
                self = .item(pointer)
            } else if text.count >= 2, text.first == "'", text.last == "'" {
                self = .text(String(text.dropFirst().dropLast()))
            } else {
                return nil
            }
        }
    }

    /// As it's written in a template, but for a text.
    public var description: String {
        switch self {
        case .header(let name): "header:\(name)"
        case .json(let pointer): "json:\(pointer)"
        case .item(let pointer): "item:\(pointer)"
        case .uuid: "uuid"
        case .now: "now"
        case .sha256: "sha256"
        case .path: "path"
        case .text: "text"
        }
    }
}
