import Foundation
import Testing

@testable import WallHost

@Suite struct SocketFolderTests {
  @Test func whatAKilledPlayerLeftGoesAndALivingOnesStays() throws {
    let parent = "/tmp/wall-\(UUID().uuidString.prefix(8))"
    let left = "\(parent)/linli-wall-old"
    try FileManager.default.createDirectory(atPath: left, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: parent) }
    #expect(FileManager.default.createFile(atPath: "\(left)/lock", contents: nil))
    let one = try SocketFolder(parents: [parent])
    let other = try SocketFolder(parents: ["\(parent)/nowhere", parent])
    #expect(!FileManager.default.fileExists(atPath: left) && FileManager.default.fileExists(atPath: one.path))
    #expect(try FileManager.default.attributesOfItem(atPath: one.path)[.posixPermissions] as? Int == 0o700)
    other.release()
    one.release()
    #expect(try FileManager.default.contentsOfDirectory(atPath: parent).isEmpty)
    #expect(throws: WallPlayerError.self) { try SocketFolder(parents: ["relative", "\(parent)/nowhere"]) }
  }
}
