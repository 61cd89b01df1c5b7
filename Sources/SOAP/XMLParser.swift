internal import CExpat

/// Makes an ``XMLTree`` of a document that comes in parts, be they cut wherever.
///
/// Names are matched by namespace, never by prefix. There is no way to make it read anything but
/// what it's given, nor to make much of little: a document with a document type is refused, so no
/// entity can be declared.
///
/// Ownership: not `Sendable`; used for one document.
@safe public final class XMLParser {
    private static let separator: UInt8 = 0x0A

    private let parser: OpaquePointer
    private var builder: XMLTreeBuilder
    private var bytesLeft: Int

    /// A parser for one document.
    public init(limits: XMLLimits = XMLLimits()) {
        guard let parser = unsafe XML_ParserCreateNS("UTF-8", CChar(Self.separator))
        else { preconditionFailure("no memory for a parser") }
        unsafe self.parser = parser
        builder = XMLTreeBuilder(limits: limits, separator: Self.separator)
        bytesLeft = limits.bytes
        listen()
    }

    deinit { unsafe XML_ParserFree(parser) }

    /// Takes the next part; after a failure, nothing more.
    public func parse(_ octets: [UInt8]) throws(XMLFailure) {
        guard octets.count <= bytesLeft else { throw .tooLarge("bytes") }
        bytesLeft -= octets.count
        try parse(octets, isLast: false)
    }

    /// Ends the document.
    public func finish() throws(XMLFailure) -> XMLTree {
        try parse([], isLast: true)
        return XMLTree(builder.tree)
    }

    /// Reads a document that came whole.
    public static func tree(
        of octets: [UInt8], limits: XMLLimits = XMLLimits()
    ) throws(XMLFailure) -> XMLTree {
        let parser = XMLParser(limits: limits)
        try parser.parse(octets)
        return try parser.finish()
    }

    private func parse(_ octets: [UInt8], isLast: Bool) throws(XMLFailure) {
        let status = unsafe octets.withUnsafeBytes {
            unsafe XML_Parse(
                parser, $0.bindMemory(to: CChar.self).baseAddress, CInt($0.count), isLast ? 1 : 0)
        }
        if let failure = builder.failure { throw failure }
        guard status != XML_STATUS_ERROR else {
            let code = unsafe XML_GetErrorCode(parser)
            let words = unsafe XML_ErrorString(code).map { unsafe String(cString: $0) }
            throw .malformed(
                words ?? "not XML", line: Int(unsafe XML_GetCurrentLineNumber(parser)))
        }
    }

    // MARK: - What expat calls

    /// expat has a pointer to this while `parse` runs only, and so while it lives.
    private func listen() {
        unsafe XML_SetUserData(parser, Unmanaged.passUnretained(self).toOpaque())
        unsafe XML_SetElementHandler(
            parser,
            { context, name, attributes in
                guard let name = unsafe name, let attributes = unsafe attributes else { return }
                unsafe XMLParser.with(context) {
                    unsafe $0.builder.begin(name, attributes)
                }
            },
            { context, _ in unsafe XMLParser.with(context) { $0.builder.end() } })
        unsafe XML_SetCharacterDataHandler(parser) { context, text, count in
            let text = unsafe UnsafeRawBufferPointer(start: text, count: Int(count))
            unsafe XMLParser.with(context) { unsafe $0.builder.append(text) }
        }
        unsafe XML_SetNamespaceDeclHandler(
            parser,
            { context, prefix, uri in
                let prefix = unsafe prefix.map { unsafe String(cString: $0) } ?? ""
                let uri = unsafe uri.map { unsafe String(cString: $0) } ?? ""
                unsafe XMLParser.with(context) { $0.builder.declare(prefix, uri) }
            },
            { context, _ in unsafe XMLParser.with(context) { $0.builder.undeclare() } })
        unsafe XML_SetStartDoctypeDeclHandler(parser) { context, _, _, _, _ in
            unsafe XMLParser.with(context) { $0.builder.fail(.documentType) }
        }
        unsafe XML_SetProcessingInstructionHandler(parser) { context, _, _ in
            unsafe XMLParser.with(context) { $0.builder.fail(.processingInstruction) }
        }
    }

    private static func with(_ context: UnsafeMutableRawPointer?, _ body: (XMLParser) -> Void) {
        guard let context = unsafe context else { return }
        unsafe Unmanaged<XMLParser>.fromOpaque(context)._withUnsafeGuaranteedRef { parser in
            guard parser.builder.failure == nil else { return }
            body(parser)
            if parser.builder.failure != nil {
                _ = unsafe XML_StopParser(parser.parser, XML_Bool(0))
            }
        }
    }
}
