public import CloudEvents

/// Why no event could be made of a request.
public enum AdapterFailure: Error, Equatable, Sendable {
    /// The body isn't one JSON text.
    case bodyNotJSON
    /// The request has no value in a place that an attribute, or the whole, is made of.
    case valueMissing(attribute: String?, place: String, index: Int?)
    /// A value can't be an attribute's, or the data isn't what its type says.
    case event(EventFailure, index: Int?)

    /// A stable name, fit for a metric's label and a problem's type.
    public var code: String {
        switch self {
        case .bodyNotJSON: "json_malformed"
        case .valueMissing: "value_missing"
        case .event(let failure, _): failure.code.rawValue
        }
    }

    /// The status of the response that tells the sender.
    public var status: Int {
        if case .event(let failure, _) = self { failure.status } else { 400 }
    }

    /// The attribute that it's about.
    public var attribute: String? {
        switch self {
        case .bodyNotJSON: nil
        case .valueMissing(let attribute, _, _): attribute
        case .event(let failure, _): failure.attribute
        }
    }

    /// The place that has no value, as templates spell it: `json:/repository/url`.
    public var place: String? {
        if case .valueMissing(_, let place, _) = self { place } else { nil }
    }

    /// The event's place among those of the request, from 0.
    public var index: Int? {
        switch self {
        case .bodyNotJSON: nil
        case .valueMissing(_, _, let index), .event(_, let index): index
        }
    }

    /// One sentence for people.
    public var sentence: String {
        switch self {
        case .bodyNotJSON: "The body isn't a JSON text, of which this source makes its events."
        case .valueMissing(_, let place, _): "The request has no value at '\(place)'."
        case .event(let failure, _): failure.sentence
        }
    }
}
