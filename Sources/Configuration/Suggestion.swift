/// A hint that names the candidate most like a misspelt word, if one is like it.
func suggestion(for word: String, among candidates: some Collection<String>) -> String? {
    let word = Array(word.lowercased().unicodeScalars)
    guard word.count <= 64 else { return nil }
    let nearest =
        candidates
        .map { (text: $0, distance: distance(word, Array($0.lowercased().unicodeScalars))) }
        .min { ($0.distance, $0.text) < ($1.distance, $1.text) }
    guard let nearest, nearest.distance < word.count, nearest.distance <= max(1, word.count / 3)
    else { return nil }
    return "did you mean '\(nearest.text)'?"
}

/// The edit distance; a word cut short is as near as one with a slip.
private func distance(_ word: [Unicode.Scalar], _ candidate: [Unicode.Scalar]) -> Int {
    word.count >= 3 && word.count < candidate.count && candidate.starts(with: word)
        ? 1 : editDistance(word, candidate)
}

/// How many insertions, deletions, replacements and swaps of neighbours turn one into the other.
private func editDistance(_ one: [Unicode.Scalar], _ other: [Unicode.Scalar]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...other.count)
    for (row, scalar) in one.enumerated() {
        var next = [row + 1]
        for (column, candidate) in other.enumerated() {
            var cost = min(
                last[column + 1] + 1, next[column] + 1, last[column] + (scalar == candidate ? 0 : 1)
            )
            if row > 0, column > 0, scalar == other[column - 1], candidate == one[row - 1] {
                cost = min(cost, beforeLast[column - 1] + 1)
            }
            next.append(cost)
        }
        (beforeLast, last) = (last, next)
    }
    return last[other.count]
}
