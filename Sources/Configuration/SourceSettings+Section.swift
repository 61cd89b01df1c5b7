extension SourceSettings: Section {
    static var blank: Self { Self(name: "", webhook: .blank) }
    static var later: [String] { NotYetSupported.source }

    static var keys: [Key<Self>] {
        [
            .name("its name in routes, logs and metrics", \.name),
            .section(
                "webhook", "a path to which others POST events", \.webhookPart,
                where: { $0.webhook != nil }),
            .section(
                "vcenter", "a vCenter whose events are read", \.vcenterPart,
                where: { $0.vcenter != nil }),
        ]
    }

    private var webhookPart: WebhookSettings {
        get { webhook ?? .blank }
        set { kind = .webhook(newValue) }
    }

    private var vcenterPart: VCenterSettings {
        get { vcenter ?? .blank }
        set { kind = .vcenter(newValue) }
    }

    func check(_ node: Node, _ reader: Reader) {
        reader.checkKind(of: node, "a source", known: ["webhook", "vcenter"], later: Self.later)
    }
}

extension WebhookSettings: Section {
    static var blank: Self { Self(listeners: []) }
    static var later: [String] { NotYetSupported.webhook }

    static var keys: [Key<Self>] {
        [
            .names("listeners", "the names of its listeners; all, if left out") {
                webhook, settings in
                webhook.listeners.map { settings.listeners[$0].name }
            },
            .text(
                "path", "the path, matched octet by octet", \.path,
                shape: [("type", .text("string")), ("pattern", .text("^/[^?#]*$"))],
                parse: webhookPath),
            .value(
                "successStatus", "the status of a success", \.successStatus,
                shape: [("enum", .list(successStatuses.map { .literal("\($0)") }))],
                parse: status, show: { .literal("\($0)") }),
            .auth("any one that succeeds lets a request in; left out, everyone is let in", \.auth),
            .values(
                "allowPeers", "who may send, by the client's own address", \.allowPeers,
                count: 1...1_000, isRequired: false, item: SchemaReference.addressBlock,
                parse: AddressBlock.init(configured:), show: \.description),
            .section(
                "failedAttempts", "how often a client may get its credentials wrong",
                \.failedAttempts),
            .choice(
                "percentDecoding", "how percent-encoding in ce- headers is read",
                \.percentDecoding),
            .section("handshake", "how senders ask whether they may send", \.handshake),
            .section("rateLimit", "how many requests are taken", \.rateLimit),
            .section("duplicates", "how long events are remembered", \.duplicates),
            .section("signature", "how the sender signs what it sends", \.signature),
            .adapter("adapter", "what makes events of the sender's requests", \.adapter),
        ]
    }
}

private let successStatuses = [200, 201, 202, 204]

private func status(_ scalar: Scalar) throws(Complaint) -> Int {
    let status = try wholeNumber(scalar)
    guard successStatuses.contains(status) else {
        throw Complaint("\(status) is not one of 200, 201, 202, 204")
    }
    return status
}

extension Reader {
    /// Says what is missing or too many where exactly one of several keys makes a thing what it is.
    func checkKind(of node: Node, _ thing: String, known: [String], later: [String]) {
        let kinds = node.entries.filter { known.contains($0.key) || later.contains($0.key) }
        if kinds.isEmpty {
            let names = known.map { "'\($0)'" }.joined(separator: ", ")
            error(
                .missingKey, at: node.place,
                known.count == 1 ? "the key \(names) is missing" : "\(thing) needs one of \(names)")
        }
        let known = kinds.filter { known.contains($0.key) }
        for extra in known.dropFirst() {
            error(
                .conflict, at: extra.keyPlace,
                "\(thing) can't be both '\(known[0].key)' and '\(extra.key)'")
        }
    }
}
