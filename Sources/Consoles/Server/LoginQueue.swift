import Dispatch

/// One login after the other, on a thread that nothing else needs.
final class LoginQueue: Sendable {
  static let shared = LoginQueue()
  private let queue = DispatchQueue(label: "login")

  func run(_ work: @escaping @Sendable () -> Void) { queue.async(execute: work) }
}
