import Testing

@testable import TLS

/// What is read from files, and what an operator hears of mistakes.
@Suite struct CertificateTests {
    private func pair(
        _ chain: [UInt8], _ key: [UInt8], now: Int = now()
    ) -> Result<CertificatePair, TLSError> {
        Result { () throws(TLSError) in
            try CertificatePair(
                chain: chain, file: "tls.crt", key: key, keyFile: "tls.key", now: now)
        }
    }

    /// Rows 140 and 142: names with anything but visible ASCII are left out.
    @Test func `a certificate is described`() throws {
        let authority = TestCertificate.authority()
        let made = TestCertificate(
            .init(
                subject: "C=DE,O=Bäckerei,CN=a+b",
                names: "DNS:a.example,DNS:*.b.example,IP:192.0.2.1,IP:2001:db8::1,"
                    + "URI:spiffe://c/d,email:e@f.example"), issuer: authority)
        let certificate = try pair(made.pem, made.key.pem()).get().chain[0]
        #expect(certificate.subject == #"CN=a\+b,O=Bäckerei,C=DE"#)
        #expect(certificate.issuer == "CN=authority")
        #expect(certificate.dnsNames == ["a.example", "*.b.example"])
        #expect(certificate.ipAddresses == ["192.0.2.1", "2001:db8::1"])
        #expect(certificate.uris == ["spiffe://c/d"])
        #expect(certificate.emails == ["e@f.example"])
        #expect(certificate.serial.count == 16)
        #expect(certificate.fingerprint.count == 64)
        #expect(certificate.notAfter - certificate.notBefore == 3660)
        #expect(abs(certificate.notBefore + 60 - now()) < 30)
        #expect(certificate.keyType == "EC P-256")
        #expect(!certificate.isCA)
        let anchors = try TrustAnchors(pem: authority.pem, file: "ca.crt")
        #expect(anchors.certificates.map(\.isCA) == [true])
        let rsa = TestCertificate.server("DNS:a", .rsa)
        #expect(try rsa.pair().chain[0].keyType == "RSA 2048")
    }

    @Test(arguments: [
        ("a.example", "a.example", true), ("A.Example", "a.example", true),
        ("a.example", "b.example", false), ("*.example", "a.example", false),
        ("*.b.example", "a.b.example", true), ("*.b.example", "b.example", false),
        ("*.b.example", "c.a.b.example", false), ("a*.b.example", "ab.b.example", false),
        ("*", "a", false), ("*.*.example", "a.b.example", false),
        ("*.b.example", ".b.example", false),
    ])
    func `a name is matched whole, or by its first label`(
        name: String, host: String, isValid: Bool
    ) throws {
        let certificate = try TestCertificate.server("DNS:\(name)").pair().chain[0]
        #expect(certificate.isValid(forHost: host) == isValid)
    }

    @Test func `what can't be used is refused with what to do`() throws {
        let good = TestCertificate.server()
        let (chain, key) = (good.pem, good.key.pem())
        let other = TestKey()
        let weak = TestCertificate(.init(key: .weak))
        let nameless = TestCertificate(.init(names: ""))
        var damaged = chain
        damaged[200] = UInt8(ascii: "!")
        let files = [
            (pair([], key), TLSError.noCertificate(file: "tls.crt")),
            (pair(Array("nothing".utf8), key), .noCertificate(file: "tls.crt")),
            (pair(key, key), .noCertificate(file: "tls.crt")),
            (pair(damaged, key), .unreadable(file: "tls.crt", reason: "bad base64 decode")),
            (
                pair(Array(chain.dropLast(40)), key),
                .unreadable(file: "tls.crt", reason: "bad end line")
            ),
            (pair(chain, []), .noKey(file: "tls.key")),
            (pair(chain, chain), .noKey(file: "tls.key")),
            (pair(chain, good.key.pem(password: "secret")), .encryptedKey(file: "tls.key")),
            (pair(chain, other.pem()), .keyMismatch(certificate: "tls.crt", key: "tls.key")),
            (pair(weak.pem, weak.key.pem()), .weak(file: "tls.crt", reason: "ee key too small")),
            (pair(nameless.pem, nameless.key.pem()), .noNames(file: "tls.crt")),
        ]
        for (result, error) in files {
            #expect(throws: error) { try result.get() }
            #expect(error.description.contains(": "))
        }
    }

    @Test func `a certificate counts within its dates`() throws {
        let made = TestCertificate.server()
        let (chain, key) = (made.pem, made.key.pem())
        let certificate = try pair(chain, key).get().chain[0]
        let (first, last) = (certificate.notBefore, certificate.notAfter)
        for time in [first, last] { _ = try pair(chain, key, now: time).get() }
        #expect(throws: TLSError.notYetValid(file: "tls.crt", notBefore: first)) {
            try pair(chain, key, now: first - 1).get()
        }
        #expect(throws: TLSError.expired(file: "tls.crt", notAfter: last)) {
            try pair(chain, key, now: last + 1).get()
        }
    }

    @Test func `only authorities are trusted to sign`() throws {
        let leaf = TestCertificate(.init(subject: "CN=leaf"))
        #expect(throws: TLSError.notAuthority(file: "ca.crt", subject: "CN=leaf")) {
            try TrustAnchors(pem: TestCertificate.authority().pem + leaf.pem, file: "ca.crt")
        }
        #expect(throws: TLSError.noCertificate(file: "ca.crt")) {
            try TrustAnchors(pem: [], file: "ca.crt")
        }
    }

    /// Row 140: whatever a certificate is made of, it's read or it isn't.
    @Test func `a damaged certificate breaks nothing`() {
        let good = TestCertificate.server("DNS:a.example,URI:spiffe://b,IP:192.0.2.1").pem
        for place in good.indices {
            for letter in "A/9-\n".utf8 {
                var damaged = good
                damaged[place] = letter
                _ = try? Certificate.read(pem: damaged, file: "tls.crt")
            }
        }
        #expect((try? Certificate.read(pem: good, file: "tls.crt"))?.count == 1)
    }
}
