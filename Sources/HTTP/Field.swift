/// One header field, as ranges of the octets it was read from.
///
/// Spec: RFC 9110 §5. A name or value becomes text only for those who need it.
public struct Field: Equatable, Sendable {
    /// Where the name stands; a token, in the case it was sent in.
    public var name: Range<Int>
    /// Where the value stands, without the blanks around it.
    public var value: Range<Int>

    /// A field whose parts stand at these places.
    public init(name: Range<Int>, value: Range<Int>) {
        self.name = name
        self.value = value
    }
}
