/// Reads a `bindAddress` by the original's rules; what it let pass to fail at once is refused here.
func bindAddress(_ text: String) throws(Complaint) -> ListenAddress {
    let isName = text.utf8.contains { 0x61...0x7A ~= $0 || [0x20, 0x2F, 0x5C].contains($0) }
    guard !isName else {
        throw Complaint(
            "\(quoted(text)) is not an address and a port",
            hint: "names are not looked up; write 0.0.0.0:8080")
    }
    return try ListenAddress(configured: text)
}

/// Makes the path that is served: lower case, one `/` before it and none behind.
///
/// The original escaped a `/` inside too, so that a path of two segments could never be asked for;
/// here it is served as it is written.
func routerPath(_ text: String) throws(Complaint) -> String {
    guard !text.isEmpty else { return "/webhook" }
    var trimmed = text[...]
    while trimmed.hasPrefix("/") { trimmed.removeFirst() }
    while trimmed.hasSuffix("/") { trimmed.removeLast() }
    guard !trimmed.isEmpty else { throw Complaint("the path must be more than '/'") }
    return "/" + percentEncoded(trimmed.lowercased(), allowed: pathPunctuation)
}

/// What follows the host in a URI that is given field by field.
func routerURIPath(_ uri: Node, isRelative: Bool = false) -> String {
    func field(_ key: String) -> String { uri[key]?.routerText ?? "" }
    let path = field("path")
    let raw = field("rawpath")
    let isRawUsable =
        areURIOctets(raw, besides: pathPunctuation + "[]")
        && percentDecoded(raw) == Array(path.utf8)
    // A percent sign in `path` stands for itself, for the field is the decoded one.
    let escaped =
        isRawUsable
        ? raw
        : percentEncoded(path, allowed: "-._~$&+,/:;=@", keepsEscapes: false)
    let slash = isRelative || escaped.isEmpty || escaped.hasPrefix("/") ? "" : "/"
    let query = field("rawquery")
    let mark = !query.isEmpty || uri.routerFlag("forcequery") ? "?" : ""
    return slash + escaped + mark + query
}

private func percentEncoded(
    _ text: String, allowed: String, keepsEscapes: Bool = true
) -> String {
    let octets = Array(text.utf8)
    var result = ""
    for (index, octet) in octets.enumerated() {
        let isEscape =
            keepsEscapes && octet == UInt8(ascii: "%")
            && octets[(index + 1)...].prefix(2).count { $0.isHexDigit } == 2
        if octet.isLetterOrDigit || allowed.utf8.contains(octet) || isEscape {
            result.unicodeScalars.append(Unicode.Scalar(octet))
        } else {
            let digits = String(octet, radix: 16, uppercase: true)
            result += octet < 16 ? "%0\(digits)" : "%\(digits)"
        }
    }
    return result
}

/// The octets that a text of well-formed percent-encodings stands for.
private func percentDecoded(_ text: String) -> [UInt8] {
    var octets: [UInt8] = []
    var rest = text.utf8[...]
    while let octet = rest.popFirst() {
        let digits = String(Substring(rest.prefix(2)))
        if octet == UInt8(ascii: "%"), let decoded = UInt8(digits, radix: 16) {
            octets.append(decoded)
            rest = rest.dropFirst(2)
        } else {
            octets.append(octet)
        }
    }
    return octets
}
