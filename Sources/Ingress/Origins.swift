internal import Configuration
internal import HTTP

/// Which systems may send, and how often.
///
/// A limit belongs to an item of the list and not to a name, so that whoever makes names up under
/// a suffix gets no more for it, and nothing has to be remembered of a handshake.
///
/// Ownership: any thread.
struct Origins: Sendable {
    /// What an item of the list lets in.
    struct Permission: Sendable {
        fileprivate let name: String
        let limit: RateLimit?

        /// Whether an origin, in lower case, is the name or ends with it.
        fileprivate func covers(_ origin: String) -> Bool {
            guard name.first == "*" else { return name == origin }
            return name == "*" || origin.hasSuffix(name.dropFirst())
        }
    }

    private var permissions: [Permission]
    /// The most requests in a minute; nothing where there is no limit.
    let rate: Int?
    private let isRequired: Bool

    init(_ settings: HandshakeSettings) {
        rate = settings.rate > 0 ? settings.rate : nil
        isRequired = settings.requiresOrigin
        permissions = settings.origins.map { [rate] in Self.permission($0, rate) }
    }

    /// Lets one more origin in, in lower case.
    mutating func admit(_ origin: String) {
        guard permission(for: origin) == nil else { return }
        permissions.append(Self.permission(origin, rate))
    }

    private static func permission(_ name: String, _ rate: Int?) -> Permission {
        Permission(name: name, limit: rate.map { RateLimit($0, per: .seconds(60), burst: $0) })
    }

    /// The item of the list that lets an origin in.
    ///
    /// - Parameter origin: in lower case.
    func permission(for origin: String) -> Permission? {
        permissions.first { $0.covers(origin) }
    }

    /// What a request is refused for, if it is, and counts it if not.
    func refusal(
        _ head: RequestHead, _ message: Span<UInt8>, now: Int
    ) -> BoundRefusal? {
        switch head.onlyValue(of: "webhook-request-origin", in: message) {
        case .none: return isRequired ? .originMissing : nil
        case .several: return .originMissing
        case .one(let origin):
            guard let permission = permission(for: origin.lowercased()) else {
                return .originNotAllowed
            }
            return permission.limit?.take(now: now).map { .rateLimited($0) }
        }
    }
}

extension RequestHead {
    /// How often a field is there.
    enum Occurrence: Equatable {
        case none
        case one(String)
        case several
    }

    /// The value of a field that must not be there twice.
    ///
    /// - Parameter name: in lower case.
    func onlyValue(of name: StaticString, in message: Span<UInt8>) -> Occurrence {
        var found = Occurrence.none
        for field in fields where message.equalsIgnoringCase(name, in: field.name) {
            guard found == .none else { return .several }
            found = .one(String(decoding: field.value.map { message[$0] }, as: UTF8.self))
        }
        return found
    }
}
