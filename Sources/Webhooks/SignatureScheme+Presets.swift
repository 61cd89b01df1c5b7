extension SignatureScheme {
    /// Senders whose scheme is known.
    public enum Preset: String, Sendable, CaseIterable {
        case github, gitlab, slack, stripe
        case standardWebhooks = "standard-webhooks"
        case svix, shopify, twilio, pagerduty, grafana, jira, bitbucket, gitea, forgejo
        /// Amazon SNS, whose signatures are in the body: an ``SNSVerifier`` checks them.
        case sns
        /// None of these: all is said by other settings.
        case custom
    }

    /// The scheme of a sender.
    public init(_ preset: Preset) {
        self.init()
        switch preset {
        case .github: (header, prefix) = ("x-hub-signature-256", "sha256=")
        case .gitlab: (header, algorithm) = ("x-gitlab-token", .token)
        case .slack: fillAsSlack()
        case .stripe: fillAsStripe()
        case .standardWebhooks: fillAsStandardWebhooks(names: "webhook")
        case .svix: fillAsStandardWebhooks(names: "svix")
        case .shopify: (header, encoding) = ("x-shopify-hmac-sha256", .base64)
        case .twilio: fillAsTwilio()
        case .pagerduty:
            (header, prefix, separator) = ("x-pagerduty-signature", "v1=", .comma)
        case .grafana: header = "x-grafana-alerting-signature"
        case .jira, .bitbucket: (header, prefix) = ("x-hub-signature", "sha256=")
        case .gitea: header = "x-gitea-signature"
        case .forgejo: header = "x-forgejo-signature"
        case .sns, .custom: break
        }
    }

    private mutating func fillAsSlack() {
        (header, prefix) = ("x-slack-signature", "v0=")
        timestampHeader = "x-slack-request-timestamp"
        payload = Template(known: "v0:{timestamp}:{body}")
    }

    private mutating func fillAsStripe() {
        (header, prefix, separator) = ("stripe-signature", "v1=", .comma)
        timestampPrefix = "t="
        payload = Template(known: "{timestamp}.{body}")
    }

    private mutating func fillAsStandardWebhooks(names: String) {
        (header, prefix, separator) = ("\(names)-signature", "v1,", .space)
        (encoding, secretEncoding) = (.base64, .whsec)
        timestampHeader = "\(names)-timestamp"
        idHeader = "\(names)-id"
        payload = Template(known: "{id}.{timestamp}.{body}")
    }

    private mutating func fillAsTwilio() {
        (header, algorithm, encoding) = ("x-twilio-signature", .hmacSHA1, .base64)
        payload = Template(known: "{url}{form}")
    }

    /// What Grafana signs where it was told to send the time.
    public mutating func signTimestampAsGrafana() {
        payload = Template(known: "{timestamp}:{body}")
    }
}
