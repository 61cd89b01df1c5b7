import CloudEvents
import SOAP

@testable import VSphere

/// A document: the same however it's cut, and whatever it's an event of is JSON.
func checkSOAP(_ octets: [UInt8]) {
    let whole = tree(of: [octets])
    let cut = tree(of: halves(octets))
    precondition((whole == nil) == (cut == nil))
    guard let whole, let cut else { return }
    precondition(json(of: whole.root) == json(of: cut.root))
    _ = SOAPResponse(whole)
}

private func tree(of parts: [[UInt8]]) -> XMLTree? {
    var limits = XMLLimits()
    limits.bytes = 64 * 1024
    let parser = XMLParser(limits: limits)
    do {
        for part in parts { try parser.parse(part) }
        return try parser.finish()
    } catch {
        return nil
    }
}

/// The element as an event, and each element in it as one.
private func json(of element: XMLElement) -> [[UInt8]] {
    var texts: [[UInt8]] = []
    for event in [element] + element.children {
        var json = EventJSON()
        json.write(event: event)
        let octets = json.text.octets
        precondition(octets.span.isJSON)
        texts.append(octets)
    }
    return texts
}
