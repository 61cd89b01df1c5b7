public import HTTP

/// A request as whoever signed it or sends it means it: fields by name, and the body's octets.
public struct WebhookRequest: Sendable {
    /// The path of the target.
    public var path: String
    /// The query, without its `?`.
    public var query: String?
    /// The header fields; names in lower case.
    public var fields: [(name: String, value: String)]
    /// The body as it was received, without transfer coding and with any content coding.
    public var body: [UInt8]

    /// A request of these parts; names in any case.
    public init(
        path: String = "/", query: String? = nil, fields: [(name: String, value: String)] = [],
        body: [UInt8]
    ) {
        self.path = path
        self.query = query
        self.fields = fields.map { ($0.name.lowercased(), $0.value) }
        self.body = body
    }

    /// The request in a message's octets.
    public init(_ head: RequestHead, _ message: Span<UInt8>, body: Range<Int>) {
        func text(_ range: Range<Int>) -> String {
            String(decoding: range.map { message[$0] }, as: UTF8.self)
        }
        let octets = message.extracting(body)
        self.init(
            path: text(head.path), query: head.query.map(text),
            fields: head.fields.map { (text($0.name), text($0.value)) },
            body: octets.indices.map { octets[$0] })
    }

    /// A field's value; nothing if it's empty or occurs twice, which could be read in two ways.
    ///
    /// - Parameter name: in lower case.
    public subscript(name: String) -> String? {
        var found: String?
        for field in fields where field.name == name {
            guard found == nil else { return nil }
            found = field.value
        }
        return found?.isEmpty == true ? nil : found
    }

    /// Whether it says that it's CloudEvents in structured or batched content mode.
    public var isStructured: Bool {
        self["content-type"]?.lowercased().hasPrefix("application/cloudevents") ?? false
    }

    /// Whether the body is a form's fields.
    var isForm: Bool {
        self["content-type"].map { type in
            let name = type.prefix { $0 != ";" && $0 != " " }.lowercased()
            return name == "application/x-www-form-urlencoded"
        } ?? false
    }
}
