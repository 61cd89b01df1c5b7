internal import CloudEvents
internal import HTTP
internal import Telemetry

/// Reads the events of a source's requests and counts them by their type.
///
/// A value, so that the source, which is none, asks for access to it once a request, and not for
/// each of its parts.
struct EventReader {
    private(set) var decoder: EventDecoder
    /// Events that were made elsewhere of the last request, in place of the decoder's.
    private(set) var adapted: [Event]?
    private var received: LabelledCounters

    init(_ decoder: EventDecoder, counting received: LabelledCounters) {
        self.decoder = decoder
        self.received = received
    }

    /// Reads the events of a request; they stay in the decoder until the next request.
    mutating func read(
        _ head: RequestHead, _ message: Span<UInt8>, body: Range<Int>
    ) throws(EventFailure) {
        adapted = nil
        _ = try decoder.decode(
            fields: head.fields, head: message, body: message.extracting(body))
        decoder.countTypes(in: &received)
    }

    /// Takes events that an adapter made of a request.
    mutating func take(_ events: [Event]) {
        adapted = events
        for event in events {
            guard let type = event.attribute("type") else { continue }
            received.counter(for: event.octets.span.extracting(type.value)).add()
        }
    }
}

extension EventDecoder {
    fileprivate func countTypes(in received: inout LabelledCounters) {
        for index in 0..<count {
            withType(ofEventAt: index) { received.counter(for: $0).add() }
        }
    }
}
