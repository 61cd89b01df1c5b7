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
    ///   - overrides: attributes in the place of the event's own.
    ///   - scratch: room that is used again for each field.
    ///   - body: gets a field's name, such as `ce-id`, and its value.
    ///
    /// Spec: CloudEvents HTTP §3.1
    public func forEachField(
        _ encoding: HeaderEncoding, overriding overrides: ExtensionOverrides = .init(),
        scratch: inout [UInt8], _ body: (_ name: Span<UInt8>, _ value: Span<UInt8>) -> Void
    ) {
        let contentType = attribute("datacontenttype")
        for attribute in attributes
        where overrides.isEmpty || !overrides.replace(attribute, of: octets.span) {
            let name = octets.span.extracting(attribute.name)
            let value = octets.span.extracting(attribute.value)
            if attribute == contentType {
                Event.write("Content-Type", "".utf8.span, value, .raw, to: &scratch, body)
            } else {
                Event.write("ce-", name, value, encoding, to: &scratch, body)
            }
        }
        for item in overrides.items {
            Event.write(
                "ce-", item.nameOctets.span, item.valueOctets.span, encoding, to: &scratch, body)
        }
        if dataKind == .json, contentType == nil {
            body("Content-Type".utf8.span, "application/json".utf8.span)
        }
    }

    @inline(__always)
    private static func write(
        _ prefix: String, _ name: Span<UInt8>, _ value: Span<UInt8>, _ encoding: HeaderEncoding,
        to scratch: inout [UInt8], _ body: (_ name: Span<UInt8>, _ value: Span<UInt8>) -> Void
    ) {
        scratch.removeAll(keepingCapacity: true)
        JSONWriter.copy(prefix, to: &scratch)
        scratch.append(name)
        let nameEnd = scratch.count
        if encoding == .raw {
            HeaderValue.copy(value, to: &scratch)
        } else {
            HeaderValue.encode(value, to: &scratch)
        }
        let field = scratch.span
        body(field.extracting(0..<nameEnd), field.extracting(nameEnd..<field.count))
    }

    /// Whether a receiver that doesn't decode header fields would see another value than meant.
    public var needsHeaderEncoding: Bool { needsHeaderEncoding(overriding: .init()) }

    /// Whether a receiver that doesn't decode header fields would see another value than meant.
    ///
    /// - Parameter overrides: attributes in the place of the event's own.
    public func needsHeaderEncoding(
        overriding overrides: ExtensionOverrides
    ) -> Bool {
        guard !overrides.needHeaderEncoding else { return true }
        // The type of the data has a field of its own, which isn't encoded.
        let contentType = attribute("datacontenttype")
        return attributes.contains { attribute in
            attribute != contentType
                && (overrides.isEmpty || !overrides.replace(attribute, of: octets.span))
                && HeaderValue.needsEncoding(octets.span.extracting(attribute.value))
        }
    }
}
