import Foundation
import Synchronization

/// The programs of a bench, and what is left of it when the tests are done.
extension ReaderBench {
  /// In the folder of the test bundle.
  static func program(_ name: String) throws -> String {
    let bundle = CommandLine.arguments.drop { $0 != "--test-bundle-path" }.dropFirst().first
    for start in [bundle, CommandLine.arguments.first, Bundle.main.executablePath].compactMap({ $0 }) {
      var folder = URL(fileURLWithPath: start).deletingLastPathComponent()
      while folder.path != "/" {
        let candidate = folder.appendingPathComponent(name).path
        if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
        folder.deleteLastPathComponent()
      }
    }
    throw Failure(description: "\(name) is not beside the test bundle")
  }

  private static let built = Mutex<Result<String, Failure>?>(nil)

  /// The helper in C, compiled once for all tests.
  static func testbed() throws -> String {
    try built.withLock { built in
      if let built { return try built.get() }
      let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Helpers/usb-testbed.c")
        .path
      let binary = FileManager.default.temporaryDirectory.appendingPathComponent("linli-usb-testbed-\(getpid())").path
      let compiler = Process()
      compiler.executableURL = URL(fileURLWithPath: "/bin/sh")
      compiler.arguments = [
        "-c", "exec cc -O1 -Wall -Werror -o '\(binary)' '\(source)' $(pkg-config --cflags --libs umockdev-1.0 gio-2.0)",
      ]
      try compiler.run()
      compiler.waitUntilExit()
      let result: Result<String, Failure> =
        compiler.terminationStatus == 0
        ? .success(binary)
        : .failure(Failure(description: "\(source) does not compile: umockdev and gcc are needed (Tools/setup test)"))
      built = result
      leftOver.withLock { $0.append(binary) }
      return try result.get()
    }
  }

  /// The helper, and folders of benches whose thread is not done when the tests are.
  static let leftOver = Mutex<[String]>([])

  static func removeLeftOver() {
    leftOver.withLock { for path in $0 { try? FileManager.default.removeItem(atPath: path) } }
  }
}

/// A place among few, until it is released.
final class Place: Sendable {
  private let places: Places
  init(_ places: Places) { self.places = places }
  deinit { places.giveBack() }
}

final class Places: Sendable {
  private let free: Mutex<Int>

  init(_ count: Int) { free = Mutex(count) }

  func take() async throws -> Place {
    while !free.withLock({ free in
      guard free > 0 else { return false }
      free -= 1
      return true
    }) { try await Task.sleep(for: .milliseconds(20)) }
    return Place(self)
  }

  func giveBack() { free.withLock { $0 += 1 } }
}
