/// Takes values out of a document and collects every mistake on the way.
///
/// A value that can't be read is reported and left out; reading goes on, so that an operator sees
/// all mistakes at once.
final class Reader {
    let file: String
    let environment: (String) -> String?
    let readFile: (String) throws -> [UInt8]
    /// The text that is read, once it's known to be one.
    var source: SourceText?
    private var diagnostics: [Diagnostic] = []
    private var secretLines: Set<Int> = []

    init(
        file: String, environment: @escaping (String) -> String?,
        readFile: @escaping (String) throws -> [UInt8]
    ) {
        self.file = file
        self.environment = environment
        self.readFile = readFile
    }

    var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }

    func error(
        _ code: Diagnostic.Code, at place: Place, _ sentence: String, hint: String? = nil
    ) {
        report(.error, code, place, sentence, hint)
    }

    func warning(
        _ code: Diagnostic.Code, at place: Place, _ sentence: String, hint: String? = nil
    ) {
        report(.warning, code, place, sentence, hint)
    }

    func error(_ complaint: Complaint, at place: Place) {
        error(complaint.code, at: place, complaint.sentence, hint: complaint.hint)
    }

    func unknownKey(_ entry: Node.Entry, in parent: Place, candidates: some Collection<String>) {
        let place = Place(
            line: entry.keyPlace.line, column: entry.keyPlace.column, path: parent.path)
        error(
            .unknownKey, at: place, "unknown key\(shown(entry.key, at: place))",
            hint: suggestion(for: entry.key, among: candidates))
    }

    /// A key as a message may show it, with a blank before it; nothing where it may be a secret.
    ///
    /// Without the blank after the colon, `{password:x}` is a key.
    func shown(_ key: String, at place: Place) -> String {
        let isSuspect = Self.looksSecret(key) || Self.looksSecret(place.path.description)
        return isSuspect || key.isEmpty ? "" : " \(quoted(key))"
    }

    /// Keeps a line from being shown in a message.
    func hideLine(of place: Place) {
        secretLines.insert(place.line)
    }

    /// All that was reported, by place and bounded, each with its line where it may be shown.
    func sortedDiagnostics() -> [Diagnostic] {
        let limit = Settings.diagnosticsLimit
        let sorted = diagnostics.enumerated().sorted { one, other in
            let (left, right) = (one.element, other.element)
            return (left.line, left.column, one.offset) < (right.line, right.column, other.offset)
        }
        var shown = sorted.prefix(limit).map { entry in
            var diagnostic = entry.element
            diagnostic.sourceLine = showableLine(diagnostic)
            return diagnostic
        }
        if sorted.count > limit, var rest = shown.last {
            rest.severity = hasErrors ? .error : .warning
            rest.code = .tooMany
            rest.sentence = "\(sorted.count - limit) more mistakes are not shown"
            (rest.path, rest.hint, rest.sourceLine) = ("", nil, nil)
            shown.append(rest)
        }
        return shown
    }

    private func report(
        _ severity: Diagnostic.Severity, _ code: Diagnostic.Code, _ place: Place,
        _ sentence: String, _ hint: String?
    ) {
        diagnostics.append(
            Diagnostic(
                severity: severity, code: code, file: file, line: place.line,
                column: place.column, path: place.path.description, sentence: sentence, hint: hint))
    }

    /// A line is held back on the mere look of a secret: where a file can't be parsed, nobody knows
    /// yet which of its texts is one, and a password may stand below its key.
    private func showableLine(_ diagnostic: Diagnostic) -> String? {
        guard let source, !secretLines.contains(diagnostic.line),
            let line = source.line(diagnostic.line)
        else { return nil }
        let around = (source.line(diagnostic.line - 1) ?? "") + line + diagnostic.path
        return line.isEmpty || Self.looksSecret(around) ? nil : line
    }

    private static func looksSecret(_ text: String) -> Bool {
        let lowered = text.lowercased()
        return ["pas", "secret", "token", "auth", "basic", "@"].contains { lowered.contains($0) }
    }
}

extension Reader {
    /// Reads a scalar by a rule that says what is wrong with it.
    func value<Value>(
        _ node: Node, parse: (Scalar) throws(Complaint) -> Value
    ) -> Value? {
        guard let scalar = node.scalar, !scalar.isNull else {
            wrongType(node, expected: "a single value")
            return nil
        }
        do {
            return try parse(scalar)
        } catch {
            self.error(error, at: node.place)
            return nil
        }
    }

    func wrongType(_ node: Node, expected: String, hint: String? = nil) {
        error(.wrongType, at: node.place, "expected \(expected), found \(node.kind)", hint: hint)
    }

    /// The entries of a mapping, each key once; what else stands there is reported.
    func mapping(_ node: Node) -> [Node.Entry]? {
        guard case .mapping(let entries) = node.content else {
            wrongType(
                node, expected: "a mapping",
                hint: node.scalar?.isNull == true ? "remove the key, or write {}" : nil)
            return nil
        }
        return entries
    }

    /// The items of a list of limited length; what else stands there is reported.
    func list(_ node: Node, count: ClosedRange<Int>) -> [Node]? {
        guard case .list(let items) = node.content else {
            wrongType(
                node, expected: "a list",
                hint: node.scalar?.isNull == true ? "write [] or items" : nil)
            return nil
        }
        guard items.count >= count.lowerBound else {
            error(.missingKey, at: node.place, "the list is empty", hint: "add an item")
            return nil
        }
        guard items.count <= count.upperBound else {
            error(
                .tooMany, at: node.place,
                "\(items.count) items, but at most \(count.upperBound) are allowed")
            return nil
        }
        return items
    }

    /// Reads a mapping with fixed keys into a value that holds the defaults.
    func read<Target: Section>(_ node: Node, into target: inout Target) {
        guard let entries = mapping(node) else { return }
        let keys = Target.keys
        for entry in entries {
            if let key = keys.first(where: { $0.name == entry.key }) {
                key.read(entry.value, &target, self)
            } else if Target.later.contains(entry.key) {
                notYetSupported(entry, in: node.place)
            } else {
                unknownKey(entry, in: node.place, candidates: keys.map(\.name) + Target.later)
            }
        }
        missingKeys(keys.filter { $0.isRequired && node[$0.name] == nil }.map(\.name), of: node)
        target.check(node, self)
    }

    /// Reports keys that a mapping must have, all in one.
    func missingKeys(_ names: [String], of node: Node) {
        guard let last = names.last else { return }
        let rest = names.dropLast().map { "'\($0)'" }.joined(separator: ", ")
        error(
            .missingKey, at: node.place,
            rest.isEmpty
                ? "the key '\(last)' is missing" : "the keys \(rest) and '\(last)' are missing")
    }

    private func notYetSupported(_ entry: Node.Entry, in parent: Place) {
        let place = Place(
            line: entry.keyPlace.line, column: entry.keyPlace.column, path: parent.path)
        error(
            .notYetSupported, at: place, "'\(entry.key)' is not supported by this version yet",
            hint: "remove it")
    }

    /// Reads a list of names; their meaning is looked up later, when all names are known.
    func names(_ node: Node) {
        for item in list(node, count: 1...1_000) ?? [] {
            _ = value(item) { (scalar) throws(Complaint) in try name(scalar.text) }
        }
    }
}

/// Reads a name: 1 to 63 lower-case letters, digits and `-`.
func name(_ text: String) throws(Complaint) -> String {
    let isName = text.utf8.allSatisfy {
        $0.isDigit || 0x61...0x7A ~= $0 || $0 == UInt8(ascii: "-")
    }
    guard isName, 1...63 ~= text.utf8.count else {
        throw Complaint(
            "\(quoted(text)) is not a name",
            hint: "use 1 to 63 lower-case letters, digits and '-'")
    }
    return text
}
