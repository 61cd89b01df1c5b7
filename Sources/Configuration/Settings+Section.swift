extension Settings: Section {
    static var blank: Self { Self() }

    static var keys: [Key<Self>] {
        [
            .constant("apiVersion", "the version of these rules", "veer/v1"),
            .constant("kind", "what is configured", "Gateway"),
            .list("listeners", "where requests come in", \.listeners, count: 0...64),
            .list("sources", "who makes events", \.sources, count: 1...1_000),
            .list("sinks", "where events go", \.sinks, count: 1...63),
            .list("routes", "which sources' events go to which sinks", \.routes, count: 1...1_000),
            .section("journal", "how accepted events are kept", \.journal),
            .section("admin", "the operators' own listener", \.admin),
            .section(
                "leaderElection", "how replicas agree on the one that reads vCenters",
                \.leaderElection),
            .section(
                "kubernetes", "the cluster in which sinks are looked up and the Lease is",
                \.kubernetes,
                where: \.looksUpSinks),
            .section("log", "what is logged, and how", \.log),
            .section("shutdown", "how the process ends", \.shutdown),
        ]
    }

    mutating func check(_ node: Node, _ reader: Reader) {
        let listenerNames = reader.namesDefined(in: node["listeners"])
        let sourceNames = reader.namesDefined(in: node["sources"])
        let sinkNames = reader.namesDefined(in: node["sinks"])
        _ = reader.namesDefined(in: node["routes"])
        for (index, source) in (node["sources"]?.items ?? []).prefix(sources.count).enumerated() {
            sources[index].webhook?.listeners =
                reader.places(of: source["webhook"]?["listeners"], in: listenerNames, "listener")
                ?? Array(listeners.indices)
        }
        if listeners.isEmpty, sources.contains(where: { $0.webhook != nil }) {
            reader.missingListeners(node)
        }
        for (index, route) in (node["routes"]?.items ?? []).prefix(routes.count).enumerated() {
            routes[index].sources =
                reader.places(of: route["from"], in: sourceNames, "source")
                ?? Array(sources.indices)
            routes[index].sinks = reader.places(of: route["to"], in: sinkNames, "sink") ?? []
            checkDeadLetterSink(ofRoute: index, route, sinkNames, reader)
        }
        recogniseDefaultControl()
        checkAddresses(node, reader)
        checkPaths(node, reader)
        checkClientCertificates(node, reader)
        checkLeaderElection(node, reader)
        // What is refused is not judged further.
        if !reader.hasErrors { warn(node, reader) }
    }

    private func checkAddresses(_ node: Node, _ reader: Reader) {
        var taken: [String: String] = [:]
        let nodes = (node["listeners"]?.items ?? []) + [node["admin"]].compactMap { $0 }
        for address in nodes.compactMap({ $0["address"] }) {
            guard let text = address.scalar?.text,
                let parsed = try? ListenAddress(configured: text)
            else { continue }
            if case .ip(_, port: 0) = parsed { continue }
            if let other = taken[parsed.description] {
                reader.error(
                    .conflict, at: address.place, "the address \(parsed) is taken by \(other)")
            } else {
                taken[parsed.description] = address.place.path.description
            }
        }
    }

    /// Two sources can't both answer the requests for one path of one listener.
    private func checkPaths(_ node: Node, _ reader: Reader) {
        struct Endpoint: Hashable {
            let listener: Int
            let path: String
        }
        var taken: [Endpoint: Int] = [:]
        for (index, source) in (node["sources"]?.items ?? []).prefix(sources.count).enumerated() {
            guard let webhook = source["webhook"] else { continue }
            let path = webhook["path"]?.scalar?.text ?? WebhookSettings.blank.path
            let endpoints = (sources[index].webhook?.listeners ?? []).map {
                Endpoint(listener: $0, path: path)
            }
            if let other = endpoints.lazy.compactMap({ taken[$0] }).first {
                reader.error(
                    .conflict, at: (webhook["path"] ?? webhook).place,
                    "the path \(quoted(path)) is taken by sources[\(other)] on the same listener",
                    hint: "give each source its own path or listeners")
            }
            for endpoint in endpoints { taken[endpoint] = taken[endpoint] ?? index }
        }
    }

    /// Where nobody tells a client's certificate, nobody could be let in by one.
    private func checkClientCertificates(_ node: Node, _ reader: Reader) {
        for (index, source) in (node["sources"]?.items ?? []).prefix(sources.count).enumerated() {
            guard let webhook = source["webhook"],
                let entry = reader.authEntries("clientCertificate", in: webhook).first,
                !(sources[index].webhook?.listeners ?? []).contains(where: {
                    listeners[$0].knowsClientCertificates
                })
            else { continue }
            reader.error(
                .conflict, at: entry.keyPlace,
                "no listener of this source learns of client certificates",
                hint: "set tls.clients on one, or trustedProxies where a proxy in front sends"
                    + " x-forwarded-client-cert")
        }
    }

    private func warn(_ node: Node, _ reader: Reader) {
        let letterSinks = routes.compactMap(\.delivery.deadLetterSink)
        let used = (
            sources: Set(routes.flatMap(\.sources)),
            sinks: Set(routes.flatMap(\.sinks) + letterSinks)
        )
        for (index, item) in (node["sources"]?.items ?? []).enumerated() {
            if !used.sources.contains(index) {
                reader.warning(
                    .unused, at: item.place, "no route takes events from '\(sources[index].name)'",
                    hint: "its events are accepted and go nowhere")
            }
            guard let webhook = sources[index].webhook else { continue }
            let isGuarded =
                webhook.listeners.map { listeners[$0] }
                .allSatisfy { $0.address.isLocal || $0.tls?.clients.mode == .required }
                || webhook.allowPeers != AddressBlock.everyone
            if webhook.auth.isEmpty, webhook.signature == nil, !isGuarded {
                reader.warning(
                    .openEndpoint, at: (item["webhook"] ?? item).place,
                    "anyone who reaches this webhook can send events", hint: "add auth")
            }
        }
        for (index, item) in (node["sinks"]?.items ?? []).enumerated()
        where !used.sinks.contains(index) {
            reader.warning(
                .unused, at: item.place, "no route sends events to '\(sinks[index].name)'")
        }
        if admin.auth.isEmpty, !admin.address.isLocal, let place = node["admin"]?.place {
            reader.warning(
                .openEndpoint, at: place, "anyone who reaches this address can watch the events",
                hint: "add auth")
        }
    }
}

extension Settings {
    fileprivate var looksUpSinks: Bool {
        kubernetes != KubernetesSettings() || leaderElection != nil
            || sinks.contains {
                if case .uri(let http) = $0.target { http.reference != nil } else { false }
            }
    }
}

extension ListenerSettings {
    fileprivate var knowsClientCertificates: Bool {
        !trustedProxies.isEmpty || tls.map { $0.clients.mode != .off } ?? false
    }
}

extension Reader {
    /// Says that a webhook has nowhere to listen.
    fileprivate func missingListeners(_ node: Node) {
        guard let listeners = node["listeners"] else {
            return missingKeys(["listeners"], of: node)
        }
        guard case .list(let items) = listeners.content, items.isEmpty else { return }
        error(.missingKey, at: listeners.place, "the list is empty", hint: "add an item")
    }

    /// The names that a section gives to its items, with the items' places; each name once.
    fileprivate func namesDefined(in section: Node?) -> [String: Int] {
        var places: [String: Int] = [:]
        for (index, item) in (section?.items ?? []).enumerated() {
            guard let node = item["name"], let name = node.scalar?.text else { continue }
            if let other = places[name] {
                let owner = Path.item(other, of: section?.place.path ?? .root)
                error(
                    .duplicateName, at: node.place, "the name \(quoted(name)) is taken by \(owner)")
            } else {
                places[name] = index
            }
        }
        return places
    }

    /// The place of the thing that a scalar names.
    func place(of node: Node, in names: [String: Int], _ thing: String) -> Int? {
        guard let name = node.scalar?.text, (try? Configuration.name(name)) != nil
        else { return nil }
        // With no names at all, their absence was reported and is the mistake.
        if names[name] == nil, !names.isEmpty {
            error(
                .unknownName, at: node.place, "no \(thing) is named \(quoted(name))",
                hint: suggestion(for: name, among: names.keys))
        }
        return names[name]
    }

    /// The places of the things that a list names; nil where there is no list.
    fileprivate func places(
        of node: Node?, in names: [String: Int], _ thing: String
    ) -> [Int]? {
        guard let node else { return nil }
        var places: [Int] = []
        for item in node.items {
            guard let place = place(of: item, in: names, thing) else { continue }
            if places.contains(place) {
                let name = item.scalar?.text ?? ""
                error(.conflict, at: item.place, "\(quoted(name)) is named twice")
            }
            places.append(place)
        }
        return places
    }
}
