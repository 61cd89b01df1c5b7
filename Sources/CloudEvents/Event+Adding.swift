internal import HTTP

extension Event {
    /// The same event with other attributes: those of the same names are replaced, and new ones
    /// come last.
    ///
    /// Nothing of the specification is checked.
    ///
    /// - Precondition: each name and value fits into a block, see ``EventBuilder``.
    public func adding(
        _ additions: [(name: String, value: String, kind: AttributeKind)]
    ) -> Event {
        let replaced = Set(additions.map { Array($0.name.utf8) })
        var builder = EventBuilder()
        builder.begin()
        for attribute in attributes where !replaced.contains(Array(octets[attribute.name])) {
            builder.beginAttribute(octets.span.extracting(attribute.name), kind: attribute.kind)
            builder.appendValue(octets.span.extracting(attribute.value))
            builder.endAttribute()
        }
        for addition in additions {
            builder.append(addition.name, addition.value, kind: addition.kind)
        }
        builder.beginData(dataKind)
        builder.appendData(octets.span.extracting(data))
        return builder.finish()
    }

    /// The canonical string of a Binary value.
    ///
    /// Spec: CloudEvents §3.2
    public static func canonicalString(binary octets: [UInt8]) -> String {
        var text: [UInt8] = []
        Base64.encode(octets.span, to: &text)
        return String(decoding: text, as: UTF8.self)
    }
}
