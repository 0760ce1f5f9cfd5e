import Foundation
import Synchronization
import Testing

@testable import StationRuntime

/// The door of the command line: what lies in its place, and who stands in it.
@Suite struct ControlSocketTests {
  private let folder = "\(FileManager.default.temporaryDirectory.path)/linli-door-\(UUID().uuidString.prefix(8))"

  init() throws { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }

  private func withDoor(_ body: (ControlSocket, String) throws -> Void, answer: @escaping @Sendable (String) -> String) throws {
    let path = "\(folder)/door.sock"
    let door = try ControlSocket(path: path, answer: answer)
    defer {
      door.stop()
      try? FileManager.default.removeItem(atPath: folder)
    }
    try body(door, path)
  }

  /// A client that has connected and says nothing.
  private func silentClient(_ path: String) throws -> Int32 {
    let client = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let connected = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(client, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
    }
    try #require(connected == 0)
    return client
  }

  @Test func whoSaysNothingKeepsNobodyWaiting() throws {
    try withDoor { _, path in
      let silent = try (0..<9).map { _ in try silentClient(path) }
      defer { for client in silent { close(client) } }
      let began = ContinuousClock.now
      #expect(try ControlSocket.ask(path, "ping") == "ping")
      // One after the other they would take a second each.
      #expect(ContinuousClock.now - began < .seconds(1))
    } answer: {
      $0
    }
  }

  /// Whoever is asked for what takes long can see that nobody waits for it any more.
  @Test func aClientThatHasGoneIsSeen() throws {
    let path = "\(folder)/door.sock"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let found = Mutex<[Bool]>([])
    let (asked, closed, looked) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let door = try ControlSocket(path: path) { _, client in
      found.withLock { $0.append(client.isGone) }
      asked.signal()
      closed.wait()
      found.withLock { $0.append(client.isGone) }
      looked.signal()
      return "late"
    }
    defer { door.stop() }
    let client = try silentClient(path)
    #expect(send(client, "wait\n", 5, Int32(MSG_NOSIGNAL)) == 5)
    #expect(asked.wait(timeout: .now() + 20) == .success)
    close(client)
    closed.signal()
    #expect(looked.wait(timeout: .now() + 20) == .success)
    #expect(found.withLock { $0 } == [false, true])
  }

  /// Each reason has its own words: which one it is decides what is to be done.
  @Test func whyNobodyAnswersIsSaid() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let missing = try #require(#expect(throws: ControlError.self) { _ = try ControlSocket.ask("\(folder)/none.sock", "ping") })
    #expect("\(missing)".contains("no such socket"))
    let path = "\(folder)/old.sock"
    let left = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let bound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(left, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
    }
    try #require(bound == 0)
    close(left)
    let refused = try #require(#expect(throws: ControlError.self) { _ = try ControlSocket.ask(path, "ping") })
    #expect("\(refused)".contains("nobody listens"))
  }

  /// A program that is started while a client waits would keep the client's connection open, and the client waiting.
  @Test func noProgramThatIsStartedMeanwhileInheritsAConnection() throws {
    let path = "\(folder)/door.sock"
    try withDoor { _, path in
      let said = try ControlSocket.ask(path, "look")
      #expect(said == "2 of 2")
    } answer: { _ in
      // The listening one and the one that is being answered have the path as their name.
      let ours = (Int32(0)..<1_024).filter { Self.name(of: $0) == path }
      return "\(ours.filter { fcntl($0, F_GETFD) & FD_CLOEXEC != 0 }.count) of \(ours.count)"
    }
  }

  private static func name(of descriptor: Int32) -> String? {
    var address = sockaddr_un()
    var length = socklen_t(MemoryLayout<sockaddr_un>.size)
    let code = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
    }
    guard code == 0, address.sun_family == sa_family_t(AF_UNIX) else { return nil }
    return withUnsafeBytes(of: address.sun_path) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }

  @Test func moreThanItServesAtOnceAreServedInTheEnd() throws {
    try withDoor { _, path in
      let silent = try (0..<40).map { _ in try silentClient(path) }
      defer { for client in silent { close(client) } }
      #expect(try ControlSocket.ask(path, "ping", timeoutSeconds: 20) == "ping")
    } answer: {
      $0
    }
  }

  /// While it serves as many as it can, its listening thread sleeps: when it looks again, the door is stopped, and another may be open.
  @Test func oneThatWasStoppedTakesNobodyFromTheNext() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let old = try ControlSocket(path: "\(folder)/old.sock") { "old \($0)" }
    let silent = try (0..<ControlSocket.clientLimit).map { _ in try silentClient("\(folder)/old.sock") }
    defer { for client in silent { close(client) } }
    usleep(100_000)
    old.stop()
    // Each by each gets the lowest number that is free.
    let new = try (0..<4).map { number in try ControlSocket(path: "\(folder)/\(number).sock") { "new \($0)" } }
    defer { for door in new { door.stop() } }
    for _ in 0..<8 {
      usleep(200_000)
      for number in 0..<4 { #expect(try ControlSocket.ask("\(folder)/\(number).sock", "ping") == "new ping") }
    }
  }

  @Test func aRequestThatTakesLongDelaysNoOther() throws {
    let gate = DispatchSemaphore(value: 0)
    try withDoor { _, path in
      let ended = DispatchSemaphore(value: 0)
      Thread.detachNewThread {
        let answer = try? ControlSocket.ask(path, "wait", timeoutSeconds: 20)
        #expect(answer == "waited")
        ended.signal()
      }
      usleep(50_000)
      let status = try ControlSocket.ask(path, "status", timeoutSeconds: 20)
      #expect(status == "status")
      gate.signal()
      ended.wait()
    } answer: { line in
      guard line == "wait" else { return line }
      gate.wait()
      return "waited"
    }
  }

  @Test func whatIsNoSocketIsLeftAlone() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = "\(folder)/notes.txt"
    try "keep me".write(toFile: path, atomically: true, encoding: .utf8)
    let error = try #require(#expect(throws: ControlError.self) { _ = try ControlSocket(path: path) { $0 } })
    #expect("\(error)".contains("不是套接字") && "\(error)".contains(path))
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "keep me")
    let link = "\(folder)/link.sock"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
    #expect(throws: ControlError.self) { _ = try ControlSocket(path: link) { $0 } }
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == path)
  }

  @Test func theSocketOfAKilledProgramIsReplacedAndThatOfALivingOneIsNot() throws {
    try withDoor { _, path in
      #expect(throws: ControlError.self) { _ = try ControlSocket(path: path) { _ in "second" } }
      #expect(try ControlSocket.ask(path, "first") == "first")
      let stale = "\(folder)/stale.sock"
      let left = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: stale.utf8) }
      let bound = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(left, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
      }
      close(left)
      try #require(bound == 0)
      let next = try ControlSocket(path: stale) { _ in "next" }
      #expect(try ControlSocket.ask(stale, "ping") == "next")
      next.stop()
      #expect(!FileManager.default.fileExists(atPath: stale))
    } answer: {
      $0
    }
  }

  @Test func stoppingLeavesADoorThatIsNotItsOwn() throws {
    try withDoor { door, path in
      try FileManager.default.removeItem(atPath: path)
      let other = try ControlSocket(path: path) { _ in "other" }
      door.stop()
      #expect(try ControlSocket.ask(path, "ping") == "other")
      other.stop()
    } answer: {
      $0
    }
  }

  @Test func aPathThatIsTooLongIsSaidWithItsLimit() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = "/tmp/" + String(repeating: "深", count: 40) + ".sock"
    for attempt in [
      { try ControlSocket.check(path) }, { _ = try ControlSocket(path: path) { $0 } },
      { _ = try ControlSocket.ask(path, "ping") },
    ] {
      let error = try #require(#expect(throws: ControlError.self) { try attempt() })
      #expect("\(error)".contains("最多 107 字节") && "\(error)".contains("130"))
    }
  }
}
