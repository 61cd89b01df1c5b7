/// The comparisons and searches that a decoder makes in the octets of a message.
///
/// The one file of this target that says `unsafe`: a `StaticString` gives its octets only as a
/// pointer, and nothing else compares a constant without an allocation.
extension Span<UInt8> {
    /// Whether the octets in `range` are those of `text`.
    func equals(_ text: StaticString, in range: Range<Int>) -> Bool {
        range.count == text.utf8CodeUnitCount && begins(text, in: range)
    }

    /// Whether `text` begins with the octets in `range`, which are no more than it has.
    func begins(_ text: StaticString, in range: Range<Int>) -> Bool {
        precondition(range.count <= text.utf8CodeUnitCount)
        return text.withUTF8Buffer { constant in
            for place in 0..<range.count {
                guard unsafe self[range.lowerBound + place] == constant[place] else { return false }
            }
            return true
        }
    }

    /// Whether the octets in `range` are those of `text` in any case.
    ///
    /// - Parameter text: without upper case letters.
    public func equalsIgnoringCase(_ text: StaticString, in range: Range<Int>) -> Bool {
        guard range.count == text.utf8CodeUnitCount else { return false }
        return text.withUTF8Buffer { constant in
            for place in 0..<range.count {
                let octet = self[range.lowerBound + place].lowercased
                guard unsafe octet == constant[place] else { return false }
            }
            return true
        }
    }

    /// Whether two hosts are the same but for the case.
    func isSameHost(_ first: Range<Int>, _ second: Range<Int>) -> Bool {
        guard first.count == second.count else { return false }
        for (one, other) in zip(first, second) {
            guard self[one].lowercased == self[other].lowercased else { return false }
        }
        return true
    }

    /// The first place that no field value can have: the line's end, where all is well.
    func endOfFieldContent(from start: Int) -> Int {
        var place = start
        while place < count, self[place].isFieldContent { place += 1 }
        return place
    }

    /// Calls `body` for each member of a comma-separated list, also for those that are empty.
    ///
    /// Spec: RFC 9110 §5.6.1
    func forEachListMember(of list: Range<Int>, _ body: (Range<Int>) -> Void) {
        var start = list.lowerBound
        while start <= list.upperBound {
            var end = start
            while end < list.upperBound, self[end] != .comma { end += 1 }
            var member = start..<end
            while let first = member.first, self[first].isBlank { member.removeFirst() }
            while let last = member.last, self[last].isBlank { member.removeLast() }
            body(member)
            start = end + 1
        }
    }
}

extension UInt8 {
    var lowercased: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }
}
