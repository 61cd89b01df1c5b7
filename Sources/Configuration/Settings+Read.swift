extension Settings {
    /// The most diagnostics that one reading reports; a last one counts those left out.
    public static let diagnosticsLimit = 100

    /// Reads a configuration of either kind: `veer/v1` or `RouterConfig`.
    ///
    /// Reads no file but by the closures, so it can be called for what-if questions too. Which
    /// kind a file is, its `apiVersion` decides; where that says nothing known, its `kind` or the
    /// presence of `eventProvider` or `eventProcessor`, because the original looked at neither.
    ///
    /// - Parameters:
    ///   - text: the file's octets: UTF-8, at most 1 MiB.
    ///   - file: its name in messages.
    ///   - environment: the value of an environment variable; nil if it isn't set.
    ///   - readFile: the octets of a secret's file, by the path that the configuration has.
    /// - Returns: settings that need no further check, and warnings sorted by place.
    /// - Throws: all mistakes at once.
    public static func read(
        text: [UInt8], file: String, environment: @escaping (String) -> String?,
        readFile: @escaping (String) throws -> [UInt8]
    ) throws(ConfigurationFailure) -> (settings: Settings, warnings: [Diagnostic]) {
        let reader = Reader(file: file, environment: environment, readFile: readFile)
        let source = SourceText(text, reader: reader)
        reader.source = source
        let document = source.flatMap { YAMLDocument($0, reader: reader) }
        let isRouterConfig =
            document.map { isRouter($0.root) } ?? (source.map(looksLikeRouterConfig) ?? false)
        var settings = Settings()
        if let document {
            reader.checkShape(of: document, isRouterConfig)
            if case .mapping = document.root.content {
                isRouterConfig
                    ? reader.readRouterConfig(document.root, into: &settings)
                    : reader.read(reader.withEnvironmentSink(document.root), into: &settings)
            }
        }
        let diagnostics = reader.sortedDiagnostics()
        guard !reader.hasErrors else {
            throw ConfigurationFailure(diagnostics: diagnostics, isRouterConfig: isRouterConfig)
        }
        return (settings, diagnostics)
    }

    /// Reads a configuration of either kind from a text, as from its octets.
    public static func read(
        text: String, file: String, environment: @escaping (String) -> String?,
        readFile: @escaping (String) throws -> [UInt8]
    ) throws(ConfigurationFailure) -> (settings: Settings, warnings: [Diagnostic]) {
        try read(
            text: Array(text.utf8), file: file, environment: environment, readFile: readFile)
    }

    /// These settings with every default as a `veer/v1` text in which secrets are masked.
    ///
    /// Without its masks it would be read as the same settings, but for what only a
    /// `RouterConfig` can say.
    public var maskedYAML: String { tree(in: self).yaml }

    private static func isRouter(_ root: Node) -> Bool {
        let version = root["apiVersion"]?.scalar?.text ?? ""
        if version.hasPrefix("veer/") { return false }
        return version.hasPrefix("event-router.vmware.com/")
            || root["kind"]?.scalar?.text == "RouterConfig"
            || root["eventProvider"] != nil || root["eventProcessor"] != nil
    }

    private static func looksLikeRouterConfig(_ source: SourceText) -> Bool {
        let text = String(source.scalars)
        return text.contains("event-router.vmware.com/") || text.contains("eventProvider:")
    }
}

extension Reader {
    /// A `RouterConfig`'s own reader took the first document and left the rest unread.
    fileprivate func checkShape(of document: YAMLDocument, _ isRouterConfig: Bool) {
        if let next = document.next {
            isRouterConfig
                ? warning(.ignored, at: next, "only the first document of the file is read")
                : error(.documents, at: next, "more than one document", hint: "split the file")
        }
        switch document.root.content {
        case .mapping: break
        case .scalar(let scalar) where scalar.isNull:
            error(.emptyFile, at: document.root.place, "the file is empty")
        default: wrongType(document.root, expected: "a mapping")
        }
    }
}
