internal import CloudEvents
internal import Configuration
internal import Outbound

/// Lays events out in requests, as a sink wants them.
///
/// A value is kept and used again, and so are its buffers.
///
/// Spec: CloudEvents HTTP §3.1
struct EventEncoding {
    private let settings: HTTPSinkSettings
    private var scratch: [UInt8] = []

    init(_ settings: HTTPSinkSettings) { self.settings = settings }

    /// Appends the event's fields, and gives the octets that hold the body.
    mutating func encode(
        _ event: Event, into fields: inout HTTPFields
    ) -> (octets: [UInt8], body: Range<Int>) {
        guard !isStructured(event) else {
            fields.append(Self.contentType.span, Self.structuredType.span)
            let octets = event.structuredJSON(overriding: settings.ceOverrides)
            return (octets, octets.indices)
        }
        let encoding: HeaderEncoding = settings.headerEncoding == .raw ? .raw : .spec
        event.forEachField(
            encoding, overriding: settings.ceOverrides, scratch: &scratch
        ) { fields.append($0, $1) }
        return (event.octets, event.data)
    }

    private func isStructured(_ event: Event) -> Bool {
        settings.contentMode == .structured
            || settings.headerEncoding == .auto
                && event.needsHeaderEncoding(overriding: settings.ceOverrides)
    }

    private static let contentType = Array("Content-Type".utf8)
    private static let structuredType = Array("application/cloudevents+json; charset=UTF-8".utf8)
}
