/// The one shape of everything that decides: a pure state machine that is given an input and the time, and says what should be done.
///
/// Drivers, device models, firmware logic, the station and the uplink's policy all conform. A machine never reads a clock, sleeps,
/// allocates a thread, touches a file descriptor, or iterates a `Dictionary` or `Set` for its result: one seed replays a whole site.
public protocol Machine {
  associatedtype Input
  associatedtype Effect

  /// When the machine wants to be woken although nothing arrived; `nil` for never. It is derived from the state, so that there is
  /// no timer object to cancel. Waking early is harmless.
  var deadline: Instant? { get }

  /// Takes one input (or a wake-up, which the input type names) and appends what should be done, in order.
  mutating func handle(_ input: Input, at now: Instant, into effects: inout Effects<Effect>)
}
