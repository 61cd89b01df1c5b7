/// Resolves a relative reference without authority, whose path and query are all it has.
///
/// Spec: RFC 3986 §5.2
///
/// - Parameter base: an absolute URL without fragment.
func resolved(_ reference: String, against base: String) -> String {
    guard !reference.isEmpty, let start = base.firstRange(of: "://")?.upperBound else {
        return base
    }
    let authorityEnd = base[start...].firstIndex { "/?".contains($0) } ?? base.endIndex
    let (basePath, baseQuery) = parts(of: base[authorityEnd...])
    let (path, query) = parts(of: reference[...])
    let origin = String(base[..<authorityEnd])
    guard !path.isEmpty else { return origin + basePath + (query ?? baseQuery ?? "") }
    var merged = path
    if !path.hasPrefix("/") {
        let folder = basePath.lastIndex(of: "/").map { basePath[...$0] } ?? "/"
        merged = folder + path
    }
    return origin + withoutDots(merged) + (query ?? "")
}

/// A path, and a query with its question mark.
private func parts(of text: Substring) -> (path: Substring, query: Substring?) {
    guard let mark = text.firstIndex(of: "?") else { return (text, nil) }
    return (text[..<mark], text[mark...])
}

/// Takes out the segments that only lead the way.
///
/// Spec: RFC 3986 §5.2.4
private func withoutDots(_ path: Substring) -> String {
    var segments: [Substring] = []
    let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
    for (place, part) in zip(parts.indices, parts) {
        let isLast = place == parts.index(before: parts.endIndex)
        switch part {
        case ".": if isLast { segments.append("") }
        case "..":
            _ = segments.popLast()
            if isLast { segments.append("") }
        default: segments.append(part)
        }
    }
    return "/" + segments.joined(separator: "/")
}
