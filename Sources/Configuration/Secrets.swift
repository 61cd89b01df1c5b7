extension Reader {
    private static let secretShapes = "a text, {file: path} or {env: NAME}"

    /// Reads a secret that stands there, in a file or in the environment.
    ///
    /// No message repeats what stands in its place, whatever it looks like.
    func secret(_ node: Node) -> Secret? {
        switch node.content {
        case .scalar(let scalar) where !scalar.isNull:
            hideLine(of: node.place)
            return secret(scalar.text, node.place, from: "the text")
        case .mapping(let entries):
            entries.forEach { hideLine(of: $0.keyPlace) }
            guard entries.count == 1, let entry = entries.first, let scalar = entry.value.scalar,
                !scalar.isNull, !scalar.text.isEmpty, ["file", "env"].contains(entry.key)
            else { fallthrough }
            return entry.key == "file"
                ? secret(inFile: scalar.text, entry.value.place)
                : secret(inEnvironment: scalar.text, entry.value.place)
        default:
            error(.wrongType, at: node.place, "expected \(Self.secretShapes)")
            return nil
        }
    }

    private func secret(inFile path: String, _ place: Place) -> Secret? {
        secret(at: place) { () throws(SecretUnavailable) in
            try Secret.inFile(path, by: readFile)
        }
    }

    private func secret(inEnvironment name: String, _ place: Place) -> Secret? {
        guard let text = environment(name) else {
            error(
                .secretUnavailable, at: place, "the environment variable \(quoted(name)) is not set"
            )
            return nil
        }
        return secret(text, place, from: "the environment variable \(quoted(name))")
    }

    private func secret(_ text: String, _ place: Place, from origin: String) -> Secret? {
        secret(at: place) { () throws(SecretUnavailable) in
            try Secret.checked(text, from: origin)
        }
    }

    private func secret(
        at place: Place, _ make: () throws(SecretUnavailable) -> Secret
    ) -> Secret? {
        do throws(SecretUnavailable) {
            return try make()
        } catch {
            self.error(.secretUnavailable, at: place, error.description)
            return nil
        }
    }
}

/// Why there is no secret where one was looked for; says nothing of what stands there.
public struct SecretUnavailable: Error, CustomStringConvertible {
    /// A sentence without its full stop.
    public let description: String
}

extension Secret {
    /// The secret that its file holds now; itself, where it's from none.
    public func readAgain(
        by readFile: (String) throws -> [UInt8]
    ) throws(SecretUnavailable) -> Secret {
        guard let file else { return self }
        return try Self.inFile(file, by: readFile)
    }

    static func inFile(
        _ path: String, by readFile: (String) throws -> [UInt8]
    ) throws(SecretUnavailable) -> Secret {
        let octets: [UInt8]
        do {
            octets = try readFile(path)
        } catch {
            throw SecretUnavailable(
                description: "the file \(quoted(path)) can't be read: \(error)")
        }
        guard let text = String(validating: octets, as: UTF8.self) else {
            throw SecretUnavailable(description: "the file \(quoted(path)) is not UTF-8 text")
        }
        // An editor ends a file with a line end that nobody means as part of the secret.
        let end = text.hasSuffix("\r\n") || text.hasSuffix("\n") ? 1 : 0
        let secret = try checked(String(text.dropLast(end)), from: "the file \(quoted(path))")
        return Secret(secret.text, file: path)
    }

    static func checked(
        _ text: String, from origin: String
    ) throws(SecretUnavailable) -> Secret {
        guard !text.isEmpty else { throw SecretUnavailable(description: "\(origin) is empty") }
        guard text.utf8.count <= 4096, !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F })
        else {
            throw SecretUnavailable(
                description: "\(origin) is no secret: it holds line ends or control characters, or"
                    + " more than 4096 bytes")
        }
        return Secret(text)
    }
}
