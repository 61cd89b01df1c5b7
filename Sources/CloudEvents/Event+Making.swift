extension Event {
    /// Makes an event of texts, for the cold path, with all checks that a received one goes
    /// through.
    ///
    /// - Parameters:
    ///   - attributes: names and canonical strings, in the order they are to have. `specversion`
    ///     may be left out; then it is 1.0.
    ///   - data: its octets, if there are any: one JSON text where `datacontenttype` is JSON, and
    ///     anything where it isn't or is left out.
    /// - Throws: what an ``EventDecoder`` with the default limits would say.
    public init(
        attributes: [(name: String, value: String)], data: [UInt8]? = nil
    ) throws(EventFailure) {
        let isVersioned = attributes.contains { $0.name == "specversion" }
        let attributes = (isVersioned ? [] : [(name: "specversion", value: "1.0")]) + attributes
        let attributesBytes = attributes.reduce(0) {
            $0 + Event.attributeHeaderBytes + $1.name.utf8.count + $1.value.utf8.count
        }
        var octets: [UInt8] = []
        octets.makeRoom(for: Event.attributesStart + attributesBytes + (data?.count ?? 0))
        var assembler = EventAssembler(limits: EventDecoder.Limits(), .off, false)
        do throws(EventFailure.Code) {
            var room = octets.mutableSpan
            try assembler.write(attributes, data ?? [], in: &room)
        } catch {
            throw EventFailure(error, attribute: assembler.failureSubject(in: octets.span))
        }
        self.init(trusted: Array(octets[assembler.block(at: 0)]))
    }
}

extension EventAssembler {
    fileprivate mutating func write(
        _ attributes: [(name: String, value: String)], _ data: [UInt8],
        in room: inout MutableSpan<UInt8>
    ) throws(EventFailure.Code) {
        beginEvent()
        for (name, value) in attributes {
            try write(name.utf8.span, value.utf8.span, in: &room)
        }
        try checkRequired()
        let isJSON = mediaType?.isJSON == true
        guard data.isEmpty || !isJSON || data.span.isJSON else {
            about = "data"
            throw .dataInvalid
        }
        writer.beginData(data.isEmpty ? .none : isJSON ? .json : .octets, in: &room)
        writer.append(data.span, in: &room)
        endEvent()
    }

    private mutating func write(
        _ name: Span<UInt8>, _ value: Span<UInt8>, in room: inout MutableSpan<UInt8>
    ) throws(EventFailure.Code) {
        writer.beginName()
        writer.append(name, in: &room)
        let meaning = try beginAttribute(in: &room)
        guard meaning != .data, meaning != .dataBase64 else { throw .attributeNameInvalid }
        writer.append(value, in: &room)
        try endAttribute(meaning, isPlain: false, in: &room)
    }
}
