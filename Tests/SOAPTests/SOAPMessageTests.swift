import SOAP
import Testing

@Suite struct SOAPMessageTests {
    @Test func `a request holds what was written, and nothing of it as markup`() throws {
        let hostile = "a<b>&\"'\t\r\n\u{1}ä😀]]>"
        let octets = SOAPRequest.envelope("Login", namespace: "urn:vim25") { writer in
            writer.element("_this", "SessionManager", ("type", "Session\"<Manager"))
            writer.element("password", hostile)
            writer.begin("empty")
            writer.end()
        }
        let response = try #require(SOAPResponse(XMLParser.tree(of: octets)))
        guard case .result(let login) = response else {
            Issue.record("no result")
            return
        }
        #expect(login.name == "Login")
        #expect(login.namespace == "urn:vim25")
        #expect(login.child("_this")?.attribute("type") == "Session\"<Manager")
        #expect(login.child("password")?.text == "a<b>&\"'\t\r\n\u{FFFD}ä😀]]>")
        #expect(login.children.map(\.name) == ["_this", "password", "empty"])
    }

    @Test(arguments: [
        (
            "<detail><NotAuthenticatedFault xmlns=\"urn:vim25\" xmlns:xsi=\"I\" "
                + "xsi:type=\"NotAuthenticated\"/></detail>", "NotAuthenticated"
        ),
        ("<detail><InvalidLoginFault xmlns=\"urn:vim25\"/></detail>", "InvalidLogin"),
        ("<detail/>", ""),
        ("", ""),
    ])
    func `a fault says its type`(detail: String, type: String) throws {
        let envelope = """
            <soapenv:Envelope xmlns:soapenv="\(XMLNamespace.envelope)"><soapenv:Body>
            <soapenv:Fault><faultcode>ServerFaultCode</faultcode>
            <faultstring>The session is gone.</faultstring>\(detail)</soapenv:Fault>
            </soapenv:Body></soapenv:Envelope>
            """.replacing("\"I\"", with: "\"\(XMLNamespace.instance)\"")
        let tree = try XMLParser.tree(of: Array(envelope.utf8))
        guard case .fault(let fault)? = SOAPResponse(tree) else {
            Issue.record("no fault")
            return
        }
        #expect(fault.code == "ServerFaultCode")
        #expect(fault.text == "The session is gone.")
        #expect(fault.type == type)
    }

    @Test(arguments: [
        "<a/>", "<Envelope/>",
        "<Envelope xmlns=\"\(XMLNamespace.envelope)\"/>",
        "<Envelope xmlns=\"\(XMLNamespace.envelope)\"><Body/></Envelope>",
        "<Envelope xmlns=\"http://www.w3.org/2003/05/soap-envelope\"><Body><a/></Body></Envelope>",
    ])
    func `what is no envelope isn't taken for one`(document: String) throws {
        #expect(try SOAPResponse(XMLParser.tree(of: Array(document.utf8))) == nil)
    }

    /// Row 232.
    @Test func `of a server's long words the first are kept`() throws {
        let text = String(repeating: "x\u{301}", count: 100_000)
        let document =
            "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><s:Fault>"
            + "<faultcode>\(text)</faultcode><faultstring>\(text)</faultstring>"
            + "</s:Fault></s:Body></s:Envelope>"
        let tree = try XMLParser.tree(of: Array(document.utf8))
        guard case .fault(let fault)? = SOAPResponse(tree) else {
            Issue.record("no fault")
            return
        }
        #expect(fault.text.unicodeScalars.count == 1024 && fault.code.unicodeScalars.count == 1024)
    }
}
