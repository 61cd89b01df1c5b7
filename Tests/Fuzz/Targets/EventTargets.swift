import CloudEvents
import HTTP

func checkStructured(_ octets: [UInt8]) {
    var decoder = EventDecoder()
    do throws(EventFailure) {
        try decoder.decode(structured: octets.span)
    } catch {
        precondition(400..<500 ~= error.status)
        return
    }
    precondition(decoder.count == 1)
    checkRound(decoder.event(at: 0))
}

func checkBatch(_ octets: [UInt8]) {
    var decoder = EventDecoder()
    do throws(EventFailure) {
        try decoder.decode(batched: octets.span)
    } catch {
        precondition(decoder.count == 0)
        return
    }
    for index in 0..<decoder.count { checkRound(decoder.event(at: index)) }
}

func checkValue(_ octets: [UInt8]) {
    for decoding in [EventDecoder.PercentDecoding.spec, .lenient, .off] {
        let message = Message([(Array("ce-subject".utf8), octets)], body: [])
        var decoder = EventDecoder(percentDecoding: decoding)
        guard let event = message.event(&decoder) else { continue }
        guard let subject = event["subject"] else { preconditionFailure() }
        precondition(!subject.utf8.contains { $0 < 0x20 || $0 == 0x7F })
        checkRound(event)
    }
}

/// The octets before the first empty line are fields, a line each; the others are the body.
func checkBinary(_ octets: [UInt8]) {
    let lines = octets.split(separator: 10, maxSplits: 32, omittingEmptySubsequences: false)
    let fields = lines.prefix { !$0.isEmpty }
    let body = lines.dropFirst(fields.count + 1).joined(separator: [10])
    let message = Message(
        fields.map { line in
            let parts = line.split(separator: 58, maxSplits: 1)
            // Whoever reads a head lets no such octet into a name; it must be refused all the same.
            return (Array(parts.first ?? []), Array(parts.last ?? []))
        }, body: Array(body))
    var decoder = EventDecoder()
    if let event = message.event(&decoder) { checkRound(event) }
}

/// An event is the same after it was stored, and after it was sent in either mode.
func checkRound(_ event: Event) {
    precondition(Event(stored: event.octets) == event)
    var decoder = EventDecoder()
    do throws(EventFailure) {
        try decoder.decode(structured: event.structuredJSON.span)
    } catch {
        preconditionFailure("not taken in structured mode: \(error)")
    }
    precondition(attributes(decoder.event(at: 0)) == attributes(event))
    var fields: [([UInt8], [UInt8])] = []
    var scratch: [UInt8] = []
    event.forEachField(.spec, scratch: &scratch) { name, value in
        fields.append((name.octets, value.octets))
    }
    let message = Message(fields, body: Array(event.octets[event.data]), isWhole: true)
    guard let other = message.event(&decoder) else {
        preconditionFailure("not taken in binary mode: \(event)")
    }
    precondition(attributes(other) == attributes(event))
    precondition(other.octets[other.data] == event.octets[event.data])
}

private func attributes(_ event: Event) -> [String: String] {
    var attributes: [String: String] = [:]
    for attribute in event.attributes {
        let name = String(decoding: event.octets[attribute.name], as: UTF8.self)
        attributes[name] = String(decoding: event.octets[attribute.value], as: UTF8.self)
    }
    // Said or not, data in JSON is in JSON.
    if attributes["datacontenttype"] == "application/json" { attributes["datacontenttype"] = nil }
    return attributes
}

extension Span<UInt8> {
    fileprivate var octets: [UInt8] { indices.map { self[$0] } }
}

/// A request as it reaches the decoder.
private struct Message {
    var head: [UInt8] = []
    var fields: [Field] = []
    var body: [UInt8]

    /// - Parameter isWhole: whether the attributes are there that an event must have.
    init(_ fields: [([UInt8], [UInt8])], body: [UInt8], isWhole: Bool = false) {
        self.body = body
        let required = [("specversion", "1.0"), ("id", "1"), ("source", "/s"), ("type", "t")]
        for (name, value) in isWhole ? [] : required {
            add(Array("ce-\(name)".utf8), Array(value.utf8))
        }
        for (name, value) in fields { add(name, value) }
    }

    private mutating func add(_ name: [UInt8], _ value: [UInt8]) {
        let start = head.count
        head += name
        let end = head.count
        head += value
        fields.append(Field(name: start..<end, value: end..<head.count))
    }

    func event(_ decoder: inout EventDecoder) -> Event? {
        do throws(EventFailure) {
            _ = try decoder.decode(fields: fields, head: head.span, body: body.span)
            return decoder.count > 0 ? decoder.event(at: 0) : nil
        } catch {
            return nil
        }
    }
}
