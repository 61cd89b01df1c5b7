import Testing

@testable import Knative

@Suite struct URIResolutionTests {
    /// The examples of RFC 3986 §5.4 that have neither scheme, authority nor fragment.
    @Test(arguments: [
        ("g", "http://a/b/c/g"), ("./g", "http://a/b/c/g"), ("g/", "http://a/b/c/g/"),
        ("/g", "http://a/g"), ("?y", "http://a/b/c/d;p?y"), ("g?y", "http://a/b/c/g?y"),
        (";x", "http://a/b/c/;x"), ("g;x", "http://a/b/c/g;x"), ("", "http://a/b/c/d;p?q"),
        (".", "http://a/b/c/"), ("./", "http://a/b/c/"), ("..", "http://a/b/"),
        ("../", "http://a/b/"), ("../g", "http://a/b/g"), ("../..", "http://a/"),
        ("../../", "http://a/"), ("../../g", "http://a/g"), ("../../../g", "http://a/g"),
        ("../../../../g", "http://a/g"), ("/./g", "http://a/g"), ("/../g", "http://a/g"),
        ("g.", "http://a/b/c/g."), (".g", "http://a/b/c/.g"), ("g..", "http://a/b/c/g.."),
        ("..g", "http://a/b/c/..g"), ("./../g", "http://a/b/g"), ("./g/.", "http://a/b/c/g/"),
        ("g/./h", "http://a/b/c/g/h"), ("g/../h", "http://a/b/c/h"),
        ("g;x=1/./y", "http://a/b/c/g;x=1/y"), ("g;x=1/../y", "http://a/b/c/y"),
        ("g?y/./x", "http://a/b/c/g?y/./x"), ("g?y/../x", "http://a/b/c/g?y/../x"),
    ])
    func `the standard's examples`(reference: String, result: String) {
        #expect(resolved(reference, against: "http://a/b/c/d;p?q") == result)
    }

    @Test(arguments: [
        ("g", "http://a", "http://a/g"), ("g", "http://a?q", "http://a/g"),
        ("/update", "https://a.example:8443/default/broker", "https://a.example:8443/update"),
        ("?x=1", "http://a", "http://a?x=1"), ("g", "http://[::1]:80/x/y", "http://[::1]:80/x/g"),
        ("a//b", "http://a/x/", "http://a/x/a//b"),
    ])
    func `bases of other shapes`(reference: String, base: String, result: String) {
        #expect(resolved(reference, against: base) == result)
    }
}

@Suite struct ClusterDomainTests {
    @Test(arguments: [
        ("search here.svc.my.domain svc.my.domain my.domain\nnameserver 10.0.0.1\n", "my.domain"),
        ("nameserver 10.0.0.1\nsearch\tsvc.cluster.local.\n", "cluster.local"),
        ("search example.com\n", "cluster.local"), ("", "cluster.local"),
        ("options ndots:5 svc.wrong\n", "cluster.local"), ("search svc.\n", "cluster.local"),
    ])
    func `the domain stands in the list for look-ups`(text: String, domain: String) {
        #expect(ClusterDomain.reading(Array(text.utf8)) == domain)
    }
}
