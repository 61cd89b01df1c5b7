internal import HTTP

// An event in header fields and body.
extension EventAssembler {
    /// Reads an event's attributes from header fields.
    ///
    /// Spec: CloudEvents HTTP §3.1
    mutating func readFields(
        _ fields: [Field], _ head: Span<UInt8>, contentType: Range<Int>?,
        in room: inout MutableSpan<UInt8>
    ) throws(EventFailure.Code) {
        beginEvent()
        for field in fields where head.isAttribute(field) {
            try readAttribute(field, head, in: &room)
        }
        if let contentType { try readContentType(head.extracting(contentType), in: &room) }
        try checkRequired()
    }

    private mutating func readAttribute(
        _ field: Field, _ head: Span<UInt8>, in room: inout MutableSpan<UInt8>
    ) throws(EventFailure.Code) {
        let range = field.name.dropFirst(3)
        let name = AttributeName(head, range).lowercased
        let meaning: AttributeName.Meaning
        if name.isShort, name.count > 0 {
            meaning = name.meaning
            try beginAttribute(name, meaning, in: &room)
        } else {
            writer.beginName()
            for place in range { writer.append(head[place].lowercased, in: &room) }
            meaning = try beginAttribute(in: &room)
        }
        switch meaning {
        case .data, .dataBase64, .datacontenttype: throw .attributeNameInvalid
        default: break
        }
        let text = try writer.append(
            decoding: field.value, of: head, percentDecoding, in: &room)
        if text == .undecoded { undecodedValues += 1 }
        try endAttribute(meaning, isPlain: text == .plain, in: &room)
    }

    private mutating func readContentType(
        _ value: Span<UInt8>, in room: inout MutableSpan<UInt8>
    ) throws(EventFailure.Code) {
        let name = AttributeName(
            UInt64(ascii: "datacont"), UInt64(ascii: "enttype"), count: 15)
        try beginAttribute(name, .datacontenttype, in: &room)
        writer.append(value, in: &room)
        try endAttribute(.datacontenttype, isPlain: false, in: &room)
    }

    /// Completes the event with a body, which isn't looked at, even where it's said to be JSON.
    mutating func appendBody(_ body: Span<UInt8>, in room: inout MutableSpan<UInt8>) {
        writer.beginData(body.isEmpty ? .none : .octets, in: &room)
        writer.append(body, in: &room)
        endEvent()
    }
}

extension Span<UInt8> {
    /// Whether a header field is an attribute's.
    fileprivate func isAttribute(_ field: Field) -> Bool {
        guard field.name.count >= 3 else { return false }
        let word = word(at: field.name.lowerBound, count: 3)
        return word | 0x2020_20 == UInt64(ascii: "ce-")
    }

    /// Finds `Content-Type`, and checks what holds of a request's fields in every mode.
    func contentType(of fields: [Field]) throws(EventFailure.Code) -> Range<Int>? {
        var contentType: Range<Int>?
        for field in fields {
            let name = field.name.lowerBound
            switch field.name.count {
            case 12
            where foldedWord(at: name) == UInt64(ascii: "content-")
                && foldedWord(at: name + 4) == UInt64(ascii: "ent-type"):
                guard contentType == nil else { throw .contentTypeRepeated }
                contentType = field.value
            case 16
            where foldedWord(at: name) == UInt64(ascii: "content-")
                && foldedWord(at: name + 8) == UInt64(ascii: "encoding"):
                let coding = extracting(field.value)
                guard coding.isEmpty || coding.equals("identity")
                else { throw .contentEncodingUnsupported }
            default: break
            }
        }
        return contentType
    }
}
