import CloudEvents
import Configuration
import SOAP

@testable import VSphere

/// An event's element, as a response of vCenter's has it.
func sample(_ type: String, _ fields: String) throws -> XMLElement {
    let document = """
        <returnval xmlns="urn:vim25" xmlns:xsd="\(XMLNamespace.schema)" \
        xmlns:xsi="\(XMLNamespace.instance)" xsi:type="\(type)">\(fields)</returnval>
        """
    return try XMLParser.tree(of: Array(document.utf8)).root
}

/// The event's data.
func json(_ type: String, _ fields: String) throws -> (text: String, oddities: Int) {
    var json = EventJSON()
    json.write(event: try sample(type, fields))
    return (String(decoding: json.text.octets, as: UTF8.self), json.oddities)
}

/// What all events begin with.
let commonFields = """
    <key>7</key><chainId>6</chainId><createdTime>2024-01-02T03:04:05.000006Z</createdTime>\
    <userName>u</userName>
    """

/// What that is as JSON, without the last brace.
let commonJSON = """
    {"Key":7,"ChainId":6,"CreatedTime":"2024-01-02T03:04:05.000006Z","UserName":"u",\
    "Datacenter":null,"ComputeResource":null,"Host":null,"Vm":null,"Ds":null,"Net":null,\
    "Dvs":null,"FullFormattedMessage":"","ChangeTag":""
    """
