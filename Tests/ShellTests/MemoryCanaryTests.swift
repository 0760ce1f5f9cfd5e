import Foundation
import TestSupport
import Testing

/// What a clerk typed and saw of a visitor is looked for in the memory of a station that runs on.
@Suite(.serialized, .timeLimit(.minutes(3))) struct MemoryCanaryTests {
  /// Texts, in the forms that strings have in memory, in everything that the process may write to.
  private static func found(_ texts: [String], in process: Process) throws -> [String] {
    let forms = texts.flatMap { text in [(text, Data(text.utf8)), (text, text.data(using: .utf16LittleEndian) ?? Data())] }
    let pid = process.processIdentifier
    let memory = open("/proc/\(pid)/mem", O_RDONLY | O_CLOEXEC)
    try #require(memory >= 0, "whoever runs this may read the memory of his own programs")
    defer { close(memory) }
    var found: [String] = []
    let maps = try String(contentsOfFile: "/proc/\(pid)/maps", encoding: .utf8)
    var block = [UInt8](repeating: 0, count: 1 << 20)
    for line in maps.split(separator: "\n") {
      let words = line.split(separator: " ", omittingEmptySubsequences: true)
      let ends = words[0].split(separator: "-").compactMap { UInt64($0, radix: 16) }
      guard words[1].hasPrefix("rw"), ends.count == 2 else { continue }
      var at = ends[0]
      while at < ends[1] {
        let count = pread(memory, &block, Int(min(UInt64(block.count), ends[1] - at)), off_t(at))
        guard count > 0 else { break }
        let bytes = Data(block[..<count])
        for (text, form) in forms where bytes.range(of: form) != nil { found.append("\(text) in \(line)") }
        // Blocks overlap: a text may lie across their border.
        at += UInt64(at + UInt64(count) < ends[1] ? max(count - 256, 1) : count)
      }
    }
    return found
  }

  @Test func whatAClerkTypedAndSawIsNotInMemoryOnceItWasAnswered() throws {
    let centre = try ContactCentre()
    try centre.openMatter()
    for number in 10..<22 {
      try centre.leave("金丝雀之名\(number)", "139001390\(number)")
      let seen = try centre.window("look")
      #expect(seen.contains("金丝雀之名\(number)") && seen.contains("139001390\(number)"), "\(seen)")
    }
    // The last connection is closed, and its memory given back.
    #expect(try centre.window("finish").contains("done"))
    #expect(try Self.found(["测试站"], in: centre.station).isEmpty == false, "what is there is found")
    let left = try Self.found(["金丝雀之名", "139001390"], in: centre.station)
    #expect(left == [], "\(left.count)")
  }
}
