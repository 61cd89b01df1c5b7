internal import YAML

/// A YAML file as a tree of ``Node``s.
///
/// What YAML allows but no configuration needs is refused: tags, merge keys, keys that are no
/// texts, deep nesting, and aliases that make a short text stand for a huge tree.
struct YAMLDocument {
    static let depthLimit = 64
    static let expansionsLimit = 100
    static let valuesLimit = 100_000

    /// The first document of the file.
    let root: Node
    /// Where a second document begins, if there is one.
    let next: Place?

    /// Parses a file; nil after reporting why it can't be.
    init?(_ source: SourceText, reader: Reader) {
        let parser = YAMLParser(Array(String(source.scalars).utf8))
        do throws(YAMLFailure) {
            guard let events = try Self.firstDocument(parser, reader) else { return nil }
            var builder = NodeBuilder(reader: reader, events: events)
            guard let root = builder.root() else { return nil }
            self.root = root
        } catch {
            Self.report(error, reader, source)
            return nil
        }
        do throws(YAMLFailure) {
            next = try parser.next().map { Place($0.mark) }
        } catch {
            // Whatever it is, it's more than a document.
            next = Place(error.mark)
        }
    }

    /// The events of the first document; nil after reporting that there is none, or too much.
    ///
    /// The limits hold while the text is read, so that nothing grows beyond them.
    private static func firstDocument(
        _ parser: YAMLParser, _ reader: Reader
    ) throws(YAMLFailure) -> [YAMLEvent]? {
        var events: [YAMLEvent] = []
        var depth = 0
        while let event = try parser.next() {
            switch event.kind {
            case .documentStart: continue
            case .documentEnd: return events
            case .listStart, .mappingStart: depth += 1
            case .listEnd, .mappingEnd: depth -= 1
            case .scalar, .alias: break
            }
            guard depth <= depthLimit else {
                reader.error(
                    .tooDeep, at: Place(event.mark), "more than \(depthLimit) levels of nesting")
                return nil
            }
            guard events.count < 2 * valuesLimit else {
                reader.error(.tooLarge, at: Place(event.mark), "more than \(valuesLimit) values")
                return nil
            }
            events.append(event)
        }
        reader.error(.emptyFile, at: Place(), "the file is empty")
        return nil
    }

    private static func report(_ failure: YAMLFailure, _ reader: Reader, _ source: SourceText) {
        let origin = failure.context.map { context in
            let line = context.mark.line
            return line == failure.mark.line
                ? ", \(context.text)" : ", \(context.text) that begins at line \(line)"
        }
        reader.error(
            .syntax, at: Place(failure.mark), "not YAML: \(failure.problem)\(origin ?? "")",
            hint: hint(failure, source))
    }

    private static func hint(_ failure: YAMLFailure, _ source: SourceText) -> String? {
        let index = source.index(line: failure.mark.line, column: failure.mark.column)
        if failure.problem.hasPrefix("found character that cannot start any token") {
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
        return hints.first { failure.problem.hasPrefix($0.key) }?.value
    }
}

extension Place {
    init(_ mark: YAMLMark, path: Path = .root) {
        self.init(line: mark.line, column: mark.column, path: path)
    }
}
