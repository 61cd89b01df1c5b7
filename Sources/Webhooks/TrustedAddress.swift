/// The host, with its port if it names one, of an `https` address that can be read in one way
/// only; in lower case.
///
/// - Returns: nothing for another scheme, an address with a user's name, or one with characters
///   that some would cut off.
public func authority(ofHTTPS address: String) -> String? {
    guard address.lowercased().hasPrefix("https://"), address.utf8.count <= 2048,
        address.utf8.allSatisfy({ 0x21...0x7E ~= $0 })
    else { return nil }
    let rest = address.dropFirst("https://".count)
    let authority = rest.prefix { !"/?#".contains($0) }
    let isPlain = authority.utf8.allSatisfy { octet in
        switch octet {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "-.:[]".utf8.contains(octet)
        }
    }
    guard isPlain, !authority.isEmpty else { return nil }
    return authority.lowercased()
}
