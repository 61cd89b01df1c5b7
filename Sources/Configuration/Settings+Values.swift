extension Duration {
    /// Reads a duration as a configuration has it, such as `200ms`, `5s` or `PT0.2S`; for command
    /// lines.
    public init?(configured text: String) {
        guard let value = try? duration(Scalar(text: text, isPlain: true)) else { return nil }
        self = value
    }
}

extension ListenAddress {
    /// Reads an address as a configuration has it, `host:port`, `[v6]:port` or `unix:/path`; for
    /// command lines.
    public static func reading(_ text: String) -> ListenAddress? {
        try? ListenAddress(configured: text)
    }
}
