import SOAP

/// Reads a document in parts.
func read(_ parts: [[UInt8]], limits: XMLLimits = XMLLimits()) throws(XMLFailure) -> XMLTree {
    let parser = XMLParser(limits: limits)
    for part in parts { try parser.parse(part) }
    return try parser.finish()
}

/// The text whole, in two parts cut at every place, and octet by octet.
func cuts(of text: String) -> [[[UInt8]]] {
    let octets = Array(text.utf8)
    let halves = octets.indices.dropFirst().map { [Array(octets[..<$0]), Array(octets[$0...])] }
    return [[octets]] + halves + [octets.map { [$0] }]
}

/// An element as text, with namespaces in braces, so that trees can be compared.
func text(of element: XMLElement) -> String {
    var text = "{\(element.namespace)}\(element.name)"
    if let type = element.typeName { text += ":{\(element.typeNamespace ?? "")}\(type)" }
    for (name, value) in element.attributes { text += " \(name)=\(value)" }
    let children = element.children.map { SOAPTests.text(of: $0) }
    return "(\(text)|\(element.text)|\(children.joined()))"
}
