import CloudEvents
import EventLoops
import HTTP
import Outbound

extension SendCommand {
    /// Lays the events out as the command line says.
    func requests(_ events: [Event]) -> [HTTPRequest] {
        switch mode {
        case .binary: events.map(binaryRequest)
        case .structured:
            events.map { request($0.structuredJSON, "application/cloudevents+json; charset=UTF-8") }
        case .batch: [batchRequest(events)]
        }
    }

    /// Posts the requests and counts the answers.
    func post(_ requests: [HTTPRequest]) throws -> EventPoster.Result {
        var options = HTTPEndpoint.Options(url: to)
        options.concurrency = concurrency
        options.tls.isInsecure = insecure
        do {
            return try EventPoster(options, rate: rate).run(requests)
        } catch {
            printError("\(error)")
            throw ExitStatus.system.code
        }
    }

    private var commonFields: HTTPFields {
        var fields = HTTPFields()
        if let user {
            let credentials = Base64.encode(Array(user.utf8))
            fields.append("Authorization", "Basic \(String(decoding: credentials, as: UTF8.self))")
        }
        return fields
    }

    private func binaryRequest(_ event: Event) -> HTTPRequest {
        var fields = commonFields
        var scratch: [UInt8] = []
        event.forEachField(.spec, scratch: &scratch) { fields.append($0, $1) }
        return HTTPRequest(
            fields: fields, octets: event.octets, body: event.data, timeout: .seconds(60))
    }

    private func batchRequest(_ events: [Event]) -> HTTPRequest {
        var json = Array("[".utf8)
        for event in events {
            if json.count > 1 { json.append(UInt8(ascii: ",")) }
            event.writeJSON(to: &json)
        }
        json.append(UInt8(ascii: "]"))
        return request(json, "application/cloudevents-batch+json; charset=UTF-8")
    }

    private func request(_ body: [UInt8], _ type: String) -> HTTPRequest {
        var fields = commonFields
        fields.append("Content-Type", type)
        return HTTPRequest(
            fields: fields, octets: body, body: 0..<body.count, timeout: .seconds(60))
    }
}
