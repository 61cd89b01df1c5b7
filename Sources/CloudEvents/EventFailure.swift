/// Why a request isn't made of events, as it's told to the sender and counted.
public struct EventFailure: Error, Equatable, Sendable {
    /// What is wrong; the raw value is stable and fits a metric's label and a problem's `type`.
    public enum Code: String, Error, Sendable, CaseIterable {
        /// `Content-Encoding` names something else than `identity`.
        case contentEncodingUnsupported = "content_encoding_unsupported"
        /// `Content-Type` occurs twice.
        case contentTypeRepeated = "content_type_repeated"
        /// The media type is one for CloudEvents, in a format other than JSON.
        case formatUnsupported = "format_unsupported"
        /// A structured or batched body is declared to be in something else than UTF-8.
        case charsetUnsupported = "charset_unsupported"
        /// The body isn't one JSON text.
        case jsonMalformed = "json_malformed"
        /// `data` nests deeper than anyone means it to.
        case jsonTooDeep = "json_too_deep"
        /// An event isn't a JSON object, or a batch isn't a JSON array.
        case jsonTypeUnexpected = "json_type_unexpected"
        /// A batch has more events than the limit.
        case batchTooLarge = "batch_too_large"
        /// The events of a batch have different versions.
        case specversionMixed = "specversion_mixed"
        /// The version is none that is accepted.
        case specversionUnsupported = "specversion_unsupported"
        /// A required attribute isn't there, or is `null`.
        case attributeMissing = "attribute_missing"
        /// An attribute, `data` or `data_base64` occurs twice.
        case attributeRepeated = "attribute_repeated"
        /// An event has more attributes than the limit.
        case attributesTooMany = "attributes_too_many"
        /// A name has other characters than lower case letters and digits, or is reserved.
        case attributeNameInvalid = "attribute_name_invalid"
        /// A JSON value is of a type that the attribute can't have.
        case attributeTypeInvalid = "attribute_type_invalid"
        /// An attribute that can't be empty is.
        case attributeEmpty = "attribute_empty"
        /// A value has more octets than the limit.
        case attributeTooLong = "attribute_too_long"
        /// A value isn't written as the attribute's type wants it.
        case attributeValueInvalid = "attribute_value_invalid"
        /// A value holds a control character or a noncharacter.
        case characterForbidden = "character_forbidden"
        /// A value isn't well-formed UTF-8, percent-encoding or quoting.
        case encodingInvalid = "encoding_invalid"
        /// Both `data` and `data_base64` are there.
        case dataRepeated = "data_repeated"
        /// The data isn't what `datacontenttype` or the member that holds it says.
        case dataInvalid = "data_invalid"
    }

    /// What is wrong.
    public var code: Code
    /// The attribute or member it is about; printable ASCII, at most 64 characters.
    public var attribute: String?
    /// The event's place in its batch, from 0.
    public var index: Int?
    /// How many octets of the body were read when it was found; structured and batched only.
    public var offset: Int?

    /// A failure about these.
    public init(_ code: Code, attribute: String? = nil, index: Int? = nil, offset: Int? = nil) {
        self.code = code
        self.attribute = attribute
        self.index = index
        self.offset = offset
    }

    /// The status of the response that tells the sender: 400, 413 or 415.
    public var status: Int {
        switch code {
        case .contentEncodingUnsupported, .formatUnsupported, .charsetUnsupported: 415
        case .batchTooLarge: 413
        default: 400
        }
    }

    /// One sentence for people, which names the attribute and the place where they are known.
    public var sentence: String {
        var sentence = code.statement
        if let attribute { sentence += ", in '\(attribute)'" }
        if let index { sentence += ", in event \(index) of the batch" }
        if let offset, code == .jsonMalformed { sentence += ", at octet \(offset) of the body" }
        return sentence + "."
    }

    /// Text of unknown octets that can go into a log line or a response.
    static func printable(_ octets: Span<UInt8>) -> String {
        let shown = octets.extracting(first: 64)
        return String(
            String.UnicodeScalarView(
                shown.indices.map {
                    Unicode.Scalar(0x21...0x7E ~= shown[$0] ? shown[$0] : UInt8(ascii: "?"))
                }))
    }
}

extension EventFailure.Code {
    fileprivate var statement: String {
        switch self {
        case .contentEncodingUnsupported: "The body has a content coding"
        case .contentTypeRepeated: "There is more than one Content-Type"
        case .formatUnsupported: "Of CloudEvents formats, only JSON is read"
        case .charsetUnsupported: "JSON is read in UTF-8 only"
        case .jsonMalformed: "The body isn't a JSON text"
        case .jsonTooDeep: "The JSON nests deeper than \(JSONScanner.depthLimit) levels"
        case .jsonTypeUnexpected: "An event must be a JSON object, and a batch an array of them"
        case .batchTooLarge: "The batch has too many events"
        case .specversionMixed: "The events of a batch must have one specversion"
        case .specversionUnsupported: "The version of the specification isn't supported"
        case .attributeMissing: "A required attribute is missing"
        case .attributeRepeated: "A member or attribute occurs more than once"
        case .attributesTooMany: "The event has too many attributes"
        case .attributeNameInvalid: "An attribute's name must be lower case letters and digits"
        case .attributeTypeInvalid: "The JSON value isn't of a type that the attribute can have"
        case .attributeEmpty: "An attribute is empty that must not be"
        case .attributeTooLong: "A name or value is too long"
        case .attributeValueInvalid: "The value isn't written as the attribute's type wants it"
        case .characterForbidden: "The value has a character that attributes can't have"
        case .encodingInvalid: "The value isn't well-formed"
        case .dataRepeated: "There are both data and data_base64"
        case .dataInvalid: "The data isn't what it's declared to be"
        }
    }
}
