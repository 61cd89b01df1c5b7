internal import CYAML

/// A place in a text; the first line and column are 1.
public struct YAMLMark: Hashable, Sendable {
    /// Counted from 1.
    public var line: Int
    /// In characters, counted from 1.
    public var column: Int

    /// A place.
    public init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }
}

/// What a YAML text consists of, in the order it's written.
public struct YAMLEvent: Equatable, Sendable {
    /// The kinds of events, without those that only frame the text.
    public enum Kind: Equatable, Sendable {
        /// A document begins.
        case documentStart
        /// The value of an anchor stands here, too.
        case alias(String)
        /// A text; `isPlain` says that it stood without quotes.
        case scalar(String, isPlain: Bool)
        /// A list begins.
        case listStart
        /// The list begun last ends.
        case listEnd
        /// A mapping begins; keys and values follow in turn.
        case mappingStart
        /// The mapping begun last ends.
        case mappingEnd
        /// The document ends.
        case documentEnd
    }

    /// What it is.
    public var kind: Kind
    /// Where it begins.
    public var mark: YAMLMark
    /// The tag that was written before it.
    public var tag: String?
    /// The anchor that was written before it.
    public var anchor: String?
}

/// Why a text is no YAML.
public struct YAMLFailure: Error, Equatable, Sendable {
    /// What is wrong, in the library's words.
    public var problem: String
    /// Where.
    public var mark: YAMLMark
    /// What it belongs to, in the library's words, and where that begins.
    public var context: (text: String, mark: YAMLMark)?

    /// Whether two failures are the same.
    public static func == (one: YAMLFailure, other: YAMLFailure) -> Bool {
        one.problem == other.problem && one.mark == other.mark
    }
}

/// Reads YAML event by event, by libyaml.
///
/// Events, and not the tree that libraries make of them, because a tree is made before anyone can
/// limit its depth or its aliases, and without the places of its keys.
@safe public final class YAMLParser {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let event: UnsafeMutablePointer<yaml_event_t>
    private let input: UnsafeMutableBufferPointer<UInt8>

    /// - Parameter text: in UTF-8.
    public init(_ text: [UInt8]) {
        unsafe parser = .allocate(capacity: 1)
        unsafe event = .allocate(capacity: 1)
        // The library keeps the pointer while it reads.
        unsafe input = .allocate(capacity: max(text.count, 1))
        _ = unsafe input.initialize(from: text)
        unsafe yaml_parser_initialize(parser)
        unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        unsafe yaml_parser_set_input_string(parser, input.baseAddress, text.count)
    }

    deinit {
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
        unsafe event.deallocate()
        unsafe input.deallocate()
    }

    /// The next event; nothing after the last, which is not to be asked for again.
    public func next() throws(YAMLFailure) -> YAMLEvent? {
        while true {
            var step = unsafe yaml_step()
            guard unsafe yaml_step_next(parser, event, &step) == 1 else { throw failure }
            defer { unsafe yaml_event_delete(event) }
            let mark = unsafe YAMLMark(line: Int(step.line) + 1, column: Int(step.column) + 1)
            if unsafe step.kind == Int32(bitPattern: YAML_STREAM_END_EVENT.rawValue) { return nil }
            guard let kind = unsafe kind(of: step) else { continue }
            return unsafe YAMLEvent(
                kind: kind, mark: mark, tag: Self.string(step.tag),
                anchor: Self.string(step.anchor))
        }
    }

    private func kind(of step: yaml_step) -> YAMLEvent.Kind? {
        switch yaml_event_type_t(rawValue: UInt32(unsafe step.kind)) {
        case YAML_DOCUMENT_START_EVENT: return .documentStart
        case YAML_DOCUMENT_END_EVENT: return .documentEnd
        case YAML_ALIAS_EVENT: return .alias(unsafe Self.string(step.anchor) ?? "")
        case YAML_SCALAR_EVENT:
            let octets = unsafe UnsafeRawBufferPointer(
                start: step.value, count: step.value_length)
            return .scalar(
                unsafe String(decoding: octets, as: UTF8.self), isPlain: unsafe step.is_plain == 1)
        case YAML_SEQUENCE_START_EVENT: return .listStart
        case YAML_SEQUENCE_END_EVENT: return .listEnd
        case YAML_MAPPING_START_EVENT: return .mappingStart
        case YAML_MAPPING_END_EVENT: return .mappingEnd
        default: return nil
        }
    }

    private var failure: YAMLFailure {
        let problem = unsafe Self.string(parser.pointee.problem) ?? "not YAML"
        let mark = unsafe Self.mark(parser.pointee.problem_mark)
        let contextMark = unsafe Self.mark(parser.pointee.context_mark)
        let context = unsafe Self.string(parser.pointee.context).map { ($0, contextMark) }
        return YAMLFailure(problem: problem, mark: mark, context: context)
    }

    private static func mark(_ mark: yaml_mark_t) -> YAMLMark {
        YAMLMark(line: Int(mark.line) + 1, column: Int(mark.column) + 1)
    }

    private static func string(_ pointer: UnsafePointer<CChar>?) -> String? {
        guard let pointer = unsafe pointer else { return nil }
        return unsafe String(cString: pointer)
    }
}
