internal import CloudEvents
internal import Configuration
internal import Outbound

/// Lays an event out in a request, as a sink wants it.
///
/// Spec: CloudEvents HTTP §3. Each event goes in a request of its own; the encoding keeps its room
/// for fields from one to the next.
struct EventEncoding {
    private let settings: HTTPSinkSettings
    private let headerEncoding: HeaderEncoding
    private var fields = HTTPFields()
    private var scratch: [UInt8] = []

    init(_ settings: HTTPSinkSettings) {
        self.settings = settings
        headerEncoding = settings.headerEncoding == .raw ? .raw : .spec
    }

    mutating func request(for event: Event, timeout: Duration) -> HTTPRequest {
        fields.removeAll()
        guard settings.contentMode == .binary,
            settings.headerEncoding != .auto || !event.needsHeaderEncoding
        else { return structuredRequest(for: event, timeout: timeout) }
        event.forEachField(headerEncoding, scratch: &scratch) { fields.append($0, $1) }
        return HTTPRequest(fields: fields, octets: event.octets, body: event.data, timeout: timeout)
    }

    private mutating func structuredRequest(for event: Event, timeout: Duration) -> HTTPRequest {
        fields.append("Content-Type", "application/cloudevents+json; charset=UTF-8")
        let json = event.structuredJSON
        return HTTPRequest(fields: fields, octets: json, body: 0..<json.count, timeout: timeout)
    }
}
