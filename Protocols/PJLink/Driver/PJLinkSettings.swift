import DeviceKit

/// What differs between sites and models, or is not certain (README.md, "Settings").
public struct PJLinkSettings: Sendable {
  public var password: String?
  /// Of a library: this folder has none.
  public var md5: @Sendable ([UInt8]) -> [UInt8]
  public var replyTimeout: Interval
  public var greetingTimeout: Interval
  /// Some lock up when they are asked more often with a password.
  public var restCycle: Interval
  /// Between questions while it warms up or cools down.
  public var transitionPoll: Interval
  /// For so long it may warm up, cool down, or say "not now".
  public var transitionLimit: Interval
  /// Between being switched on or off and being asked whether it is.
  public var powerSettle: Interval
  /// A picture that somebody muted is shown again while it is wished to be on.
  public var keepsPictureShown: Bool

  public init(
    password: String? = nil, md5: @escaping @Sendable ([UInt8]) -> [UInt8], replyTimeout: Interval = .seconds(5),
    greetingTimeout: Interval = .seconds(3), restCycle: Interval = .seconds(5), transitionPoll: Interval = .seconds(2),
    transitionLimit: Interval = .seconds(120), powerSettle: Interval = .seconds(2), keepsPictureShown: Bool = true
  ) {
    self.password = password
    self.md5 = md5
    self.replyTimeout = replyTimeout
    self.greetingTimeout = greetingTimeout
    self.restCycle = max(restCycle, .milliseconds(100))
    self.transitionPoll = max(transitionPoll, .milliseconds(100))
    self.transitionLimit = transitionLimit
    self.powerSettle = powerSettle
    self.keepsPictureShown = keepsPictureShown
  }
}
