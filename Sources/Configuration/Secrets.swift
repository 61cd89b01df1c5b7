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
        let octets: [UInt8]
        do {
            octets = try readFile(path)
        } catch {
            self.error(
                .secretUnavailable, at: place, "the file \(quoted(path)) can't be read: \(error)")
            return nil
        }
        guard let text = String(validating: octets, as: UTF8.self) else {
            error(.secretUnavailable, at: place, "the file \(quoted(path)) is not UTF-8 text")
            return nil
        }
        // An editor ends a file with a line end that nobody means as part of the secret.
        let end = text.hasSuffix("\r\n") || text.hasSuffix("\n") ? 1 : 0
        return secret(String(text.dropLast(end)), place, from: "the file \(quoted(path))")
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
        guard !text.isEmpty else {
            error(.secretUnavailable, at: place, "\(origin) is empty")
            return nil
        }
        guard text.utf8.count <= 4096, !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F })
        else {
            error(
                .secretUnavailable, at: place,
                "\(origin) is no secret: it holds line ends or control characters, or more than"
                    + " 4096 bytes")
            return nil
        }
        return Secret(text)
    }
}
