/// How attribute values stand in header fields.
public enum HeaderEncoding: Sendable, Equatable {
    /// Percent-encoded, as the HTTP binding says.
    case spec
    /// As they are, for receivers that don't decode; only controls are encoded, so that a value
    /// can't end its field.
    case raw
}

extension Event {
    /// Gives the header fields of binary content mode, one after the other.
    ///
    /// - Parameters:
    ///   - scratch: room that is used again for each field.
    ///   - body: gets a field's name, such as `ce-id`, and its value.
    ///
    /// Spec: CloudEvents HTTP §3.1
    public func forEachField(
        _ encoding: HeaderEncoding, scratch: inout [UInt8],
        _ body: (_ name: Span<UInt8>, _ value: Span<UInt8>) -> Void
    ) {
        let contentType = attribute("datacontenttype")
        for attribute in attributes {
            let value = octets.span.extracting(attribute.value)
            let isContentType = attribute == contentType
            scratch.removeAll(keepingCapacity: true)
            JSONWriter.copy(isContentType ? "Content-Type" : "ce-", to: &scratch)
            if !isContentType { scratch.append(octets.span.extracting(attribute.name)) }
            let nameEnd = scratch.count
            if isContentType || encoding == .raw {
                HeaderValue.copy(value, to: &scratch)
            } else {
                HeaderValue.encode(value, to: &scratch)
            }
            let field = scratch.span
            body(field.extracting(0..<nameEnd), field.extracting(nameEnd..<field.count))
        }
        if dataKind == .json, contentType == nil {
            body("Content-Type".utf8.span, "application/json".utf8.span)
        }
    }

    /// Whether a receiver that doesn't decode header fields would see another value than meant.
    public var needsHeaderEncoding: Bool {
        // The type of the data has a field of its own, which isn't encoded.
        let contentType = attribute("datacontenttype")
        return attributes.contains { attribute in
            attribute != contentType
                && HeaderValue.needsEncoding(octets.span.extracting(attribute.value))
        }
    }
}
