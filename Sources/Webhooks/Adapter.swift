public import CloudEvents
internal import HTTP

/// Makes events of the requests of a sender that knows nothing of CloudEvents.
///
/// An event's data is the request's body as it came, or a part of it as it stands there.
public struct Adapter: Sendable, Equatable {
    /// What an attribute is made of.
    public struct Attribute: Sendable, Equatable {
        /// The attribute's name.
        public var name: String
        /// Its value; where nothing is left of it, the event doesn't have the attribute.
        public var value: Template<EventPart>

        /// An attribute of that value.
        public init(_ name: String, _ value: Template<EventPart>) {
            self.name = name
            self.value = value
        }
    }

    /// The array of which each item becomes an event; nothing where the body is one event's data.
    public var each: JSONPointer?
    /// What every event has; `id` and `datacontenttype` need not be there.
    public var attributes: [Attribute]
    /// Decides which of the cases is meant.
    var selector: Template<EventPart>?
    /// Attributes in place of ``attributes`` of the same name.
    var cases: [String: [Attribute]] = [:]
    /// Whether the sender may have been told to send CloudEvents, which are then taken as such.
    public internal(set) var takesCloudEvents = false

    /// An adapter with these attributes.
    public init(attributes: [Attribute], each: JSONPointer? = nil) {
        self.attributes = attributes
        self.each = each
    }

    /// The most items that one request may have.
    public static let eventsLimit = 1000

    /// Makes events of a request: all of them, or none.
    ///
    /// - Parameter now: the time at which it was received.
    public func events(
        of request: WebhookRequest, now: Timestamp
    ) throws(AdapterFailure) -> [Event] {
        guard request.fields.allSatisfy({ $0.name != "content-encoding" || $0.value == "identity" })
        else { throw .event(EventFailure(.contentEncodingUnsupported), index: nil) }
        let isJSON = request.body.span.isJSON
        guard isJSON || !readsJSON else { throw .bodyNotJSON }
        guard let each else {
            return [try event(of: request, now, isJSON, 0..<request.body.count, index: nil)]
        }
        guard let list = each.find(in: request.body.span),
            let items = request.body.span.jsonItems(at: list)
        else { throw .valueMissing(attribute: nil, place: "json:\(each)", index: nil) }
        guard items.count <= Self.eventsLimit else {
            throw .event(EventFailure(.batchTooLarge), index: nil)
        }
        var events: [Event] = []
        for (index, item) in items.enumerated() {
            events.append(try event(of: request, now, isJSON, item, index: index))
        }
        return events
    }

    /// Whether a body that isn't JSON has nothing to make an event of.
    private var readsJSON: Bool {
        let templates = attributes.map(\.value) + [selector].compactMap { $0 }
        return each != nil
            || templates.contains { template in
                template.places.contains { place in
                    switch place {
                    case .json, .item: true
                    default: false
                    }
                }
            }
    }

    private func event(
        of request: WebhookRequest, _ now: Timestamp, _ isJSON: Bool, _ item: Range<Int>,
        index: Int?
    ) throws(AdapterFailure) -> Event {
        let parts = EventParts(request: request, now: now, isJSON: isJSON, item: item)
        var values: [(name: String, value: String)] = []
        for attribute in attributes(for: parts) {
            let value: String
            do throws(MissingValue<EventPart>) {
                value = try parts.text(of: attribute.value)
            } catch {
                throw .valueMissing(
                    attribute: attribute.name, place: "\(error.place)", index: index)
            }
            guard !value.isEmpty || !attribute.value.isOptional else { continue }
            guard attribute.name == "time" else {
                values.append((attribute.name, value))
                continue
            }
            let time = instant(value)
            if let time { values.append(("time", time)) }
            guard time != nil || attribute.value.isOptional else {
                throw .event(EventFailure(.attributeValueInvalid, attribute: "time"), index: index)
            }
        }
        if !values.contains(where: { $0.name == "id" }) { values.append(("id", parts.hash)) }
        if !values.contains(where: { $0.name == "datacontenttype" }) {
            let type = each == nil ? request["content-type"] : "application/json"
            if let type { values.append(("datacontenttype", type)) }
        }
        do throws(EventFailure) {
            return try Event(attributes: values, data: Array(request.body[item]))
        } catch {
            throw .event(error, index: index)
        }
    }

    /// The attributes for one event, those of its case in place of the common ones.
    private func attributes(for parts: EventParts) -> [Attribute] {
        guard let selector, let selected = try? parts.text(of: selector),
            let special = cases[selected]
        else { return attributes }
        return attributes.filter { common in !special.contains { $0.name == common.name } }
            + special
    }
}

/// A time as an event has it: seconds since 1970 become a timestamp.
///
/// - Returns: nothing if it's neither.
private func instant(_ text: String) -> String? {
    if 1...11 ~= text.utf8.count, text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) {
        return Int64(text).map { Timestamp(seconds: $0).text }
    }
    return Timestamp(text.utf8.span) == nil ? nil : text
}

/// What an adapter's templates are filled with.
private struct EventParts {
    let request: WebhookRequest
    let now: Timestamp
    let isJSON: Bool
    let item: Range<Int>

    func text(of template: Template<EventPart>) throws(MissingValue<EventPart>) -> String {
        String(decoding: try template.filled { value(of: $0) }, as: UTF8.self)
    }

    var hash: String { stableID(path: request.path, data: request.body[item]) }

    private func value(of part: EventPart) -> [UInt8]? {
        let text: String? =
            switch part {
            case .header(let name): request[name]
            case .json(let pointer): value(at: pointer, in: 0..<request.body.count)
            case .item(let pointer): value(at: pointer, in: item)
            case .uuid: randomUUID()
            case .now: now.text
            case .sha256: hash
            case .path: request.path
            case .text(let text): text
            }
        return text.map { Array($0.utf8) }
    }

    /// An empty text is as good as none: no attribute can have it.
    private func value(at pointer: JSONPointer, in range: Range<Int>) -> String? {
        guard isJSON, let place = pointer.find(in: request.body.span, at: range),
            let text = request.body.span.jsonText(at: place), !text.isEmpty
        else { return nil }
        return text
    }
}
