internal import CNghttp2
internal import HTTP

/// A response's fields in one run of octets, as the library takes them.
///
/// Kept and filled again, so that a response costs no allocation here.
struct FieldBlock {
    private(set) var octets: [UInt8] = []
    private(set) var fields: [http2_field] = []
    private var content = Content()

    /// What it's filled with.
    private struct Content: Equatable {
        var status = 0
        var bytes = 0
        var date: [UInt8] = []
        var lines: [UInt8] = []
    }

    /// Fills it with what a response says; mostly that's what the one before said.
    ///
    /// - Parameter date: a field line.
    mutating func fill(_ response: Response, date: [UInt8]) {
        let content = Content(
            status: response.status, bytes: response.body.count, date: date,
            lines: response.fieldLines)
        guard content != self.content else { return }
        self.content = content
        octets.removeAll(keepingCapacity: true)
        fields.removeAll(keepingCapacity: true)
        add(":status", number: response.status)
        add(lines: date)
        add(lines: response.fieldLines)
        if response.status != 204 { add("content-length", number: response.body.count) }
    }

    private mutating func add(_ name: StaticString, number: Int) {
        let start = octets.count
        unsafe octets.append(
            contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        let value = octets.count
        var divisor = 1
        while number / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            octets.append(UInt8(0x30 + number / divisor % 10))
            divisor /= 10
        }
        append(name: start..<value, value: value..<octets.count)
    }

    /// Adds the fields of `name: value` lines, but for those that are about one connection.
    ///
    /// Spec: RFC 9113 §8.2.2
    private mutating func add(lines: [UInt8]) {
        var start = octets.count
        octets.append(contentsOf: lines)
        while let colon = place(of: 0x3A, from: start), let end = place(of: 0x0D, from: colon) {
            var value = colon + 1
            while value < end, octets[value] == 0x20 { value += 1 }
            if !isOfConnection(start..<colon) {
                append(name: start..<colon, value: value..<end)
            }
            start = end + 2
        }
    }

    private func place(of octet: UInt8, from start: Int) -> Int? {
        var place = start
        while place < octets.count {
            if octets[place] == octet { return place }
            place += 1
        }
        return nil
    }

    private func isOfConnection(_ name: Range<Int>) -> Bool {
        let octets = octets.span
        func isNamed(_ text: StaticString) -> Bool { octets.equalsIgnoringCase(text, in: name) }
        return switch name.count {
        case 7: isNamed("upgrade")
        case 10: isNamed("connection") || isNamed("keep-alive")
        case 16: isNamed("proxy-connection")
        case 17: isNamed("transfer-encoding")
        default: false
        }
    }

    private mutating func append(name: Range<Int>, value: Range<Int>) {
        fields.append(
            http2_field(
                name: UInt32(name.lowerBound), name_length: UInt32(name.count),
                value: UInt32(value.lowerBound), value_length: UInt32(value.count)))
    }
}
