/// Where operators ask for changes: a socket in the file system, for this user alone.
public enum ControlSettings: Sendable, Equatable {
    /// `admin.sock` in the journal's directory; nowhere, where the journal is in memory.
    case besideJournal
    /// Nowhere.
    case off
    /// A socket of this path.
    case unix(path: String)
}

extension Settings {
    /// The path of the socket on which changes are asked for, if there is one.
    ///
    /// It may be longer than the 107 octets that a socket's path can have, where nobody chose it.
    public var controlPath: String? {
        switch admin.control {
        case .besideJournal: journal.mode == .memory ? nil : "\(journal.path)/admin.sock"
        case .off: nil
        case .unix(let path): path
        }
    }
}

extension Settings {
    /// Where a socket is named that's the default anyway, nobody chose another.
    mutating func recogniseDefaultControl() {
        let chosen = admin.control
        admin.control = .besideJournal
        if case .unix(let path) = chosen, path == controlPath { return }
        admin.control = chosen
    }
}

extension Key<AdminSettings> {
    /// `unix:PATH` or `off`.
    static func control(
        _ about: String, _ path: WritableKeyPath<AdminSettings, ControlSettings>
    ) -> Key {
        Key(
            name: "control", about: about, isRequired: false,
            shape: [("type", .text("string")), ("pattern", .text("^(off|unix:.+)$"))],
            read: { node, target, reader in
                let value = reader.value(node) { (scalar) throws(Complaint) in
                    try controlSettings(scalar.text)
                }
                if let value { target[keyPath: path] = value }
            },
            show: { admin, settings in
                if admin.control == .off { return .text("off") }
                return settings.controlPath.map { .text("unix:\($0)") }
            })
    }
}

private func controlSettings(_ text: String) throws(Complaint) -> ControlSettings {
    if text == "off" { return .off }
    guard text.hasPrefix("unix:") else {
        throw Complaint(
            "\(quoted(text)) is no socket in the file system",
            hint: "write unix:/run/veer/admin.sock, or off")
    }
    guard case .unix(let path) = try ListenAddress(configured: text) else { return .off }
    return .unix(path: path)
}
