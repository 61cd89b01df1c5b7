internal import HTTP

extension Event {
    /// The event in the JSON format, as structured content mode has it.
    ///
    /// JSON data stands in it as it was received; other data as text where its type is one, else
    /// in base64.
    ///
    /// Spec: CloudEvents JSON §3
    public var structuredJSON: [UInt8] { structuredJSON(overriding: ExtensionOverrides()) }

    /// The event in the JSON format, with these attributes in the place of its own.
    public func structuredJSON(overriding overrides: ExtensionOverrides) -> [UInt8] {
        var json: [UInt8] = []
        json.reserveCapacity(octets.count + octets.count / 4 + 64)
        writeJSON(to: &json, overriding: overrides)
        return json
    }

    /// Appends the event in the JSON format.
    ///
    /// - Parameter overrides: attributes in the place of the event's own.
    public func writeJSON(
        to json: inout [UInt8], overriding overrides: ExtensionOverrides = .init()
    ) {
        json.append(UInt8(ascii: "{"))
        for attribute in attributes
        where overrides.isEmpty || !overrides.replace(attribute, of: octets.span) {
            if json.last != UInt8(ascii: "{") { json.append(UInt8(ascii: ",")) }
            JSONWriter.append(octets.span.extracting(attribute.name), to: &json)
            json.append(UInt8(ascii: ":"))
            let value = octets.span.extracting(attribute.value)
            switch attribute.kind {
            case .string: JSONWriter.append(value, to: &json)
            case .boolean, .integer: JSONWriter.copy(value, to: &json)
            }
        }
        for item in overrides.items {
            json.append(UInt8(ascii: ","))
            JSONWriter.append(item.nameOctets.span, to: &json)
            json.append(UInt8(ascii: ":"))
            JSONWriter.append(item.valueOctets.span, to: &json)
        }
        writeData(to: &json)
        json.append(UInt8(ascii: "}"))
    }

    /// The type of the data, for the `Content-Type` field of binary content mode.
    ///
    /// JSON data without a type is of the one that the format implies.
    ///
    /// Spec: CloudEvents JSON §3.1.1
    public var contentType: [UInt8]? {
        if let attribute = attribute("datacontenttype") { return Array(octets[attribute.value]) }
        return dataKind == .json ? Array("application/json".utf8) : nil
    }

    private func writeData(to json: inout [UInt8]) {
        let data = octets.span.extracting(self.data)
        switch dataKind {
        case .none: return
        case .json:
            if attribute("datacontenttype") == nil {
                JSONWriter.copy(",\"datacontenttype\":\"application/json\"", to: &json)
            }
            JSONWriter.copy(",\"data\":", to: &json)
            JSONWriter.copy(data, to: &json)
        case .octets:
            let type = contentType.flatMap { MediaType($0.span) }
            if type?.isJSON == true, data.isJSON {
                JSONWriter.copy(",\"data\":", to: &json)
                JSONWriter.copy(data, to: &json)
            } else if let type, type.isPlainText, data.isUTF8 {
                JSONWriter.copy(",\"data\":", to: &json)
                JSONWriter.append(data, to: &json)
            } else {
                writeBase64(data, to: &json)
            }
        case .text:
            JSONWriter.copy(",\"data\":", to: &json)
            JSONWriter.append(data, to: &json)
        case .base64: writeBase64(data, to: &json)
        }
    }

    private func writeBase64(_ data: Span<UInt8>, to json: inout [UInt8]) {
        JSONWriter.copy(",\"data_base64\":\"", to: &json)
        Base64.encode(data, to: &json)
        json.append(UInt8(ascii: "\""))
    }
}

/// Writes the parts of JSON texts.
enum JSONWriter {
    /// Appends a text in quotes.
    ///
    /// Spec: RFC 8259 §7
    static func append(_ text: Span<UInt8>, to json: inout [UInt8]) {
        json.append(UInt8(ascii: "\""))
        for index in text.indices {
            let octet = text[index]
            switch octet {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                json.append(UInt8(ascii: "\\"))
                json.append(octet)
            case 0x0A: copy("\\n", to: &json)
            case 0x0D: copy("\\r", to: &json)
            case 0x09: copy("\\t", to: &json)
            case ..<0x20, 0x7F:
                copy("\\u00", to: &json)
                json.append((octet >> 4).hexDigit)
                json.append((octet & 0xF).hexDigit)
            default: json.append(octet)
            }
        }
        json.append(UInt8(ascii: "\""))
    }

    static func copy(_ text: Span<UInt8>, to json: inout [UInt8]) { json.append(text) }

    static func copy(_ text: String, to json: inout [UInt8]) { json.append(contentsOf: text.utf8) }
}
