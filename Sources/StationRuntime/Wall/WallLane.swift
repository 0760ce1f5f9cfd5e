import DeviceKit
import DeviceVocabulary
import Station
import Synchronization
import Transports

/// What the devices of the wall have said and the station has not heard yet: a lane of its own, so that no press, and nobody at a desk, waits
/// behind it, however much a device says.
///
/// In the order in which it was said; but of what is read again and again (a port's setting, its picture, a measured value) only the newest waits,
/// as long as nothing else of its device came between.
final class WallLane: Sendable {
  private struct Key: Hashable {
    var number: UInt16
    var what: What
    enum What: Hashable { case setting, picture, measured(WallQuantity) }
  }
  private struct State {
    var reports: [WallReport] = []
    /// By device: where the newest of each stands in `reports`.
    var newest: [String: [Key: Int]] = [:]
  }
  private let state = Mutex(State())
  private let wake: WakeSignal

  /// - Parameter wake: raised when the lane stops being empty.
  init(wake: WakeSignal) { self.wake = wake }

  /// Never waits.
  func put(_ device: String, _ event: WallEvent, at now: Instant) {
    let report = WallReport(device, event, at: now)
    let wasEmpty = state.withLock { state in
      let wasEmpty = state.reports.isEmpty
      if let key = Self.key(event) {
        if let index = state.newest[device]?[key] {
          state.reports[index] = report
          return false
        }
        state.newest[device, default: [:]][key] = state.reports.count
      } else {
        // What is read before a device is lost, or starts again, is not what is read after it.
        state.newest[device] = nil
      }
      state.reports.append(report)
      return wasEmpty
    }
    if wasEmpty { wake.raise() }
  }

  /// All of it.
  func take() -> [WallReport] {
    state.withLock { state in
      defer { state = State() }
      return state.reports
    }
  }

  var isEmpty: Bool { state.withLock { $0.reports.isEmpty } }

  private static func key(_ event: WallEvent) -> Key? {
    switch event {
    case .observed(let number, _): Key(number: number, what: .setting)
    case .pictureObserved(let number, _): Key(number: number, what: .picture)
    case .measured(let number, let quantity, _): Key(number: number, what: .measured(quantity))
    default: nil
    }
  }
}
