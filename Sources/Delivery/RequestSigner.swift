internal import Authentication
internal import CloudEvents
internal import Configuration
internal import Glibc
internal import Outbound
internal import Webhooks

/// Signs what goes to a sink.
struct RequestSigner {
    private let scheme: SignatureScheme
    private let keys: [SignatureKey]

    init(_ settings: SinkSigningSettings) {
        scheme = SignatureScheme(settings.preset)
        keys = settings.keys
    }

    /// Appends the fields that sign a body.
    ///
    /// - Parameters:
    ///   - events: what is in it; the same ones have the same identifier each time.
    ///   - seconds: since 1970.
    func sign(
        _ body: ArraySlice<UInt8>, of events: [Event], seconds: Int, into fields: inout HTTPFields
    ) {
        guard !keys.isEmpty else { return }
        let request = WebhookRequest(body: Array(body))
        let delivery = SignatureScheme.Delivery(
            id: Self.identifier(of: events), time: Int64(seconds))
        // Of what is signed, nothing can be missing: it's a body, a time and an identifier.
        guard let signed = try? scheme.sign(request, keys: keys, delivery) else { return }
        for field in signed { fields.append(field.name, field.value) }
    }

    /// A word that is the events' own, because `id` alone isn't and may hold anything.
    private static func identifier(of events: [Event]) -> String {
        var octets: [UInt8] = []
        for event in events {
            octets += Array(event.source.utf8) + [0] + Array(event.id.utf8) + [0]
        }
        let digits = Array("0123456789abcdef".utf8)
        let letters = SHA256(octets.span).octets.prefix(16).flatMap {
            [digits[Int($0 >> 4)], digits[Int($0 & 15)]]
        }
        return "msg_" + String(decoding: letters, as: UTF8.self)
    }
}
