/// What a filter is to say, as it's written in a configuration.
///
/// A description is no promise: ``Filter`` checks it and answers for events.
///
/// Spec: Knative Trigger §filters
public indirect enum FilterExpression: Sendable, Equatable {
    /// An attribute and the text it's compared with.
    public struct Attribute: Sendable, Equatable {
        /// The attribute's name: a lower case letter, then lower case letters and digits.
        public var name: String
        /// What its canonical string is compared with.
        public var value: String

        /// An attribute and a text.
        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// Each attribute is there and its canonical string is this text.
    case exact([Attribute])
    /// Each attribute is there and its canonical string begins with this text.
    case prefix([Attribute])
    /// Each attribute is there and its canonical string ends with this text.
    case suffix([Attribute])
    /// A Trigger's map: as ``exact(_:)``, but only for attributes of the type String, and the
    /// empty text means that the attribute is there and isn't empty.
    case attributes([Attribute])
    /// All of these match.
    case all([FilterExpression])
    /// At least one of these matches.
    case any([FilterExpression])
    /// This doesn't match.
    case not(FilterExpression)
    /// A CESQL expression that is `true`, without an error on the way.
    case cesql(String)
}
