import DeviceKit
import DeviceVocabulary
import Transports

/// Leads a conversation on the calling thread, over one connection at a time.
enum Conversation {
  /// Takes as long as the machine allows, and the time that the look-up of a name takes.
  ///
  /// - Returns: what it came to; `nil` when it was stopped, or wants nothing more without an end.
  static func run<Talk: Machine, Outcome>(_ start: Talk, isStopped: () -> Bool) -> Outcome?
  where Talk.Input == ConversationInput, Talk.Effect == ConversationEffect<Outcome> {
    var talk = start
    var socket: NetworkSocket?
    defer { socket?.disconnect() }
    var inputs: [ConversationInput] = [.wake]
    var ready = ReadySet()
    while !isStopped() {
      while !inputs.isEmpty {
        var effects = Effects<ConversationEffect<Outcome>>()
        talk.handle(inputs.removeFirst(), at: MonotonicClock.now(), into: &effects)
        while let effect = effects.takeFirst() {
          switch effect {
          case .open(let host, let port):
            let made = NetworkSocket(host: host, port: port, kind: .stream)
            socket = made
            if made.connect() != nil { inputs.append(.linkDown) } else if !made.isConnecting { inputs.append(.linkUp) }
          case .write(let bytes): if socket?.send(bytes) != nil { inputs.append(.linkDown) }
          case .ended(let outcome): return outcome
          }
        }
      }
      guard let socket, let deadline = talk.deadline else { return nil }
      ready.removeAll()
      ready.watch(socket.descriptor, as: 0, output: socket.isConnecting)
      var isReady = false
      ready.wait(until: min(deadline, MonotonicClock.now() + .milliseconds(200))) { _, _ in isReady = true }
      inputs.append(isReady ? arrived(socket) : .wake)
    }
    return nil
  }

  private static func arrived(_ socket: NetworkSocket) -> ConversationInput {
    if socket.isConnecting { return socket.finishConnecting() == nil ? .linkUp : .linkDown }
    switch socket.receive() {
    case .nothing: return .wake
    case .bytes(let bytes): return .received(bytes)
    case .closed: return .linkDown
    }
  }
}
