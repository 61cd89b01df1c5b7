public import HTTP

/// Makes events of a request's header fields and body, in any content mode.
///
/// A decoder is kept, one for each loop, and used again and again: it holds the events of the
/// request that was decoded last in room that it keeps, so a request allocates nothing but what
/// ``event(at:)`` is asked for. It checks all that the specification says of events; framing,
/// sizes of whole requests and methods are the business of others.
///
/// Spec: CloudEvents HTTP §3. Where the specification lets a receiver choose, the decoder
/// refuses: what two receivers may read in two ways is no event.
public struct EventDecoder: Sendable {
    /// The most that an event or batch may have; each is inclusive.
    public struct Limits: Sendable, Equatable {
        /// Octets of one attribute's value, decoded; at most 65,535.
        public var attributeBytes = 4096
        /// Attributes of one event.
        public var attributes = 128
        /// Events in one batch.
        public var events = 1000

        /// The defaults.
        public init() {}
    }

    /// How percent-encoding in `ce-` header fields is read.
    public enum PercentDecoding: Sendable, Equatable {
        /// As the HTTP binding says; what isn't well-formed is refused, and so are octets that
        /// should have been encoded because they aren't ASCII.
        case spec
        /// As `spec`, but what isn't well-formed is taken as it stands and counted.
        case lenient
        /// Nothing is decoded, neither percent signs nor quotes.
        case off
    }

    /// The most that an event or batch may have.
    public var limits: Limits {
        get { assembler.limits }
        set {
            precondition(newValue.attributeBytes <= EventBuilder.valueBytesLimit)
            assembler.limits = newValue
        }
    }

    /// How percent-encoding in `ce-` header fields is read.
    public var percentDecoding: PercentDecoding {
        get { assembler.percentDecoding }
        set { assembler.percentDecoding = newValue }
    }

    /// Whether events of version 0.3 are taken too, and passed on as they are.
    public var acceptsVersion03: Bool {
        get { assembler.acceptsVersion03 }
        set { assembler.acceptsVersion03 = newValue }
    }

    private var assembler: EventAssembler
    /// Where the blocks of the last request's events stand, and room for more.
    private var octets: [UInt8] = []

    /// A decoder with no events.
    ///
    /// - Precondition: ``Limits/attributeBytes`` is at most 65,535.
    public init(
        limits: Limits = Limits(), percentDecoding: PercentDecoding = .spec,
        acceptsVersion03: Bool = false
    ) {
        precondition(limits.attributeBytes <= EventBuilder.valueBytesLimit)
        assembler = EventAssembler(limits: limits, percentDecoding, acceptsVersion03)
    }

    // MARK: Decoding

    /// Decodes a request: all of its events, or none.
    ///
    /// - Parameters:
    ///   - fields: its header fields, as ranges of `head`.
    ///   - head: octets that hold them.
    ///   - body: the whole body, without transfer coding.
    /// - Throws: the first failure that was found; then there are no events.
    public mutating func decode(
        fields: [Field], head: Span<UInt8>, body: Span<UInt8>
    ) throws(EventFailure) -> ContentMode {
        assembler.reset()
        let contentType: Range<Int>?
        var mode = ContentMode.binary
        do throws(EventFailure.Code) {
            contentType = try head.contentType(of: fields)
            if let contentType {
                mode = try ContentMode(contentType: head.extracting(contentType))
            }
        } catch {
            throw EventFailure(error)
        }
        switch mode {
        case .binary:
            try decode(binary: body, fields: fields, head: head, contentType: contentType)
        case .structured: try decode(structured: body)
        case .batched: try decode(batched: body)
        }
        return mode
    }

    /// Decodes one event in the JSON format.
    ///
    /// Spec: CloudEvents JSON §3
    /// - Throws: the first failure that was found; then there are no events.
    public mutating func decode(structured json: Span<UInt8>) throws(EventFailure) {
        assembler.reset()
        var scanner = JSONScanner()
        makeRoom(forJSON: json)
        do throws(EventFailure.Code) {
            try Self.write(&assembler, &octets) { assembler, room throws(EventFailure.Code) in
                try assembler.readEvent(json, &scanner, in: &room)
            }
        } catch {
            throw failure(error, offset: min(scanner.offset, json.count))
        }
    }

    /// Decodes a batch of events in the JSON format: all of them, or none.
    ///
    /// Spec: CloudEvents JSON §4
    /// - Throws: the first failure that was found; then there are no events.
    public mutating func decode(batched json: Span<UInt8>) throws(EventFailure) {
        assembler.reset()
        var scanner = JSONScanner()
        makeRoom(forJSON: json)
        do throws(EventFailure.Code) {
            try Self.write(&assembler, &octets) { assembler, room throws(EventFailure.Code) in
                try assembler.readBatch(json, &scanner, in: &room)
            }
        } catch {
            throw failure(
                error, index: count, offset: min(scanner.offset, json.count))
        }
    }

    private mutating func decode(
        binary body: Span<UInt8>, fields: [Field], head: Span<UInt8>, contentType: Range<Int>?
    ) throws(EventFailure) {
        makeRoom(for: fields, body: body)
        do throws(EventFailure.Code) {
            try Self.write(&assembler, &octets) { assembler, room throws(EventFailure.Code) in
                try assembler.readFields(fields, head, contentType: contentType, in: &room)
                assembler.appendBody(body, in: &room)
            }
        } catch {
            throw failure(error)
        }
    }

    /// Forgets what was decoded, and makes of a code what the sender will be told.
    private mutating func failure(
        _ code: EventFailure.Code, index: Int? = nil, offset: Int? = nil
    ) -> EventFailure {
        let attribute = assembler.failureSubject(in: octets.span)
        assembler.reset()
        return EventFailure(code, attribute: attribute, index: index, offset: offset)
    }

    /// In JSON an attribute needs two octets more than in a block, an Integer or Boolean as many,
    /// and an event has four that are strings; so blocks aren't longer than their text, but for
    /// the header of the last, which may turn out to be no event.
    private mutating func makeRoom(forJSON json: Span<UInt8>) {
        octets.makeRoom(for: json.count + Event.attributesStart)
    }

    private mutating func makeRoom(for fields: [Field], body: Span<UInt8>) {
        let longestAdded = "datacontenttype".utf8.count - "content-type".utf8.count
        let fieldsBytes = fields.reduce(0) {
            $0 + Event.attributeHeaderBytes + longestAdded + $1.name.count + $1.value.count
        }
        octets.makeRoom(for: Event.attributesStart + fieldsBytes + body.count)
    }

    /// Lends the octets as a room, which can't be done to a method of the one who has them.
    @inline(__always)
    private static func write(
        _ assembler: inout EventAssembler, _ octets: inout [UInt8],
        _ body: (inout EventAssembler, inout MutableSpan<UInt8>) throws(EventFailure.Code) -> Void
    ) throws(EventFailure.Code) {
        var room = octets.mutableSpan
        try body(&assembler, &room)
    }

    // MARK: What was decoded

    /// How many events the last request has; 0 if it failed, and also for an empty batch.
    public var count: Int { assembler.count }

    /// How many attributes of the last request were taken as they stood, though they weren't
    /// well-formed (``PercentDecoding/lenient``).
    public var undecodedValues: Int { assembler.undecodedValues }

    /// An event of the last request, in a block of its own.
    ///
    /// This is the one place that allocates. Indices are 0 to ``count`` - 1.
    public func event(at index: Int) -> Event {
        Event(trusted: Array(octets[assembler.block(at: index)]))
    }

    /// How many octets ``event(at:)`` will allocate for an event's block.
    public func bytes(ofEventAt index: Int) -> Int { assembler.block(at: index).count }

    /// Shows an event's `type` where it stands, without making the event.
    public func withType(ofEventAt index: Int, _ body: (Span<UInt8>) -> Void) {
        body(octets.span.extracting(assembler.type(at: index)))
    }
}
