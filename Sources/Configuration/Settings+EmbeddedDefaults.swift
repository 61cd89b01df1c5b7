extension Settings {
    /// What runs where nobody configured anything: a `veer/v1` text, read like any other.
    ///
    /// All of it stays on this machine: events come in by loopback and go to the standard output.
    public static let embeddedDefaults = """
        apiVersion: veer/v1
        kind: Gateway

        listeners:
          - name: local
            address: 127.0.0.1:8080

        sources:
          - name: hooks
            webhook:
              path: /webhook

        sinks:
          - name: console
            console: {}

        routes:
          - name: everything
            to: [console]

        journal:
          path: ./data

        admin:
          address: 127.0.0.1:8082

        """
}
