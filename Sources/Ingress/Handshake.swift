internal import Configuration
internal import HTTP
internal import Webhooks

/// What a sender asks for before it sends.
///
/// Spec: CloudEvents Webhook §4.1
struct Handshake: Equatable {
    /// What becomes of it.
    enum Answer: Equatable {
        /// It may send, so often in a minute, or as often as it wants.
        case granted(origin: String, rate: Int?)
        /// It may send, and is told so at the address that it named.
        case calledBack(origin: String, rate: Int?, callback: String)
        /// It may send once somebody has called this address.
        case undecided(origin: String, callback: String)
        /// It may not send.
        case refused(BoundRefusal)
    }

    /// The sending system's name.
    let origin: String
    /// Where it wants to hear of a later consent.
    let callback: String?

    /// Reads an OPTIONS request.
    ///
    /// - Returns: nothing where it's about something else.
    init?(_ head: RequestHead, _ message: Span<UInt8>) throws(BoundRefusal) {
        switch head.onlyValue(of: "webhook-request-origin", in: message) {
        case .none: return nil
        case .one(let name) where Self.isOrigin(name): origin = name
        default: throw BoundRefusal.handshakeMalformed("WebHook-Request-Origin")
        }
        switch head.onlyValue(of: "webhook-request-rate", in: message) {
        case .none: break
        case .one(let rate) where Self.isRate(rate): break
        default: throw BoundRefusal.handshakeMalformed("WebHook-Request-Rate")
        }
        switch head.onlyValue(of: "webhook-request-callback", in: message) {
        case .none: callback = nil
        case .one(let address) where Self.isCallback(address): callback = address
        default: throw BoundRefusal.handshakeMalformed("WebHook-Request-Callback")
        }
    }

    /// Decides; whoever is refused or undecided gets no sign of a permission.
    ///
    /// What is granted is what's enforced, so the rate asked for doesn't count: the sender may
    /// always send less.
    func answer(_ origins: Origins?, _ callbacks: CallbackRules) -> Answer {
        guard let origins else { return .refused(.handshakeOff) }
        if origins.permission(for: origin.lowercased()) != nil {
            guard let callback, callbacks.takes(callback) else {
                return .granted(origin: origin, rate: origins.rate)
            }
            return .calledBack(origin: origin, rate: origins.rate, callback: callback)
        }
        guard callbacks.mode != .off, let callback else { return .refused(.originNotAllowed) }
        return .undecided(origin: origin, callback: callback)
    }

    private static func isOrigin(_ text: String) -> Bool {
        1...253 ~= text.utf8.count
            && text.utf8.allSatisfy { octet in
                switch octet {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }

    /// Whether it's a positive number.
    ///
    /// Spec: CloudEvents Webhook §4.1.3
    private static func isRate(_ text: String) -> Bool {
        1...9 ~= text.utf8.count
            && text.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
            && text.utf8.contains { $0 != UInt8(ascii: "0") }
    }

    /// Whether it may be shown to an operator as an address to open.
    ///
    /// Spec: CloudEvents Webhook §4.1.2
    private static func isCallback(_ text: String) -> Bool {
        authority(ofHTTPS: text) != nil && text.utf8.count <= 1_024 && !text.contains("\"")
    }
}

/// Which addresses are called without asking anybody.
struct CallbackRules: Sendable {
    /// What becomes of senders that name one.
    let mode: HandshakeSettings.Callback
    private let hosts: [String]

    init(_ settings: HandshakeSettings?) {
        mode = settings?.callback ?? .off
        hosts = settings?.callbackHosts ?? []
    }

    /// Whether an address is called by itself; only one at a host that the operator named.
    func takes(_ callback: String) -> Bool {
        guard mode == .auto, let host = authority(ofHTTPS: callback) else { return false }
        return hosts.contains(host)
    }
}
