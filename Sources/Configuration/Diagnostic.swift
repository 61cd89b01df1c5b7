/// A mistake in a configuration, or something in it that deserves a second look.
public struct Diagnostic: Sendable, Equatable, CustomStringConvertible {
    /// Whether the configuration can be used all the same.
    public enum Severity: String, Sendable {
        /// It can't.
        case error
        /// It can.
        case warning
    }

    /// The kind of mistake, for tools and manuals; a code never changes its meaning.
    public enum Code: String, Sendable, CaseIterable {
        /// The file says nothing.
        case emptyFile = "empty-file"
        /// The file has too many bytes or values.
        case tooLarge = "too-large"
        /// The file is not UTF-8, or holds characters that a text has no use for.
        case notText = "not-text"
        /// The file is not YAML.
        case syntax
        /// The file holds more than one document.
        case documents
        /// Values are nested too deeply.
        case tooDeep = "too-deep"
        /// There are too many aliases, or one without its anchor.
        case alias
        /// A value has a tag.
        case tag
        /// A mapping is to be merged into another.
        case mergeKey = "merge-key"
        /// Nothing of that name belongs there.
        case unknownKey = "unknown-key"
        /// The key was there before.
        case duplicateKey = "duplicate-key"
        /// What must be there isn't.
        case missingKey = "missing-key"
        /// A text where a list belongs, and the like.
        case wrongType = "wrong-type"
        /// The text means nothing in its place.
        case invalidValue = "invalid-value"
        /// The value is too small or too large.
        case outOfRange = "out-of-range"
        /// This version doesn't do what is asked for.
        case notYetSupported = "not-yet-supported"
        /// There are more items, or mistakes, than allowed.
        case tooMany = "too-many"
        /// A secret's file or variable can't be read, or holds no secret.
        case secretUnavailable = "secret-unavailable"
        /// Two values can't both stand.
        case conflict
        /// Nothing has the name that is meant.
        case unknownName = "unknown-name"
        /// The name was given before.
        case duplicateName = "duplicate-name"
        /// Warning: anyone is let in.
        case openEndpoint = "open-endpoint"
        /// Warning: no route leads there.
        case unused
        /// Warning: it has no effect.
        case ignored
        /// Warning: it protects less than it seems to.
        case insecure
        /// Warning: it may mean something else than it seems to.
        case ambiguous
    }

    /// Whether the configuration can be used all the same.
    public var severity: Severity
    /// The kind of mistake.
    public var code: Code
    /// The file's name, as the caller gave it.
    public var file: String
    /// The line, counted from 1.
    public var line: Int
    /// The place in the line, counted from 1 in Unicode scalars.
    public var column: Int
    /// The keys that lead there, such as `sinks[0].uri`; empty for the file as a whole.
    public var path: String
    /// What is wrong, without a full stop.
    public var sentence: String
    /// What to do about it, where that can be said.
    public var hint: String?
    /// The line itself; nil where there is none or it may hold a secret.
    public var sourceLine: String?

    /// One line: place, severity, sentence, hint and code.
    public var description: String {
        let path = path.isEmpty ? "" : " at \(path)"
        let hint = hint.map { "; \($0)" } ?? ""
        return "\(file):\(line):\(column): \(severity.rawValue): \(sentence)\(path)\(hint)"
            + " [\(code.rawValue)]"
    }

    /// The description, and below it the line with a caret under the place.
    public var detailedDescription: String {
        guard let sourceLine else { return description }
        let scalars = Array(sourceLine.unicodeScalars)
        let place = min(column - 1, scalars.count)
        let start = max(0, place - 60)
        let shown = scalars[start..<min(start + 120, scalars.count)]
        let padding = shown.prefix(place - start).map { $0 == "\t" ? $0 : " " as Unicode.Scalar }
        return "\(description)\n    \(String(shown))\n    \(String(padding))^"
    }
}

/// Why a configuration can't be used: all its mistakes, and warnings, sorted by place.
public struct ConfigurationFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// The mistakes, at least one of them an error; at most
    /// ``Settings/diagnosticsLimit`` and one that counts the rest.
    public var diagnostics: [Diagnostic]
    /// Whether the file was meant as a `RouterConfig`; a guess where it could not be parsed.
    public var isRouterConfig: Bool

    /// A line for each mistake.
    public var description: String {
        diagnostics.map(\.description).joined(separator: "\n")
    }
}

/// Why a text is not a value, and what to write instead.
struct Complaint: Error, Equatable {
    var sentence: String
    var hint: String?
    var code = Diagnostic.Code.invalidValue

    init(_ sentence: String, hint: String? = nil, code: Diagnostic.Code = .invalidValue) {
        self.sentence = sentence
        self.hint = hint
        self.code = code
    }
}

/// A text from outside as a message may show it: in quotes, short, and of visible characters.
func quoted(_ text: String) -> String {
    let limit = 60
    let shown = text.unicodeScalars.prefix(limit).map { scalar in
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned:
            "\\u{\(String(scalar.value, radix: 16))}"
        default: String(scalar)
        }
    }
    return "'\(shown.joined())\(text.unicodeScalars.count > limit ? "…" : "")'"
}

extension String {
    init(_ scalars: some Sequence<Unicode.Scalar>) {
        self.init(String.UnicodeScalarView(scalars))
    }
}
