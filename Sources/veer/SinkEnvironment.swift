import CloudEvents
import Configuration
import Glibc
import TLS

/// Completes the sinks that the environment names: reads what Knative mounts for them.
enum SinkEnvironment {
    private static let filesLimit = 1_000
    private static let depthLimit = 8
    private static let bytesLimit = 4 * 1024 * 1024

    /// Gives the sinks of the environment the authorities to trust.
    ///
    /// - Returns: what is wrong with them, for the operator.
    static func complete(_ settings: inout Settings) -> [String] {
        var problems: [String] = []
        for place in settings.sinks.indices {
            guard case .uri(var http) = settings.sinks[place].target, let binding = http.env
            else { continue }
            var pem = binding.certificates ?? []
            if binding.certificates != nil {
                do throws(TLSError) {
                    _ = try Certificate.read(pem: pem, file: "K_CA_CERTS")
                } catch {
                    problems.append("sink \(settings.sinks[place].name): \(error)")
                }
            }
            for path in files(below: binding.trustBundles) {
                guard let bundle = bundle(path) else { continue }
                pem += [UInt8(ascii: "\n")] + bundle
            }
            guard !pem.isEmpty else { continue }
            guard pem.count <= bytesLimit else {
                problems.append(
                    "sink \(settings.sinks[place].name): more than 4 MiB of authorities in"
                        + " K_CA_CERTS and below \(binding.trustBundles)")
                continue
            }
            http.env?.authorities = pem
            settings.sinks[place].target = .uri(http)
        }
        return problems
    }

    /// What the environment says, in sentences for operators; nothing in them is secret.
    static func facts(_ settings: Settings) -> [String] {
        settings.sinks.compactMap { sink in
            guard case .uri(let http) = sink.target, let binding = http.env else { return nil }
            let uri = http.uri.prefix { $0 != "?" }
            let authorities = binding.authorities.flatMap {
                try? Certificate.read(pem: $0, file: "").count
            }
            var facts = ["K_SINK says \(uri)\(uri.count < http.uri.count ? "?***" : "")"]
            if !http.ceOverrides.isEmpty {
                let names = http.ceOverrides.items.map(\.name).joined(separator: ", ")
                facts.append("ceOverrides sets \(names)")
            }
            if let authorities { facts.append("\(authorities) authorities besides the system's") }
            if binding.hasToken { facts.append("a token is in \(binding.token)") }
            if let timeout = binding.timeout { facts.append("\(timeout) for an attempt") }
            return "sink \(sink.name): \(facts.joined(separator: "; "))"
        }
    }

    /// The octets of a file of certificates; nothing where it is another file.
    private static func bundle(_ path: String) -> [UInt8]? {
        guard let octets = try? ConfigurationFile.octets(of: path),
            (try? Certificate.read(pem: octets, file: path)) != nil
        else { return nil }
        return octets
    }

    /// All files below a directory, sorted; what Kubernetes keeps beside them, such as `..data`,
    /// is passed over, because the files themselves lead there.
    private static func files(below directory: String, depth: Int = 0) -> [String] {
        guard depth < depthLimit, let stream = unsafe opendir(directory) else { return [] }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream), names.count < filesLimit {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
                unsafe name.withMemoryRebound(to: CChar.self, capacity: 256) {
                    unsafe String(cString: $0)
                }
            }
            if name != ".", !name.hasPrefix("..") { names.append(name) }
        }
        var files: [String] = []
        for name in names.sorted() where files.count < filesLimit {
            let path = "\(directory)/\(name)"
            var status = stat()
            guard unsafe stat(path, &status) == 0 else { continue }
            switch status.st_mode & S_IFMT {
            case S_IFDIR: files += self.files(below: path, depth: depth + 1)
            case S_IFREG: files.append(path)
            default: break
            }
        }
        return files
    }
}
