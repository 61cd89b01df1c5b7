import Foundation
import FuzzTargets
import Testing

/// What fuzzers begin with and what they have found, again and again.
@Suite struct FuzzTests {
    @Test(arguments: FuzzTarget.allCases) func `a corpus breaks nothing`(target: FuzzTarget) throws
    {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../Fuzz/corpus/\(target.rawValue)").standardizedFileURL
        let files = try FileManager.default.contentsOfDirectory(
            at: folder, includingPropertiesForKeys: nil)
        #expect(files.count >= 4)
        for file in files {
            let octets = Array(try Data(contentsOf: file))
            target.run(octets)
            // No part of it may break anything either.
            for count in 0..<min(octets.count, 512) { target.run(Array(octets[..<count])) }
        }
    }
}
