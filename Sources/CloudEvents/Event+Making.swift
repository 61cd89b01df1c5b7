extension Event {
    /// Makes an event of texts, for the cold path, with all checks that a received one goes
    /// through.
    ///
    /// - Parameters:
    ///   - attributes: names and canonical strings, `specversion` among them.
    ///   - data: its octets; JSON where the event's `datacontenttype` says so and they are.
    public init(
        attributes: [(name: String, value: String)], data: [UInt8]?
    ) throws(EventFailure) {
        var json: [UInt8] = [UInt8(ascii: "{")]
        for (name, value) in attributes {
            if json.count > 1 { json.append(UInt8(ascii: ",")) }
            JSONWriter.append(Array(name.utf8).span, to: &json)
            json.append(UInt8(ascii: ":"))
            JSONWriter.append(Array(value.utf8).span, to: &json)
        }
        let type = attributes.first { $0.name == "datacontenttype" }?.value
        if let data, let type, MediaType(Array(type.utf8).span)?.isJSON == true {
            JSONWriter.copy(",\"data\":", to: &json)
            JSONWriter.copy(data.span, to: &json)
        } else if let data {
            JSONWriter.copy(",\"data_base64\":\"", to: &json)
            Base64.encode(data.span, to: &json)
            json.append(UInt8(ascii: "\""))
        }
        json.append(UInt8(ascii: "}"))
        var decoder = EventDecoder()
        try decoder.decode(structured: json.span)
        self = decoder.event(at: 0)
    }
}
