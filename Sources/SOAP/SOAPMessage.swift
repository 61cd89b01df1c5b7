/// A SOAP 1.1 request.
///
/// Spec: SOAP §4
public enum SOAPRequest {
    /// Makes the document that asks for a method.
    ///
    /// - Parameters:
    ///   - method: the name of the element in the body.
    ///   - namespace: that element's.
    ///   - write: writes what is in it.
    public static func envelope(
        _ method: String, namespace: String, _ write: (inout XMLWriter) -> Void
    ) -> [UInt8] {
        var writer = XMLWriter()
        writer.begin(
            "Envelope", ("xmlns", XMLNamespace.envelope), ("xmlns:xsi", XMLNamespace.instance),
            ("xmlns:xsd", XMLNamespace.schema))
        writer.begin("Body")
        writer.begin(method, ("xmlns", namespace))
        write(&writer)
        for _ in 0..<3 { writer.end() }
        return Array("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".utf8) + writer.octets
    }
}

/// What a SOAP 1.1 response says.
///
/// Spec: SOAP §4.4
public enum SOAPResponse: Sendable {
    /// The element in the body.
    case result(XMLElement)
    /// The request failed.
    case fault(SOAPFault)

    /// Finds out what a response says.
    ///
    /// - Returns: nothing if it's XML, but no envelope with something in its body.
    public init?(_ tree: XMLTree) {
        let root = tree.root
        guard root.isNamed("Envelope"), root.namespace == XMLNamespace.envelope,
            let body = root.child("Body"), body.namespace == XMLNamespace.envelope,
            let content = body.children.first(where: { _ in true })
        else { return nil }
        if content.isNamed("Fault"), content.namespace == XMLNamespace.envelope {
            self = .fault(SOAPFault(content))
        } else {
            self = .result(content)
        }
    }
}

/// Why a request failed, in the server's words.
public struct SOAPFault: Error, Equatable, Sendable {
    /// Whose fault it is, such as `ServerFaultCode`.
    public var code: String
    /// A sentence for people.
    public var text: String
    /// The type of its detail, such as `NotAuthenticated`; empty where it has none.
    public var type: String

    /// A fault of that type.
    public init(code: String = "ServerFaultCode", text: String = "", type: String) {
        self.code = code
        self.text = text
        self.type = type
    }

    init(_ element: XMLElement) {
        code = element.child("faultcode").map(Self.shortText) ?? ""
        text = element.child("faultstring").map(Self.shortText) ?? ""
        let detail = element.child("detail")?.children.first { _ in true }
        type = detail.map { $0.typeName ?? SOAPFault.type(named: $0.name) } ?? ""
    }

    /// It's for a log, in which there is no room for a server's every word.
    private static func shortText(_ element: XMLElement) -> String {
        String(String.UnicodeScalarView(element.text.unicodeScalars.prefix(1024)))
    }

    /// Without an `xsi:type` the element is named for the type: `NotAuthenticatedFault`.
    private static func type(named name: String) -> String {
        name.hasSuffix("Fault") ? String(name.dropLast("Fault".count)) : name
    }
}
