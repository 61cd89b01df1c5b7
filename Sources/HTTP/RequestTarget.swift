/// The four forms of a request target.
///
/// Spec: RFC 9112 §3.2
enum RequestTarget {
    /// Reads a target, whose octets are those a target can have, into the head.
    static func read(
        _ message: Span<UInt8>, _ target: Range<Int>, into head: inout RequestHead
    ) throws(RequestFailure) {
        guard hasWholePercents(message, target) else { throw .malformedTarget }
        switch message[target.lowerBound] {
        case .slash: readPath(message, target, into: &head)
        case .asterisk where target.count == 1 && head.method == .options: head.path = target
        default:
            // The authority-form is for CONNECT, which is no method of an origin.
            guard head.method != .connect else { throw .unknownMethod }
            try readAbsolute(message, target, into: &head)
        }
    }

    private static func readPath(
        _ message: Span<UInt8>, _ target: Range<Int>, into head: inout RequestHead
    ) {
        var end = target.lowerBound
        while end < target.upperBound, message[end] != .question { end += 1 }
        head.path = target.lowerBound..<end
        head.query = end < target.upperBound ? end + 1..<target.upperBound : nil
    }

    private static func readAbsolute(
        _ message: Span<UInt8>, _ target: Range<Int>, into head: inout RequestHead
    ) throws(RequestFailure) {
        guard let colon = target.first(where: { message[$0] == .colon }),
            colon + 3 <= target.upperBound, message.equals("://", in: colon..<colon + 3)
        else { throw .malformedTarget }
        let scheme = target.lowerBound..<colon
        guard message.equalsIgnoringCase("http", in: scheme) else { throw .misdirected }
        let start = colon + 3
        let end =
            (start..<target.upperBound).first {
                message[$0] == .slash || message[$0] == .question
            } ?? target.upperBound
        guard HostSyntax.isValid(message, start..<end) else { throw .malformedTarget }
        head.scheme = scheme
        head.host = start..<end
        guard end < target.upperBound, message[end] == .slash else { throw .malformedTarget }
        readPath(message, end..<target.upperBound, into: &head)
    }

    private static func hasWholePercents(_ message: Span<UInt8>, _ target: Range<Int>) -> Bool {
        for place in target where message[place] == .percent {
            guard place + 2 < target.upperBound, message[place + 1].isHexDigit,
                message[place + 2].isHexDigit
            else { return false }
        }
        return true
    }
}

/// `uri-host [":" port]`, as `Host` and the authority of a target have it.
///
/// Spec: RFC 9110 §7.2, RFC 3986 §3.2.2
enum HostSyntax {
    static func isValid(_ message: Span<UInt8>, _ host: Range<Int>) -> Bool {
        guard !host.isEmpty else { return false }
        var place = host.lowerBound
        if message[place] == 0x5B {
            guard let end = host.first(where: { message[$0] == 0x5D }),
                isIPv6(message, place + 1..<end)
            else { return false }
            place = end + 1
        } else {
            while place < host.upperBound, message[place].isHostName { place += 1 }
            guard place > host.lowerBound else { return false }
        }
        guard place < host.upperBound else { return true }
        return message[place] == .colon && isPort(message, place + 1..<host.upperBound)
    }

    /// A cheap check: whoever sends one that only looks like an address reaches nobody else by it.
    private static func isIPv6(_ message: Span<UInt8>, _ address: Range<Int>) -> Bool {
        guard 2...45 ~= address.count else { return false }
        var colons = 0
        for place in address {
            let octet = message[place]
            guard octet.isHexDigit || octet == .colon || octet == 0x2E else { return false }
            if octet == .colon { colons += 1 }
        }
        return 2...7 ~= colons
    }

    private static func isPort(_ message: Span<UInt8>, _ port: Range<Int>) -> Bool {
        guard port.count <= 5 else { return false }
        var number = 0
        for place in port {
            guard message[place].isDigit else { return false }
            number = number * 10 + Int(message[place] - 0x30)
        }
        return number <= 65_535
    }
}
