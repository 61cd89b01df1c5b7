internal import CloudEvents
internal import Configuration
internal import Outbound

/// Lays an event out in a request.
struct EventEncoding {
    private let settings: HTTPSinkSettings
    private var fields = HTTPFields()

    init(_ settings: HTTPSinkSettings) { self.settings = settings }

    mutating func request(for event: Event, timeout: Duration) -> HTTPRequest {
        fields.removeAll()
        for attribute in event.attributes {
            let name = String(decoding: event.octets[attribute.name], as: UTF8.self)
            let value = String(decoding: event.octets[attribute.value], as: UTF8.self)
            fields.append(name == "datacontenttype" ? "Content-Type" : "ce-" + name, value)
        }
        return HTTPRequest(fields: fields, octets: event.octets, body: event.data, timeout: timeout)
    }
}
