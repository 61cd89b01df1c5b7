internal import Configuration

/// Finds a sink's address by the rules of Knative's destinations: pure.
///
/// Spec: Knative Destination §v1
struct Destination: Equatable {
    let reference: ReferenceSettings
    /// Relative to the object's address; empty for that itself.
    let uri: String
    /// Whether the sink itself says whom to trust.
    let hasAuthorities: Bool

    init(_ settings: HTTPSinkSettings, reference: ReferenceSettings) {
        self.reference = reference
        uri = settings.uri
        hasAuthorities = settings.tls.ca != nil || settings.tls.authorities != nil
    }

    /// The address of a Service of the core, which follows from its name; no other kind's does.
    ///
    /// Nobody is asked whether there is such a Service: the right to do so isn't needed, and an
    /// event that it doesn't take is sent again anyway.
    func serviceAddress(namespace: String, clusterDomain: String) -> SinkAddress? {
        guard reference.isCoreService else { return nil }
        let host = "\(reference.name).\(reference.namespace ?? namespace).svc.\(clusterDomain)"
        let port = reference.port.map { ":\($0)" } ?? ""
        let base = "\(hasAuthorities ? "https" : "http")://\(host)\(port)"
        return SinkAddress(url: resolved(uri, against: base))
    }

    /// The address that an object gives.
    func address(of object: Addressable) throws(Obstacle) -> SinkAddress {
        let found = try object.address(named: reference.address)
        guard let url = found.url, !url.isEmpty else { throw .notReady }
        if let reason = flaw(ofURL: url) { throw .unusable(reason) }
        var address = SinkAddress(url: resolved(uri, against: url))
        address.authorities = found.CACerts.flatMap { $0.isEmpty ? nil : $0 }
        address.audience = found.audience.flatMap { $0.isEmpty ? nil : $0 }
        return address
    }
}

/// Why an object's URL can't be used; nil if it can.
private func flaw(ofURL url: String) -> String? {
    let lowered = url.lowercased()
    guard let scheme = ["http://", "https://"].first(where: lowered.hasPrefix) else {
        return "it's no http or https URL"
    }
    guard url.utf8.allSatisfy({ 0x21...0x7E ~= $0 }), url.utf8.count <= 4_096 else {
        return "it holds characters that no URL may hold, or too many"
    }
    let authority = url.dropFirst(scheme.count).prefix { !"/?#".contains($0) }
    if authority.isEmpty || authority.hasPrefix(":") { return "it has no host" }
    if authority.contains("@") { return "it holds user information" }
    return url.contains("#") ? "it has a fragment" : nil
}

/// What is told of a sink's object.
enum ObjectNews {
    case present(Addressable)
    case absent
    case unknownKind
    case failing(code: String, sentence: String)
}

/// Decides what becomes of a sink when there is news of its object: pure.
struct DestinationState {
    /// What follows from the news.
    enum Change: Equatable {
        /// Send there from now on.
        case moved(SinkAddress)
        /// Send nothing until there is another address.
        case lost(Obstacle)
        /// Nothing can be found out, but what was found before may hold.
        case unsure(Obstacle)
    }

    private let destination: Destination
    private(set) var address: SinkAddress?
    private var obstacle: Obstacle?

    init(_ destination: Destination) { self.destination = destination }

    /// - Returns: nothing where all stays as it is.
    mutating func take(_ news: ObjectNews) -> Change? {
        do throws(Obstacle) {
            return move(to: try address(from: news))
        } catch {
            // A server that can't be asked says nothing of the address.
            if case .failing = error, address != nil { return .unsure(error) }
            guard obstacle != error else { return nil }
            (address, obstacle) = (nil, error)
            return .lost(error)
        }
    }

    private mutating func move(to new: SinkAddress) -> Change? {
        obstacle = nil
        guard new != address else { return nil }
        address = new
        return .moved(new)
    }

    private func address(from news: ObjectNews) throws(Obstacle) -> SinkAddress {
        switch news {
        case .present(let object): try destination.address(of: object)
        case .absent: throw .absent
        case .unknownKind: throw .unknownKind
        case .failing(let code, let sentence): throw .failing(code: code, sentence: sentence)
        }
    }
}
