/// Where the objects of a kind are found in the API.
public struct ResourcePath: Sendable, Equatable {
    /// The path of the collection in one namespace.
    public let collection: String

    /// The objects of a kind in a namespace.
    ///
    /// - Parameters:
    ///   - apiVersion: `group/version`, or `v1` for the core.
    ///   - plural: the kind's name in paths, such as `brokers`; see ``Discovery``.
    ///   - namespace: nil for kinds that belong to none.
    public init(apiVersion: String, plural: String, namespace: String?) {
        let place = namespace.map { "/namespaces/\(encoded($0))" } ?? ""
        collection = Self.root(of: apiVersion) + place + "/" + encoded(plural)
    }

    /// The path of one object, or of a part of it, such as `token`.
    public func object(_ name: String, part: String? = nil) -> String {
        "\(collection)/\(encoded(name))" + (part.map { "/\(encoded($0))" } ?? "")
    }

    /// Asks for one object only, in a way that a Role with `resourceNames` allows.
    func list(name: String) -> String {
        "\(collection)?fieldSelector=metadata.name%3D\(encoded(name))"
    }

    /// Goes on from a version of the collection.
    func watch(name: String, from version: String, seconds: Int) -> String {
        list(name: name) + "&watch=true&allowWatchBookmarks=true&timeoutSeconds=\(seconds)"
            + "&resourceVersion=\(encoded(version))"
    }

    /// Where a group's version is described.
    static func root(of apiVersion: String) -> String {
        let parts = apiVersion.split(separator: "/", omittingEmptySubsequences: false)
        let prefix = parts.count == 1 ? "/api/" : "/apis/"
        return prefix + parts.map { encoded(String($0)) }.joined(separator: "/")
    }
}

/// One segment of a path, or a value in a query.
///
/// Spec: RFC 3986 §2.3
func encoded(_ text: String) -> String {
    var encoded = ""
    for octet in text.utf8 {
        switch octet {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "_"), UInt8(ascii: "~"):
            encoded.unicodeScalars.append(Unicode.Scalar(octet))
        default:
            let digits = String(octet, radix: 16, uppercase: true)
            encoded += octet < 16 ? "%0\(digits)" : "%\(digits)"
        }
    }
    return encoded
}
