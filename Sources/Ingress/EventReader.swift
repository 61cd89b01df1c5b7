internal import CloudEvents
internal import HTTP
internal import Telemetry

/// Reads the events of a source's requests and counts them by their type.
///
/// A value, so that the source, which is none, asks for access to it once a request, and not for
/// each of its parts.
struct EventReader {
    private(set) var decoder: EventDecoder
    private var received: LabelledCounters

    init(_ decoder: EventDecoder, counting received: LabelledCounters) {
        self.decoder = decoder
        self.received = received
    }

    /// Reads the events of a request; they stay in the decoder until the next request.
    mutating func read(
        _ head: RequestHead, _ message: Span<UInt8>, body: Range<Int>
    ) throws(EventFailure) {
        _ = try decoder.decode(
            fields: head.fields, head: message, body: message.extracting(body))
        decoder.countTypes(in: &received)
    }
}

extension EventDecoder {
    fileprivate func countTypes(in received: inout LabelledCounters) {
        for index in 0..<count {
            withType(ofEventAt: index) { received.counter(for: $0).add() }
        }
    }
}
