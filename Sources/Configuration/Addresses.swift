/// Reads where a sink listens: an absolute `http` or `https` URI with a host.
///
/// Messages never repeat the text: a password or a token may stand in it.
///
/// Spec: RFC 9110 §4.2
func sinkURI(_ text: String) throws(Complaint) -> String {
    let example = "write it like https://sink.example/events"
    guard let colon = text.firstIndex(of: ":"), text[colon...].hasPrefix("://") else {
        throw Complaint("the URI is not absolute", hint: example)
    }
    let scheme = text[..<colon].lowercased()
    guard ["http", "https"].contains(scheme) else {
        throw Complaint("the URI's scheme is neither http nor https", hint: example)
    }
    guard text.utf8.count <= 4096 else {
        throw Complaint("the URI is longer than 4096 bytes", code: .outOfRange)
    }
    guard !text.utf8.contains(UInt8(ascii: "#")) else {
        throw Complaint("the URI has a fragment", hint: "remove '#' and what follows")
    }
    guard areURIOctets(text, besides: uriPunctuation) else {
        throw Complaint(
            "the URI holds a character that no URI may hold", hint: "percent-encode it")
    }
    let rest = text[text.index(colon, offsetBy: 3)...]
    let authority = rest.prefix { $0 != "/" && $0 != "?" }
    guard !authority.contains("@") else {
        throw Complaint(
            "the URI holds user information", hint: "remove it, with the '@'; URIs are logged")
    }
    try checkAuthority(authority)
    return scheme + text[colon...]
}

private func checkAuthority(_ authority: Substring) throws(Complaint) {
    var host = authority
    if let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") {
        host = authority[..<colon]
        guard try portNumber(authority[authority.index(after: colon)...]) != 0 else {
            throw Complaint("the URI's port is 0")
        }
    }
    guard !host.isEmpty else { throw Complaint("the URI has no host") }
    let isValid =
        host.hasPrefix("[")
        ? host.hasSuffix("]") && ipv6Octets(host.dropFirst().dropLast()) != nil
        : areURIOctets(String(host), besides: "-._~!$&'()*+,;=")
    guard isValid else { throw Complaint("the URI's host is not valid") }
}

/// Reads a path that a webhook serves, octet by octet as requests have it.
///
/// Spec: RFC 3986 §3.3
func webhookPath(_ text: String) throws(Complaint) -> String {
    guard text.hasPrefix("/") else {
        throw Complaint(
            "\(quoted(text)) does not begin with '/'", hint: "write \(quoted("/" + text))")
    }
    guard !text.contains("?"), !text.contains("#") else {
        throw Complaint(
            "\(quoted(text)) holds '?' or '#'", hint: "a path has neither query nor fragment")
    }
    guard areURIOctets(text, besides: pathPunctuation), text.utf8.count <= 1024 else {
        throw Complaint(
            "\(quoted(text)) is not a path",
            hint: "percent-encode all but letters, digits and \(pathPunctuation)")
    }
    guard !text.split(separator: "/").contains(where: { [".", ".."].contains($0) }) else {
        throw Complaint(
            "\(quoted(text)) holds '.' or '..'",
            hint: "clients resolve these, so none could ask for it")
    }
    return text
}

private let uriPunctuation = "-._~!$&'()*+,;=:@/?[]"
let pathPunctuation = "-._~!$&'()*+,;=:@/"

/// Whether a text is letters, digits, this punctuation and well-formed percent-encodings.
func areURIOctets(_ text: String, besides punctuation: String) -> Bool {
    let octets = Array(text.utf8)
    return octets.indices.allSatisfy { index in
        switch octets[index] {
        case UInt8(ascii: "%"): octets[(index + 1)...].prefix(2).count { $0.isHexDigit } == 2
        case let octet: octet.isLetterOrDigit || punctuation.utf8.contains(octet)
        }
    }
}
