import SOAP
import Testing

@Suite struct XMLParserTests {
    /// Row 230: what a comment or CDATA divides is one text.
    @Test(arguments: [
        ("<a/>", "({}a||)"),
        ("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<a> x </a>\n", "({}a| x |)"),
        ("<a>1<!-- no -->2<![CDATA[<&]]></a>", "({}a|12<&|)"),
        ("<a>&lt;&#228;&#x1F600;&amp;</a>", "({}a|<ä😀&|)"),
        ("<a b=\"1\" c=\"&quot;\"><d>x</d> <e/></a>", "({}a b=1 c=\"||({}d|x|)({}e||))"),
        ("<p:a xmlns:p=\"u\"><b xmlns=\"v\"><p:c/></b></p:a>", "({u}a||({v}b||({u}c||)))"),
        ("<a>\r\nx\r</a>", "({}a|\nx\n|)"),
        ("<ä>ö</ä>", "({}ä|ö|)"),
    ])
    func `a document gives its tree, however it is cut`(document: String, tree: String) throws {
        for parts in cuts(of: document) {
            #expect(try text(of: read(parts).root) == tree, "\(parts)")
        }
    }

    @Test(arguments: [
        // Each prefix means what it means where it stands, whatever it's called.
        ("<a xmlns:xsi=\"I\" xsi:type=\"T\"/>", "({}a:{}T||)"),
        ("<a xmlns:q=\"I\" xmlns:v=\"urn:vim25\" q:type=\"v:T\"/>", "({}a:{urn:vim25}T||)"),
        ("<a xmlns:XMLSchema-instance=\"I\" XMLSchema-instance:type=\"T\"/>", "({}a:{}T||)"),
        (
            "<a xmlns=\"urn:vim25\" xmlns:xsi=\"I\" xsi:type=\"T\"/>",
            "({urn:vim25}a:{urn:vim25}T||)"
        ),
        (
            "<a xmlns:x=\"u\"><b xmlns:x=\"v\" xmlns:i=\"I\" i:type=\"x:T\"/></a>",
            "({}a||({}b:{v}T||))"
        ),
        (
            "<a xmlns:i=\"I\" xmlns:x=\"u\"><b xmlns:x=\"v\"/><c i:type=\"x:T\"/></a>",
            "({}a||({}b||)({}c:{u}T||))"
        ),
        // An attribute of that name that isn't the schema's is only an attribute.
        ("<a type=\"VirtualMachine\">vm-1</a>", "({}a type=VirtualMachine|vm-1|)"),
        ("<a xmlns:xsi=\"other\" xsi:type=\"T\"/>", "({}a type=T||)"),
        ("<a xmlns:i=\"I\" i:type=\"xsd:string\"/>", "({}a:{xsd}string||)"),
    ])
    func `a type is found by its namespace`(document: String, tree: String) throws {
        let document = document.replacing("\"I\"", with: "\"\(XMLNamespace.instance)\"")
        for parts in cuts(of: document) {
            #expect(try text(of: read(parts).root) == tree, "\(parts)")
        }
    }

    /// Rows 225 to 227: no document type, so no entity, and nothing is fetched.
    @Test(arguments: [
        ("<!DOCTYPE a><a/>", XMLFailure.documentType),
        ("<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>", .documentType),
        ("<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>", .documentType),
        ("<!DOCTYPE a [<!ENTITY % p SYSTEM \"http://h/\"> %p;]><a/>", .documentType),
        ("<?x y?><a/>", .processingInstruction),
        ("<a><?xml-stylesheet href=\"x\"?></a>", .processingInstruction),
    ])
    func `what could reach out or blow up is refused`(
        document: String, failure: XMLFailure
    ) {
        for parts in cuts(of: document) {
            #expect(throws: failure, "\(parts)") { try read(parts) }
        }
    }

    @Test(arguments: [
        "", " ", "a", "<a>", "<a></b>", "<a/><b/>", "<a>&x;</a>", "<a b=1/>", "<a b='1' b='2'/>",
        "<p:a/>", "<a>&#0;</a>", "<a>&#x1;</a>", "<a>\u{1}</a>", "<a><![CDATA[x</a>",
        "<a xmlns:p=\"\"/>", "<a>&#xD800;</a>", "<a><</a>", "<a>]]></a>",
    ])
    func `what isn't well-formed is refused`(document: String) {
        for parts in cuts(of: document) {
            let error = #expect(throws: XMLFailure.self, "\(parts)") { try read(parts) }
            guard case .malformed = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    /// Row 229.
    @Test func `octets that are no UTF-8 are refused`() {
        let ends = (Array("<a>".utf8), Array("</a>".utf8))
        for middle: [UInt8] in [[0xFF], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80]] {
            #expect(throws: XMLFailure.self) { try read([ends.0 + middle + ends.1]) }
        }
        // Nor is another encoding guessed.
        #expect(throws: XMLFailure.self) { try read([[0xFE, 0xFF, 0x00, 0x3C, 0x00, 0x61]]) }
    }

    @Test func `each limit is inclusive`() throws {
        var limits = XMLLimits()
        (limits.depth, limits.elements, limits.attributes, limits.bytes) = (3, 5, 2, 64)
        func read(_ document: String) throws(XMLFailure) {
            _ = try SOAPTests.read([Array(document.utf8)], limits: limits)
        }
        try read("<a><b><c/></b></a>")
        #expect(throws: XMLFailure.tooLarge("depth")) { try read("<a><b><c><d/></c></b></a>") }
        try read("<a><b/><b/><b/><b/></a>")
        #expect(throws: XMLFailure.tooLarge("elements")) {
            try read("<a><b/><b/><b/><b/><b/></a>")
        }
        try read("<a b='' c=''/>")
        #expect(throws: XMLFailure.tooLarge("attributes")) { try read("<a b='' c='' d=''/>") }
        let filling = String(repeating: "x", count: 57)
        try read("<a>\(filling)</a>")
        #expect(throws: XMLFailure.tooLarge("bytes")) { try read("<a>\(filling)x</a>") }
    }

    enum Harm: CaseIterable {
        case depth, attributes, elements, namespaces

        var document: String {
            switch self {
            case .depth: String(repeating: "<a>", count: 1_000_000)
            case .attributes: "<a " + (0..<100_000).map { "a\($0)='' " }.joined() + "/>"
            case .elements: "<a>" + String(repeating: "<b/>", count: 2_000_000) + "</a>"
            case .namespaces: (0..<10_000).map { "<a xmlns:p\($0)='u\($0)'>" }.joined()
            }
        }
    }

    /// Row 228.
    @Test(arguments: Harm.allCases)
    func `a document made to harm is refused`(harm: Harm) {
        let error = #expect(throws: XMLFailure.self) { try read([Array(harm.document.utf8)]) }
        guard case .tooLarge = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }
}
