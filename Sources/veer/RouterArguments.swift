/// The command line of the original router: `-config FILE -log-level LEVEL -log-json`, each with
/// one dash or two, a value after `=` or in the next word.
struct RouterArguments {
    /// The same for our own parser.
    private(set) var translated = ["run", "--router"]

    /// Nothing, if the words don't begin with one of the original's flags.
    init?(_ arguments: [String]) {
        guard let first = arguments.first, Self.flag(first) != nil else { return nil }
        for argument in arguments {
            guard let (name, value) = Self.flag(argument) else {
                // A value; or, after one dash, a word that our parser would take for letters.
                let isWord = argument.hasPrefix("-") && !argument.hasPrefix("--")
                translated.append(isWord && argument.count > 2 ? "-\(argument)" : argument)
                continue
            }
            switch (name, value) {
            case ("log-json", nil), ("log-json", "true"): translated.append("--log-json")
            case ("log-json", _): continue
            case (_, let value?): translated += ["--\(name)", value]
            case (_, nil): translated.append("--\(name)")
            }
        }
    }

    private static func flag(_ argument: String) -> (name: String, value: String?)? {
        guard argument.hasPrefix("-") else { return nil }
        let parts = argument.drop { $0 == "-" }.split(
            separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = parts.first, ["config", "log-level", "log-json"].contains(name)
        else { return nil }
        return (String(name), parts.count > 1 ? String(parts[1]) : nil)
    }
}
