/// What an object says of where events can be sent to it; any object that says so can be a sink.
///
/// Spec: Knative Addressable §v1
struct Addressable: Decodable, Equatable {
    /// One of its addresses.
    struct Address: Decodable, Equatable {
        var name: String?
        var url: String?
        /// The authorities that vouch for it, as PEM.
        var CACerts: String?
        /// Whom a token must be for.
        var audience: String?
    }

    struct Status: Decodable, Equatable {
        var address: Address?
        var addresses: [Address]?
    }

    var status: Status?

    /// The address that is meant.
    ///
    /// Where there are several, the single one beside them doesn't count.
    ///
    /// - Parameter name: the name of one of several; nil takes the first.
    func address(named name: String?) throws(Obstacle) -> Address {
        let several = status?.addresses ?? []
        if several.isEmpty {
            guard let address = status?.address else { throw .notReady }
            guard name == nil || address.name == name else { throw .noSuchAddress(name ?? "") }
            return address
        }
        guard let name else { return several[0] }
        guard let address = several.first(where: { $0.name == name }) else {
            throw .noSuchAddress(name)
        }
        return address
    }
}

/// Why it isn't known where a sink is.
enum Obstacle: Error, Equatable {
    /// The object isn't there.
    case absent
    /// The cluster has no such kind.
    case unknownKind
    /// The object has no address yet.
    case notReady
    /// None of its addresses has this name.
    case noSuchAddress(String)
    /// Its address is no absolute `http` or `https` URL.
    case unusable(String)
    /// The API server can't be asked, or doesn't answer.
    case failing(code: String, sentence: String)

    /// A stable word for logs.
    var code: String {
        switch self {
        case .absent: "absent"
        case .unknownKind: "unknown_kind"
        case .notReady: "not_ready"
        case .noSuchAddress: "no_such_address"
        case .unusable: "unusable_address"
        case .failing(let code, _): code
        }
    }

    /// A sentence for people.
    var sentence: String {
        switch self {
        case .absent: "there is no such object"
        case .unknownKind:
            "the cluster has no such kind; install what defines it, or correct ref.apiVersion and"
                + " ref.kind"
        case .notReady: "the object has no address yet"
        case .noSuchAddress(let name): "none of the object's addresses is named \"\(name)\""
        case .unusable(let reason): "the object's address can't be used: \(reason)"
        case .failing(_, let sentence): sentence
        }
    }

    /// What to do about it; nil where the sentence says that.
    var remedy: String? {
        switch self {
        case .absent: "make it, or correct 'ref'"
        case .notReady: "its status says what it waits for: kubectl describe"
        case .noSuchAddress: "correct ref.address"
        case .unusable: "correct what gave it that address"
        case .unknownKind, .failing: nil
        }
    }
}
