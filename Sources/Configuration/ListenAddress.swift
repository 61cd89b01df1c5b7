extension ListenAddress: CustomStringConvertible {
    /// The address as a configuration has it: `127.0.0.1:8080`, `[::1]:8080` or `unix:/path`.
    public var description: String {
        switch self {
        case .unix(let path): "unix:\(path)"
        case .ip(let octets, let port) where octets.count == 4:
            "\(addressText(octets)):\(port)"
        case .ip(let octets, let port): "[\(addressText(octets))]:\(port)"
        }
    }

    /// Whether only this machine can reach it.
    var isLocal: Bool {
        switch self {
        case .unix: true
        case .ip(let octets, _) where octets.count == 4: octets[0] == 127
        case .ip(let octets, _): octets == [UInt8](repeating: 0, count: 15) + [1]
        }
    }

    /// Reads `host:port`, `[v6]:port` or `unix:/path`; a host is an address, never a name.
    init(configured text: String) throws(Complaint) {
        if text.hasPrefix("unix:") {
            self = .unix(path: try socketPath(text.dropFirst(5)))
            return
        }
        guard let colon = text.lastIndex(of: ":") else {
            let isPort = text.utf8.allSatisfy(\.isDigit)
            throw Complaint(
                "\(quoted(text)) has no \(isPort ? "address" : "port")",
                hint: isPort ? "write 127.0.0.1:\(text)" : "write 127.0.0.1:8080 or [::1]:8080")
        }
        let host = text[..<colon]
        let port = try portNumber(text[text.index(after: colon)...])
        if host.hasPrefix("["), host.hasSuffix("]") {
            guard let octets = ipv6Octets(host.dropFirst().dropLast()) else {
                throw Complaint("\(quoted(String(host))) is not an IPv6 address")
            }
            self = .ip(octets, port: port)
        } else {
            guard let octets = ipv4Octets(host) else {
                throw Complaint(
                    "\(quoted(String(host))) is not an IP address", hint: hostHint(host, port))
            }
            self = .ip(octets, port: port)
        }
    }
}

private func hostHint(_ host: Substring, _ port: UInt16) -> String? {
    if host.isEmpty || host == "*" {
        return "for all addresses write 0.0.0.0:\(port) or [::]:\(port)"
    }
    if host.contains(":") {
        return ipv6Octets(host).map { "write [\(addressText($0))]:\(port)" }
    }
    if host.lowercased() == "localhost" {
        return "names are not looked up: write 127.0.0.1:\(port) or [::1]:\(port)"
    }
    let hasLetters = host.utf8.contains(where: \.isLetter)
    return hasLetters ? "names are not looked up: write the address" : nil
}

/// The kernel's `sun_path` has 108 bytes, the last of them zero.
private func socketPath(_ path: Substring) throws(Complaint) -> String {
    guard !path.isEmpty else {
        throw Complaint("the socket has no path", hint: "write unix:/run/veer.sock")
    }
    guard path.utf8.count <= 107, !path.utf8.contains(0) else {
        throw Complaint("the socket's path is longer than 107 bytes", code: .outOfRange)
    }
    return String(path)
}

/// Reads a port: decimal, without leading zeros, at most 65535.
func portNumber(_ text: Substring) throws(Complaint) -> UInt16 {
    guard !text.isEmpty, text.utf8.allSatisfy(\.isDigit), text == "0" || !text.hasPrefix("0"),
        let port = UInt16(text)
    else {
        throw Complaint("\(quoted(String(text))) is not a port", hint: "a port is 0 to 65535")
    }
    return port
}

// MARK: - Helpers

/// Four decimal numbers without leading zeros, which some systems read as octal.
func ipv4Octets(_ text: Substring) -> [UInt8]? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    let octets = parts.compactMap { part in
        part.utf8.allSatisfy(\.isDigit) && (part == "0" || !part.hasPrefix("0"))
            ? UInt8(part) : nil
    }
    return parts.count == 4 && octets.count == 4 ? octets : nil
}

/// Sixteen octets of an address without brackets or zone.
///
/// Spec: RFC 4291 §2.2
func ipv6Octets(_ text: Substring) -> [UInt8]? {
    guard let gap = text.firstRange(of: "::") else {
        let octets = ipv6Groups(text)
        return octets?.count == 16 ? octets : nil
    }
    let (head, tail) = (text[..<gap.lowerBound], text[gap.upperBound...])
    guard !head.contains("."), let before = head.isEmpty ? [] : ipv6Groups(head),
        let after = tail.isEmpty ? [] : ipv6Groups(tail), before.count + after.count <= 14
    else { return nil }
    return before + [UInt8](repeating: 0, count: 16 - before.count - after.count) + after
}

private func ipv6Groups(_ text: Substring) -> [UInt8]? {
    let groups = text.split(separator: ":", omittingEmptySubsequences: false)
    guard groups.count <= 8 else { return nil }
    var octets: [UInt8] = []
    for (index, group) in groups.enumerated() {
        if index == groups.count - 1, let dotted = ipv4Octets(group) {
            octets += dotted
        } else {
            guard 1...4 ~= group.utf8.count, group.utf8.allSatisfy(\.isHexDigit),
                let number = UInt16(group, radix: 16)
            else { return nil }
            octets += [UInt8(number >> 8), UInt8(number & 0xFF)]
        }
    }
    return octets
}

/// The usual text of an address of 4 or 16 octets.
func addressText(_ octets: [UInt8]) -> String {
    octets.count == 4 ? octets.map(String.init).joined(separator: ".") : ipv6Text(octets)
}

/// The usual text of an address: lower case, the first longest run of zeros left out.
///
/// Spec: RFC 5952 §4
private func ipv6Text(_ octets: [UInt8]) -> String {
    let groups = stride(from: 0, to: octets.count - 1, by: 2).map { index in
        UInt16(octets[index]) << 8 | UInt16(octets[index + 1])
    }
    var longest = 0..<0
    for start in groups.indices {
        let end = groups[start...].firstIndex { $0 != 0 } ?? groups.count
        if end - start > max(1, longest.count) { longest = start..<end }
    }
    let hex = { (part: ArraySlice<UInt16>) in
        part.map { String($0, radix: 16) }.joined(separator: ":")
    }
    guard !longest.isEmpty else { return hex(groups[...]) }
    return hex(groups[..<longest.lowerBound]) + "::" + hex(groups[longest.upperBound...])
}
