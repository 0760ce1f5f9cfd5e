import DeviceVocabulary
import Foundation
import Synchronization
import Testing

@testable import Transports

/// The pages of secrets: locked and left out of crash files, or told once that they are not.
@Suite struct LockedPagesTests {
  private final class Noted: Sendable {
    let lines = Mutex<[String]>([])
    func note(_ line: String) { lines.withLock { $0.append(line) } }
    var all: [String] { lines.withLock { $0 } }
  }

  @Test func pagesAreHiddenAndLockedAndGivenBackErased() {
    let noted = Noted()
    let calls = LockedPages.Calls(
      lock: {
        noted.note("lock \($0.count)")
        return 0
      },
      unlock: { pages in noted.note("unlock \(pages.allSatisfy { $0 == 0 })") },
      hide: {
        noted.note("hide \($1)")
        return 0
      })
    var buffer: SecretBuffer? = LockedPages(log: noted.note, calls: calls).buffer(256)
    buffer?.fill(from: [1, 2, 3])
    #expect(noted.all == ["hide true", "lock 4096"])
    buffer = nil
    #expect(noted.all == ["hide true", "lock 4096", "unlock true", "hide false"])
  }

  @Test func aRefusalIsToldOnceAndEverythingGoesOn() {
    let noted = Noted()
    let calls = LockedPages.Calls(lock: { _ in ENOMEM }, unlock: { _ in }, hide: { _, _ in 0 })
    let pages = LockedPages(log: noted.note, calls: calls)
    let buffers = [pages.buffer(1), pages.buffer(1)]
    #expect(noted.all.count == 1 && noted.all[0].contains("LimitMEMLOCK") && pages.hasBeenRefused)
    #expect(buffers[1].append(7) && buffers[1].count == 1)
  }

  /// The kernel's own word: the pages are locked, and in no crash file.
  @Test func theKernelHoldsThem() throws {
    let pages = LockedPages { _ in }
    let buffer = pages.buffer(16)
    let address = UInt(bitPattern: buffer.lend().baseAddress)
    buffer.takeBack(filled: 0)
    let file = try #require(FileHandle(forReadingAtPath: "/proc/self/smaps"))
    let maps = String(decoding: try withExtendedLifetime(buffer) { try file.readToEnd() ?? Data() }, as: UTF8.self)
    var isThis = false
    var flags: [Substring] = []
    for line in maps.split(separator: "\n") {
      let ends = line.prefix { $0 != " " }.split(separator: "-").compactMap { UInt($0, radix: 16) }
      if ends.count == 2 { isThis = (ends[0]..<ends[1]).contains(address) }
      if isThis, line.hasPrefix("VmFlags:") { flags = line.split(separator: " ") }
    }
    #expect(flags.contains("dd"))
    #expect(flags.contains("lo") || pages.hasBeenRefused)
  }
}
