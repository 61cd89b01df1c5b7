internal import CloudEvents
internal import Configuration
internal import SOAP

/// Makes a CloudEvent of an event of vCenter's.
struct EventMaker {
    private let format: VCenterSettings.EventFormat
    private let payload: VCenterSettings.Payload
    private let source: String
    /// What the server says its interface is, such as `8.0.2.0`.
    var apiVersion = ""
    /// What wasn't as the schema says, over all events.
    private(set) var oddities = 0
    private var builder = EventBuilder()

    /// The most octets of a name that an event brings along.
    private static let nameBytesLimit = 1_024

    init(_ settings: VCenterSettings) {
        format = settings.eventFormat
        payload = settings.payload
        source = settings.address
    }

    mutating func event(of event: VCenterEvent) -> Event {
        let name = Self.text(event.name)
        builder.begin()
        builder.append("specversion", "1.0")
        switch format {
        case .router:
            builder.append("id", routerID(of: event))
            builder.append("source", source)
            builder.append("type", "com.vmware.event.router/\(event.eventClass)")
            if !name.isEmpty { builder.append("subject", name) }
        case .tanzu:
            builder.append("id", String(event.key))
            builder.append("source", source)
            builder.append("type", "com.vmware.vsphere.\(name).v0")
        }
        builder.append("datacontenttype", "application/\(payload.rawValue)")
        if let created = event.created { builder.append("time", created.utc) }
        if format == .tanzu { builder.append("eventclass", event.eventClass) }
        if !apiVersion.isEmpty { builder.append("vsphereapiversion", Self.text(apiVersion)) }
        appendData(of: event)
        return builder.finish()
    }

    private mutating func appendData(of event: VCenterEvent) {
        switch payload {
        case .json:
            var json = EventJSON()
            json.write(event: event.element)
            oddities += json.oddities
            builder.beginData(.json)
            builder.appendData(json.text.octets.span)
        case .xml:
            var writer = XMLWriter()
            writer.copy(event.element, as: event.typeName)
            builder.beginData(.octets)
            builder.appendData(writer.octets.span)
        }
    }

    /// A UUID that is the same each time the event is read.
    ///
    /// Spec: RFC 9562 §5.8
    private func routerID(of event: VCenterEvent) -> String {
        let name = "\(source)\n\(event.key)\n\(event.identity.microseconds)"
        let halves = [0xCBF2_9CE4_8422_2325, 0x6C62_272E_07BB_0142].map { (basis: UInt64) in
            name.utf8.reduce(basis) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
        }
        let high = halves[0] & ~0xF000 | 0x8000
        let low = halves[1] & ~(0b11 << 62) | 0b10 << 62
        let digits = [high, low].map { half in
            let digits = String(half, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
        var text = ""
        for (place, digit) in digits.enumerated() {
            if [8, 12, 16, 20].contains(place) { text += "-" }
            text.append(digit)
        }
        return text
    }

    /// What an attribute can hold: no controls, nor more than a limit.
    ///
    /// Spec: CloudEvents §3.1
    private static func text(_ text: String) -> String {
        guard text.utf8.count > nameBytesLimit || text.unicodeScalars.contains(where: isRefused)
        else { return text }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(nameBytesLimit / 4) {
            result.append(isRefused(scalar) ? "\u{FFFD}" : scalar)
        }
        return String(result)
    }

    private static func isRefused(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case ..<0x20, 0x7F...0x9F, 0xFDD0...0xFDEF: true
        default: scalar.value & 0xFFFE == 0xFFFE
        }
    }
}

extension XMLWriter {
    /// Copies an element without namespaces and types.
    fileprivate mutating func copy(_ element: XMLElement, as name: String) {
        begin(name, attributes: element.attributes)
        append(escaped: element.textOctets)
        for child in element.children { copy(child, as: child.name) }
        end()
    }
}
