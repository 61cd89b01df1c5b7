internal import Yams

/// A YAML file as a tree of ``Node``s.
///
/// The only file that knows the YAML library. What YAML allows but no configuration needs is
/// refused here: tags, merge keys, keys that are no texts, deep nesting, and aliases that make a
/// short text stand for a huge tree.
struct YAMLDocument {
    static let depthLimit = 64
    static let aliasesLimit = 32
    static let expansionsLimit = 100
    static let valuesLimit = 100_000

    /// The first document of the file.
    let root: Node
    /// Where a second document begins, if there is one.
    let next: Place?

    /// Parses a file; nil after reporting why it can't be.
    init?(_ source: SourceText, reader: Reader) {
        guard Self.aliasesCount(in: source.scalars) <= Self.aliasesLimit else {
            reader.error(
                .alias, at: Place(), "more than \(Self.aliasesLimit) aliases",
                hint: "write the values out")
            return nil
        }
        var renaming = KeyRenaming(source)
        while true {
            do throws(YAMLProblem) {
                let documents = try Self.parse(renaming.source)
                self.next = documents.next
                guard let tree = documents.tree(reader, renaming.names) else { return nil }
                self.root = tree
                return
            } catch {
                if case .duplicateKey(let mark) = error, renaming.renameKey(at: mark) { continue }
                error.report(to: reader, source)
                return nil
            }
        }
    }

    /// The most aliases that a text can hold: each `*` before a letter, outside comment lines.
    ///
    /// The library hashes a key with all that its aliases stand for before anyone can look at the
    /// tree; so their number has to be limited in the text.
    private static func aliasesCount(in scalars: [Unicode.Scalar]) -> Int {
        var count = 0
        var isComment = false
        var isLineStart = true
        for (index, scalar) in scalars.enumerated() {
            switch scalar {
            case "\n", "\r": (isLineStart, isComment) = (true, false)
            case " ", "\t": break
            default:
                if isLineStart, scalar == "#" { isComment = true }
                isLineStart = false
                guard !isComment, scalar == "*", index + 1 < scalars.count else { continue }
                let next = scalars[index + 1]
                if next == "-" || next == "_" || UInt8(exactly: next.value)?.isLetterOrDigit == true
                {
                    count += 1
                }
            }
        }
        return count
    }
}

extension YAMLDocument {
    /// What the library made of a file, with the parser that keeps its anchors alive.
    struct Documents {
        let parser: Yams.Parser
        let root: Yams.Node?
        let next: Place?

        func tree(_ reader: Reader, _ names: [Position: String]) -> Node? {
            guard let root else {
                reader.error(.emptyFile, at: Place(), "the file is empty")
                return nil
            }
            var builder = NodeBuilder(reader: reader, names: names)
            // Anchors, which tell expansions, live as long as their parser does.
            return withExtendedLifetime(parser) { builder.node(root, at: .root, depth: 1) }
        }
    }

    private static func parse(_ source: SourceText) throws(YAMLProblem) -> Documents {
        do {
            // The encoding is given because its default is taken from the environment.
            let parser = try Yams.Parser(
                yaml: String(source.scalars), resolver: .basic, encoding: .utf8)
            let root = try parser.nextRoot()
            let next = try root == nil ? nil : parser.nextRoot()
            return Documents(
                parser: parser, root: root,
                next: next.map { Place(line: $0.mark?.line ?? 1, column: $0.mark?.column ?? 1) })
        } catch let error as YamlError {
            throw YAMLProblem(error)
        } catch {
            throw .syntax(Place(), "\(error)")
        }
    }
}

/// A line and a column.
struct Position: Hashable {
    var line: Int
    var column: Int
}

/// Lets the library read past duplicate keys, so that they are reported with all other mistakes.
///
/// It stops at the first mapping that has any. So the first of two equal keys is renamed in the
/// text, character by character, and its name kept; ``NodeBuilder`` puts the name back.
private struct KeyRenaming {
    private(set) var source: SourceText
    private(set) var names: [Position: String] = [:]
    private let roundsLimit: Int

    init(_ source: SourceText) {
        self.source = source
        roundsLimit = source.scalars.count < 64 * 1024 ? 100 : 4
    }

    /// Renames a key; false where that can't be done, or was done often enough.
    mutating func renameKey(at place: (mark: Position, name: String)) -> Bool {
        guard names.count < roundsLimit, names[place.mark] == nil,
            var index = source.index(line: place.mark.line, column: place.mark.column),
            let marker = Unicode.Scalar(0xE000 + UInt32(names.count))
        else { return false }
        if ["\"", "'"].contains(source.scalars[index]) { index += 1 }
        let name = Array(place.name.unicodeScalars)
        guard !name.isEmpty, source.scalars[index...].starts(with: name) else { return false }
        source.replace(index, with: marker)
        names[place.mark] = place.name
        return true
    }
}

/// Why the library could not read a file.
enum YAMLProblem: Error {
    case syntax(Place, String)
    case undefinedAlias(Place)
    case tooDeep
    case duplicateKey((mark: Position, name: String))

    init(_ error: YamlError) {
        switch error {
        case .scanner(let context, let problem, let mark, _),
            .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let place = Place(line: mark.line, column: mark.column)
            if problem.contains("nesting level") {
                self = .tooDeep
            } else if problem == "found undefined alias" {
                self = .undefinedAlias(place)
            } else {
                let origin = context.map { ", \($0.text) that begins at line \($0.mark.line)" }
                self = .syntax(place, problem + (origin ?? ""))
            }
        case .duplicatedKeysInMapping(let names, let context):
            let mark = Position(line: context.mark.line, column: context.mark.column)
            // Of a key that is no text, the library gives a name of its own.
            let name = names.first { $0 != "<uncovertable>" }
            self = .duplicateKey((mark, name ?? ""))
        case .reader(let problem, _, _, _): self = .syntax(Place(), problem)
        default: self = .syntax(Place(), "the file could not be parsed")
        }
    }

    func report(to reader: Reader, _ source: SourceText) {
        switch self {
        case .syntax(let place, let problem):
            reader.error(
                .syntax, at: place, "not YAML: \(problem)", hint: hint(problem, place, source))
        case .undefinedAlias(let place):
            reader.error(.alias, at: place, "an alias without an anchor of its name before it")
        case .tooDeep:
            reader.error(
                .tooDeep, at: Place(), "more than \(YAMLDocument.depthLimit) levels of nesting")
        case .duplicateKey(let key):
            let place = Place(line: key.mark.line, column: key.mark.column)
            reader.error(
                .duplicateKey, at: place,
                "the key\(reader.shown(key.name, at: place)) appears more than once")
        }
    }

    private func hint(_ problem: String, _ place: Place, _ source: SourceText) -> String? {
        let index = source.index(line: place.line, column: place.column)
        if problem.hasPrefix("found character that cannot start any token") {
            return index.map { source.scalars[$0] } == "\t"
                ? "indent with spaces, not with tabs" : "put the text in quotes"
        }
        let hints = [
            "mapping values are not allowed":
                "put a text with ': ' in quotes, or mend the indentation",
            "could not find expected ':'": "mend the indentation, or add ':' after the key",
            "did not find expected key": "mend the indentation",
            "did not find expected '-' indicator": "mend the indentation",
            "found unknown escape character": "use single quotes to write a backslash as it is",
            "found unexpected end of stream": "close the quotes",
        ]
        return hints.first { problem.hasPrefix($0.key) }?.value
    }
}
