import ArgumentParser
import DeviceKit
import DeviceVocabulary
import Foundation
import StationRuntime
import Synchronization
import Transports

/// A process that does nothing but what the station's wall thread does: the same runtime, loop, drivers and lines, with the wishes of two
/// layouts that change everything. It speaks as the references do (`reference/wall.c`).
struct WallClient: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "wall", shouldDisplay: false)
  @Argument(help: "ports of panels on the network") var ports: [Int] = []
  @Option(help: "so many of them, the last, do not answer and are not waited for") var dead = 0
  @Option(help: "instead of ports: a serial line with a chain of 16 panels") var chain: String?

  static let chained: UInt16 = 16

  func run() throws {
    let proofs = WallProofs()
    let runtime = try WallRuntime(WallDevices(devices: devices, addresses: [:], consolePort: 0))
    runtime.start { proofs.hear($0, $1) }
    // The first that it is told is 1.
    for layout in [1, 0] { _ = try bring(layout, proofs, runtime.hands) }
    // What a panel is asked once, after it was first read.
    sleep(1)
    print("ready")
    fflush(nil)
    while let line = readLine(), let layout = Int(line) {
      let microseconds = try bring(layout, proofs, runtime.hands)
      print("\(microseconds) \(chain == nil ? WallSpeedRow.steps * (ports.count - dead) : 2 * Int(Self.chained))")
      fflush(nil)
    }
    runtime.shutDown()
  }

  private var devices: [WallDevicePlan] {
    if let chain {
      var plan = WallDevicePlan(name: "chain", kind: .samsungMDC, connection: .serial(chain, baud: .b9600))
      plan.ports = Array(1...Self.chained)
      return [plan]
    }
    return ports.enumerated().map { index, port in
      var plan = WallDevicePlan(name: "p\(index)", kind: .samsungMDC, connection: .network(host: "127.0.0.1", port: port))
      plan.ports = [1]
      return plan
    }
  }

  /// Wishes a layout and waits until all that answer have been read back as wished; answers how long the last one took.
  private func bring(_ layout: Int, _ proofs: WallProofs, _ hands: WallHands) throws -> Int64 {
    let input = layout == 1 ? "HDMI2" : "HDMI1"
    if chain != nil {
      let wishes = (1...Self.chained).map { WallWish($0, .display(DisplaySetting(isOn: true, input: input))) }
      return try proofs.wait(for: [("chain", wishes)], besides: [], hands)
    }
    let wishes = ports.indices.map { index in
      let part =
        layout == 1
        ? WallPart(columns: 4, rows: 4, position: UInt8(index % 16 + 1))
        : WallPart(columns: 8, rows: 8, position: UInt8(index + 1))
      return ("p\(index)", [WallWish(1, .display(DisplaySetting(isOn: true, input: input, part: part)))])
    }
    return try proofs.wait(for: wishes, besides: Set(ports.indices.suffix(dead).map { "p\($0)" }), hands)
  }
}

/// What was read back, against what is wished.
private final class WallProofs: Sendable {
  private struct State {
    /// Ports that have not been read back as wished.
    var open: [WallPort: WallSetting] = [:]
    var lastAt = Instant.zero
  }
  private let state = Mutex(State())
  private let done = DispatchSemaphore(value: 0)

  func hear(_ device: String, _ event: WallEvent) {
    guard case .observed(let number, let setting) = event else { return }
    let port = WallPort(device: device, number: number)
    let isLast = state.withLock { state in
      guard let wish = state.open[port], setting.satisfies(wish) else { return false }
      state.open[port] = nil
      state.lastAt = MonotonicClock.now()
      return state.open.isEmpty
    }
    if isLast { done.signal() }
  }

  func wait(for wishes: [(String, [WallWish])], besides dead: Set<String>, _ hands: WallHands) throws -> Int64 {
    let open = wishes.filter { !dead.contains($0.0) }.flatMap { device, wishes in
      wishes.map { (WallPort(device: device, number: $0.number), $0.setting) }
    }
    state.withLock { $0.open = Dictionary(uniqueKeysWithValues: open) }
    let start = MonotonicClock.now()
    for (device, wishes) in wishes { hands.wish(device, wishes) }
    guard done.wait(timeout: .now() + 60) == .success else {
      let open = state.withLock { $0.open.keys.sorted() }
      throw BenchError("not read back within 60 s: \(open.prefix(8).map(\.description).joined(separator: ", "))")
    }
    return (state.withLock { $0.lastAt } - start).microseconds
  }
}
