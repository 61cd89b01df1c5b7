import CloudEvents
import Configuration
import Journal
import Testing

@testable import Delivery

/// An event with data of so many octets.
func sampleEvent(id: String = "1", dataBytes: Int = 4, subject: String? = nil) -> Event {
    var builder = EventBuilder()
    builder.begin()
    builder.append("specversion", "1.0")
    builder.append("id", id)
    builder.append("source", "/test")
    builder.append("type", "example")
    if let subject { builder.append("subject", subject) }
    builder.append("datacontenttype", "text/plain")
    builder.beginData(.octets)
    builder.appendData([UInt8](repeating: 0x78, count: dataBytes).span)
    return builder.finish()
}

/// A stored event of that number, for the sinks of these places.
func stored(
    _ sequence: SequenceNumber, sinks: [Int] = [0], dataBytes: Int = 4, subject: String? = nil
) -> StoredEvent {
    StoredEvent(
        sequence: sequence,
        event: sampleEvent(id: "\(sequence)", dataBytes: dataBytes, subject: subject),
        sinks: SinkSet(sinks.map { SinkSet(sink: $0) }), origin: "hooks", receivedMilliseconds: 0)
}

/// Settings with one source, `hooks`, and one route from it to all the sinks.
func sampleSettings(
    _ sinks: [SinkSettings], _ change: (inout DeliverySettings) -> Void = { _ in }
) -> Settings {
    var settings = Settings()
    settings.sources = [SourceSettings(name: "hooks", webhook: WebhookSettings(listeners: []))]
    settings.sinks = sinks
    var route = RouteSettings(name: "all", sources: [0], sinks: Array(sinks.indices))
    change(&route.delivery)
    settings.routes = [route]
    return settings
}

/// `#require` for what calls a mutating method, which the macro can't take apart.
func required<Value>(
    _ value: Value?, sourceLocation: SourceLocation = #_sourceLocation
) throws -> Value {
    try #require(value, sourceLocation: sourceLocation)
}

/// `#expect` for what calls a mutating method.
func check(_ isTrue: Bool, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(isTrue, sourceLocation: sourceLocation)
}
