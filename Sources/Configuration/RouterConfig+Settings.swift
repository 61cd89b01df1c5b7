extension Reader {
    /// Reads a `RouterConfig` and gives it the meaning it had.
    ///
    /// One provider, one sink, nothing stored: a request is answered when the sink has the event.
    /// But a vCenter with a checkpoint has a journal in the checkpoint's directory, because what
    /// was read and isn't delivered must outlive the process, too.
    func readRouterConfig(_ root: Node, into settings: inout Settings) {
        check(root, has: .file)
        let provider = readRouterProvider(root, into: &settings)
        let sink = routerSink(root)
        readRouterMetrics(root, into: &settings)
        guard let provider, let sink else { return }
        settings.sinks = [SinkSettings(name: "knative", target: .uri(sink))]
        var route = RouteSettings(name: "router", sources: [0], sinks: [0])
        route.delivery = .routerConfig
        settings.routes = [route]
        settings.journal.mode = .memory
        if let directory = settings.sources[0].vcenter?.formerCheckpoints {
            settings.journal.mode = .durable
            settings.journal.path = directory
        }
        settings.router = RouterSettings(
            providerType: provider.type, providerAddress: provider.address,
            processorType: "knative",
            processorAddress: sink.reference?.description ?? sink.uri)
    }

    /// Reads where events come from.
    private func readRouterProvider(
        _ root: Node, into settings: inout Settings
    ) -> (type: String, address: String)? {
        guard let end = routerEnd(root, "eventProvider", ["webhook", "vcenter", "vcsim"])
        else { return nil }
        let type = end["type"]?.routerText ?? ""
        guard type != "webhook" else {
            guard let webhook = routerWebhook(end) else { return nil }
            settings.listeners = [ListenerSettings(name: "webhook", address: webhook.address)]
            settings.sources = [SourceSettings(name: type, webhook: webhook.settings)]
            return (type, webhook.bindAddress)
        }
        guard let section = routerRequired(type, of: end),
            let vcenter = routerVCenter(section, root, type: type)
        else { return nil }
        settings.sources = [SourceSettings(name: type, kind: .vcenter(vcenter))]
        return (type, vcenter.address)
    }

    private typealias Webhook = (
        bindAddress: String, address: ListenAddress, settings: WebhookSettings
    )

    private func routerWebhook(_ provider: Node) -> Webhook? {
        guard let section = routerRequired("webhook", of: provider) else { return nil }
        var webhook = WebhookSettings(listeners: [0])
        webhook.successStatus = 200
        // The original decoded nothing on its way in and encoded nothing on its way out.
        webhook.percentDecoding = .off
        webhook.duplicates.window = .zero
        webhook.auth = routerAuth(section)
        let path = section["path"]
        webhook.path = value(path?.routerText ?? "", at: (path ?? section).place, routerPath) ?? ""
        guard let (text, address) = routerBindAddress(section) else { return nil }
        return (text, address, webhook)
    }

    private func readRouterMetrics(_ root: Node, into settings: inout Settings) {
        guard let metrics = routerEnd(root, "metricsProvider", ["default"]),
            let section = routerRequired("default", of: metrics)
        else { return }
        settings.admin.auth = routerAuth(section)
        if let (_, address) = routerBindAddress(section) { settings.admin.address = address }
    }

    private func routerBindAddress(_ section: Node) -> (String, ListenAddress)? {
        guard let node = section["bindAddress"] else {
            error(.missingKey, at: section.place, "the key 'bindAddress' is missing")
            return nil
        }
        return value(node.routerText, at: node.place, bindAddress).map { (node.routerText, $0) }
    }

    /// Without `basicAuth` the original would let everyone in; that must have been meant.
    private func routerAuth(_ section: Node) -> [AuthSettings] {
        guard let auth = section.routerSection("auth") else {
            warning(
                .openEndpoint, at: section.place, "anyone who reaches this address is let in",
                hint: "add auth")
            return []
        }
        guard let basic = auth.routerSection("basicAuth") else {
            error(.missingKey, at: auth.place, "the key 'basicAuth' is missing")
            return []
        }
        if let place = basic["password"]?.place { hideLine(of: place) }
        let username = basic["username"]?.routerText ?? ""
        guard value(username, at: (basic["username"] ?? basic).place, basicUsername) != nil else {
            return []
        }
        let password = basic["password"]?.routerText ?? ""
        if password.isEmpty { warning(.insecure, at: basic.place, "the password is empty") }
        return [.basic(username: username, password: Secret(password))]
    }

    private func routerSink(_ root: Node) -> HTTPSinkSettings? {
        guard let processor = routerEnd(root, "eventProcessor", ["knative"]),
            let section = routerRequired("knative", of: processor)
        else { return nil }
        let mode = routerContentMode(section)
        if let auth = section["auth"], section.routerSection("auth") != nil {
            warning(.ignored, at: auth.place, "this section never had an effect and has none here")
        }
        let isInsecure = section.routerFlag("insecureSSL")
        if isInsecure, let place = section["insecureSSL"]?.place {
            warning(.insecure, at: place, "the sink's certificate is not verified")
        }
        guard let destination = routerRequired("destination", of: section) else { return nil }
        guard var sink = routerDestination(destination), let mode else { return nil }
        sink.contentMode = mode
        sink.headerEncoding = .raw
        sink.tls.isInsecure = isInsecure
        return sink
    }

    private func routerContentMode(_ section: Node) -> HTTPSinkSettings.ContentMode? {
        guard let node = section["encoding"] else {
            error(
                .missingKey, at: section.place, "the key 'encoding' is missing",
                hint: "write binary or structured")
            return nil
        }
        return value(node.routerText, at: node.place) { (text) throws(Complaint) in
            guard let mode = HTTPSinkSettings.ContentMode(rawValue: text) else {
                throw Complaint(
                    "\(quoted(text)) is neither binary nor structured",
                    hint: suggestion(for: text, among: ["binary", "structured"]))
            }
            return mode
        }
    }

    /// One of the original's three ends; nil after saying why it can't be used.
    private func routerEnd(_ root: Node, _ name: String, _ supported: [String]) -> Node? {
        guard let end = routerRequired(name, of: root) else { return nil }
        guard let node = end["type"], !node.routerText.isEmpty else {
            error(.missingKey, at: end.place, "the key 'type' is missing")
            return nil
        }
        let type = node.routerText
        if supported.contains(type) { return end }
        if name == "eventProcessor", NotYetSupported.processors.contains(type) {
            error(
                .notYetSupported, at: node.place, "'\(type)' is not supported and not planned",
                hint: "use type knative with destination.uri, the address of any HTTP sink")
        } else if name == "eventProvider", NotYetSupported.providers.contains(type) {
            error(
                .notYetSupported, at: node.place, "'\(type)' is not supported by this version yet",
                hint: "of the providers, webhook, vcenter and vcsim are")
        } else {
            error(
                .invalidValue, at: node.place, "invalid type specified: \(quoted(type))",
                hint: suggestion(for: type, among: supported))
        }
        return nil
    }

    private func routerRequired(_ key: String, of node: Node) -> Node? {
        if let section = node.routerSection(key) { return section }
        // A section of another type was reported when the shape was checked.
        if node[key]?.scalar?.isNull ?? true {
            error(.missingKey, at: node.place, "the section '\(key)' is missing")
        }
        return nil
    }

    func value<Value>(
        _ text: String, at place: Place, _ parse: (String) throws(Complaint) -> Value
    ) -> Value? {
        do {
            return try parse(text)
        } catch {
            self.error(error, at: place)
            return nil
        }
    }
}

extension DeliverySettings {
    /// Three retries after 200, 400 and 800 ms, whatever a sink's `Retry-After` says.
    ///
    /// The original waited for a sink without end, but gave its own sender up after ten minutes.
    fileprivate static var routerConfig: Self {
        var delivery = DeliverySettings()
        delivery.retry = 3
        delivery.backoffPolicy = .exponential
        delivery.backoffDelay = .milliseconds(200)
        delivery.timeout = .seconds(600)
        delivery.retryAfterMax = .zero
        return delivery
    }
}
