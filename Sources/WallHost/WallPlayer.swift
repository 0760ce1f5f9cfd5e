import ChildPrograms
import DeviceKit
import DeviceVocabulary
import Foundation
import MPVDriver
import Transports

/// Keeps the windows of a PC as they are wished, from one thread: its own. Each window is one mpv, and the trouble of one is no other's.
public final class WallPlayer: Sendable {
  private enum Order: Sendable {
    case wish([WallWish])
    case identify(UInt16, UInt8)
    case retest
    case stop
  }

  private let orders: BoundedMailbox<Order>
  private let wake: WakeSignal
  private let ended = DispatchGroup()
  private let settings: PlayerSettings
  private let program: String
  private let place: SocketFolder
  var folder: String { place.path }
  private let log: @Sendable (String) -> Void
  private let tell: @Sendable (WallEvent) -> Void

  /// - Parameters:
  ///   - log: one line for each window that has trouble; never an address.
  ///   - tell: what a window shows; called on the player's thread, must not wait. No address is in it.
  public init(
    _ settings: PlayerSettings, log: @escaping @Sendable (String) -> Void, tell: @escaping @Sendable (WallEvent) -> Void
  ) throws {
    self.settings = settings
    self.log = log
    self.tell = tell
    program = try ChildProgram.find("mpv")
    wake = try WakeSignal()
    orders = BoundedMailbox(capacity: 0, reserve: 256, wake: wake)
    place = try SocketFolder()
  }

  public func start() {
    ended.enter()
    let thread = Thread { [self] in
      var loop = PlayerLoop(
        settings: settings, program: program, folder: folder, log: log, tell: tell)
      run(&loop)
      loop.endAll()
      place.release()
      ended.leave()
    }
    thread.name = "wall-player"
    thread.start()
  }

  /// The whole wish, with the addresses of its sources.
  public func wish(_ wishes: [WallWish]) { _ = orders.send(.wish(wishes), .irreplaceable) }
  public func identify(_ number: UInt16, seconds: UInt8) { _ = orders.send(.identify(number, seconds), .irreplaceable) }
  public func retest() { _ = orders.send(.retest, .irreplaceable) }

  /// Closes all windows; returns when that is done.
  public func stop() {
    while orders.send(.stop, .irreplaceable) == .refused { usleep(10_000) }
    ended.wait()
  }

  private func run(_ loop: inout PlayerLoop) {
    var batch: [Order] = []
    var ready = ReadySet()
    while true {
      wake.clear()
      orders.receive(into: &batch)
      for order in batch {
        switch order {
        case .wish(let wishes): loop.take(wishes)
        case .identify(let number, let seconds): loop.identify(number, seconds)
        case .retest: loop.retest()
        case .stop: return
        }
      }
      batch.removeAll(keepingCapacity: true)
      let next = loop.step()
      ready.removeAll()
      ready.watch(wake.fileDescriptor, as: -1, output: false)
      loop.watch(&ready)
      var found: [(Int, Readiness)] = []
      ready.wait(until: next) { found.append(($0, $1)) }
      for (id, readiness) in found where id >= 0 { loop.serve(id, readiness) }
    }
  }
}
