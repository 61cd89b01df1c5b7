internal import CloudEvents

/// A sink that the environment names: Knative's contract with the containers that make events.
///
/// A SinkBinding or a ContainerSource sets the variables and mounts the volumes.
///
/// Spec: Knative SinkBinding §v1
public struct SinkBindingSettings: Sendable, Equatable {
    /// The file of the token that proves to the sink who sends; there need be none.
    public var token = "/oidc/token"
    /// A directory below which each PEM file holds authorities; there need be none.
    public var trustBundles = "/knative-custom-certs"
    /// What `K_CA_CERTS` holds: the authorities of the sink, as PEM.
    public var certificates: [UInt8]?
    /// All authorities to trust beside the system's, as PEM: those, and what the bundles hold,
    /// which whoever reads files adds.
    public var authorities: [UInt8]?
    /// Whether ``token`` was there, and so is what the sink is shown.
    public var hasToken = false
    /// What `K_SINK_TIMEOUT` says an attempt may take; else the routes say so.
    public var timeout: Duration?

    /// The places that Knative uses.
    public init() {}

    /// The name of the sink that is used where a configuration names none.
    static let sinkName = "k-sink"

    /// The most seconds that `K_SINK_TIMEOUT` can say.
    static let timeoutSecondsLimit = 86_400
}

extension SinkBindingSettings: Section {
    static var blank: Self { Self() }

    static var keys: [Key<Self>] {
        [
            .text(
                "token", "the file of the token that proves to the sink who sends, if it's there",
                \.token, parse: filePath),
            .text(
                "trustBundles", "a directory below which PEM files hold more authorities to trust",
                \.trustBundles, parse: filePath),
        ]
    }
}

extension HTTPSinkSettings {
    /// Takes from the environment what the sink's binding left there.
    mutating func readEnvironment(_ node: Node, _ reader: Reader) {
        guard let place = node["env"]?.place, var binding = env else { return }
        if let text = reader.environment("K_SINK"), !text.isEmpty {
            do throws(Complaint) {
                uri = try sinkURI(text)
            } catch {
                reader.error(
                    .invalidValue, at: place, "K_SINK: \(error.sentence)", hint: error.hint)
            }
        } else {
            reader.error(
                .missingKey, at: place, "the environment variable K_SINK is not set",
                hint: "a SinkBinding or a ContainerSource sets it")
        }
        if let text = reader.environment("K_CA_CERTS"), !text.isEmpty {
            binding.certificates = Array(text.utf8)
        }
        binding.timeout = reader.sinkTimeout(place)
        if auth == nil, let secret = reader.sinkToken(binding.token, place) {
            (auth, binding.hasToken) = (.bearer(secret), true)
            reader.warnOfClearText(uri, at: place, "the token of \(binding.token)")
        }
        env = binding
        reader.environmentOverrides(place, into: &ceOverrides)
        guard let entry = node["tls"]?.entry("ca") else { return }
        reader.error(
            .conflict, at: entry.keyPlace, "the environment says whom this sink's TLS trusts",
            hint: "remove 'ca'; K_CA_CERTS and the trust bundles say it")
    }
}

extension Reader {
    /// The token that is mounted, if one is; it's read again when it changes.
    fileprivate func sinkToken(_ path: String, _ place: Place) -> Secret? {
        guard (try? readFile(path)) != nil else { return nil }
        do throws(SecretUnavailable) {
            return try Secret.inFile(path, by: readFile)
        } catch {
            self.error(.secretUnavailable, at: place, error.description)
            return nil
        }
    }

    /// What `K_SINK_TIMEOUT` says; less than a second and what is no number is no limit there.
    fileprivate func sinkTimeout(_ place: Place) -> Duration? {
        guard let text = environment("K_SINK_TIMEOUT"), !text.isEmpty, text != "-1"
        else { return nil }
        guard let seconds = Int(text), 1...SinkBindingSettings.timeoutSecondsLimit ~= seconds
        else {
            warning(
                .ignored, at: place, "K_SINK_TIMEOUT is \(quoted(text)), and not used",
                hint: "it's a whole number of seconds, at most one day's; -1 sets none")
            return nil
        }
        return .seconds(seconds)
    }

    /// Adds what `K_CE_OVERRIDES` says of attributes of which the configuration says nothing.
    fileprivate func environmentOverrides(
        _ place: Place, into overrides: inout ExtensionOverrides
    ) {
        guard let text = environment("K_CE_OVERRIDES"),
            text.contains(where: { !$0.isWhitespace })
        else { return }
        // JSON is YAML; what is wrong with it is told of the variable, not of the file.
        let inner = Reader(file: "K_CE_OVERRIDES", environment: { _ in nil }, readFile: readFile)
        inner.source = SourceText(Array(text.utf8), reader: inner)
        guard let source = inner.source, let root = YAMLDocument(source, reader: inner)?.root
        else { return report(inner, at: place) }
        if case .mapping(let entries) = root.content {
            for entry in entries where entry.key != "extensions" {
                inner.warning(
                    .ignored, at: entry.keyPlace, "\(quoted(entry.key)) is not known, and not used")
            }
            if let node = root["extensions"], node.scalar?.isNull != true {
                inner.overrides(node, into: &overrides, keepsOld: true)
            }
        } else {
            inner.wrongType(root, expected: "a JSON object")
        }
        report(inner, at: place)
    }

    private func report(_ inner: Reader, at place: Place) {
        for diagnostic in inner.sortedDiagnostics() {
            let path = diagnostic.path.isEmpty ? "" : " at \(diagnostic.path)"
            let sentence = "\(inner.file): \(diagnostic.sentence)\(path)"
            if diagnostic.severity == .error {
                error(.invalidValue, at: place, sentence, hint: diagnostic.hint)
            } else {
                warning(diagnostic.code, at: place, sentence, hint: diagnostic.hint)
            }
        }
    }

    /// A configuration that names no sink where the environment does, as if it had named that.
    func withEnvironmentSink(_ root: Node) -> Node {
        guard case .mapping(var entries) = root.content, root["sinks"] == nil,
            environment("K_SINK")?.isEmpty == false
        else { return root }
        func node(_ content: Node.Content, _ path: Path) -> Node {
            Node(
                place: Place(line: root.place.line, column: root.place.column, path: path),
                content: content)
        }
        func entry(_ key: String, _ value: Node.Content, _ parent: Path) -> Node.Entry {
            Node.Entry(
                key: key, keyPlace: root.place, value: node(value, .key(key, of: parent)))
        }
        let name = Node.Content.scalar(
            Scalar(text: SinkBindingSettings.sinkName, isPlain: true))
        let sink = Path.item(0, of: .key("sinks", of: .root))
        let sinks = node(
            .mapping([entry("name", name, sink), entry("env", .mapping([]), sink)]), sink)
        entries.append(entry("sinks", .list([sinks]), .root))
        func to(_ route: Path) -> Node.Entry {
            entry("to", .list([node(name, .item(0, of: .key("to", of: route)))]), route)
        }
        if let place = entries.firstIndex(where: { $0.key == "routes" }) {
            let routes = entries[place].value
            guard case .list(let items) = routes.content else {
                return Node(place: root.place, content: .mapping(entries))
            }
            let complete = items.map { item in
                guard case .mapping(let keys) = item.content, item["to"] == nil else { return item }
                return Node(
                    place: item.place, content: .mapping(keys + [to(item.place.path)]))
            }
            entries[place] = Node.Entry(
                key: "routes", keyPlace: entries[place].keyPlace,
                value: Node(place: routes.place, content: .list(complete)))
        } else {
            let route = Path.item(0, of: .key("routes", of: .root))
            entries.append(
                entry(
                    "routes",
                    .list([node(.mapping([entry("name", name, route), to(route)]), route)]), .root))
        }
        return Node(place: root.place, content: .mapping(entries))
    }
}
