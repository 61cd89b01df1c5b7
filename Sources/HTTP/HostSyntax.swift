/// `uri-host [":" port]`, as `Host` and the authority of a target have it.
///
/// Spec: RFC 9110 §7.2, RFC 3986 §3.2.2
enum HostSyntax {
    static func isValid(_ message: Span<UInt8>, _ host: Range<Int>) -> Bool {
        guard !host.isEmpty else { return false }
        var place = host.lowerBound
        if message[place] == .openingBracket {
            guard let end = host.first(where: { message[$0] == .closingBracket }),
                isIPv6(message, place + 1..<end)
            else { return false }
            place = end + 1
        } else {
            place = min(message.endOfHostName(from: place), host.upperBound)
            guard place > host.lowerBound else { return false }
        }
        guard place < host.upperBound else { return true }
        return message[place] == .colon && isPort(message, place + 1..<host.upperBound)
    }

    private static func isPort(_ message: Span<UInt8>, _ port: Range<Int>) -> Bool {
        guard !port.isEmpty else { return true }
        guard port.count <= 5, let number = decimal(message, port) else { return false }
        return number <= 65_535
    }

    private static func isIPv6(_ message: Span<UInt8>, _ address: Range<Int>) -> Bool {
        var place = address.lowerBound
        var groups = 0
        var isShortened = false
        if address.count >= 2, message[place] == .colon, message[place + 1] == .colon {
            isShortened = true
            place += 2
        }
        while place < address.upperBound {
            let start = place
            while place < address.upperBound, message[place].isHexDigit { place += 1 }
            if place < address.upperBound, message[place] == .dot {
                // The last two groups may be written as an IPv4 address.
                guard isIPv4(message, start..<address.upperBound) else { return false }
                groups += 2
                break
            }
            guard 1...4 ~= place - start else { return false }
            groups += 1
            guard place < address.upperBound else { break }
            guard message[place] == .colon, place + 1 < address.upperBound else { return false }
            place += 1
            if message[place] == .colon {
                guard !isShortened else { return false }
                isShortened = true
                place += 1
            }
        }
        return isShortened ? groups < 8 : groups == 8
    }

    private static func isIPv4(_ message: Span<UInt8>, _ address: Range<Int>) -> Bool {
        var start = address.lowerBound
        for part in 0..<4 {
            var end = start
            while end < address.upperBound, message[end].isDigit { end += 1 }
            guard end - start <= 3, let number = decimal(message, start..<end), number <= 255
            else { return false }
            // A leading zero is octal to some.
            guard message[start] != 0x30 || end - start == 1 else { return false }
            if part == 3 { return end == address.upperBound }
            guard end < address.upperBound, message[end] == .dot else { return false }
            start = end + 1
        }
        return false
    }

    /// The value of a few digits.
    private static func decimal(_ message: Span<UInt8>, _ digits: Range<Int>) -> Int? {
        guard !digits.isEmpty else { return nil }
        var number = 0
        for place in digits {
            guard message[place].isDigit else { return nil }
            number = number * 10 + Int(message[place] - 0x30)
        }
        return number
    }
}
