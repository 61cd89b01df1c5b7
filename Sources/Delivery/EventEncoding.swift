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

    /// Appends the fields of several events together, and gives the body that holds them.
    mutating func encode(batch: [Event], into fields: inout HTTPFields) -> [UInt8] {
        fields.append(Self.contentType.span, Self.batchType.span)
        var octets = [UInt8(ascii: "[")]
        for event in batch {
            if octets.count > 1 { octets.append(UInt8(ascii: ",")) }
            event.writeJSON(to: &octets, overriding: settings.ceOverrides)
        }
        octets.append(UInt8(ascii: "]"))
        return octets
    }

    private func isStructured(_ event: Event) -> Bool {
        settings.contentMode == .structured
            || settings.headerEncoding == .auto
                && event.needsHeaderEncoding(overriding: settings.ceOverrides)
            // A webhook's delivery has a body.
            || settings.webhook != nil && event.data.isEmpty
    }

    private static let contentType = Array("Content-Type".utf8)
    private static let structuredType = Array("application/cloudevents+json; charset=UTF-8".utf8)
    private static let batchType = Array("application/cloudevents-batch+json; charset=UTF-8".utf8)
}
