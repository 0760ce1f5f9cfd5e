/// What a personal value is opened for. The audit says it, so there is one word for each thing that this program does with such a value.
public enum Purpose: String, Sendable, Codable, CaseIterable {
  /// Into the form that the resident fills in.
  case fillForm
  /// Sealed for whoever has to read it; this station cannot open it again.
  case seal
  /// Shown to the clerk at the window, who compares it with the card.
  case compareAtWindow
  /// The visitor is asked how it went (回访).
  case callBack
  /// Whoever the matter was handed over to works on it (办理).
  case handleMatter
  /// The person himself asks what is kept about him (PIPL 44-50).
  case rightsRequest
}

/// That a personal value was opened: what the audit keeps. It says nothing about whose value it is.
public struct SecretOpening: Sendable, Equatable, Codable {
  /// The kind of value, for instance `card`.
  public var what: String
  public var purpose: Purpose

  public init(what: String, purpose: Purpose) {
    self.what = what
    self.purpose = purpose
  }
}

/// A personal value. It does not print, has no mirror, cannot be encoded, compared or hashed, and is opened by a call that writes an audit
/// entry first.
public struct Sensitive<Value: Sendable>: Sendable {
  private let value: Value
  public let what: String

  /// - Parameter what: the kind of value as the audit should name it; nothing of the value itself.
  public init(_ value: Value, what: StaticString) {
    self.value = value
    self.what = "\(what)"
  }

  /// The value, once `audit` has written that it was opened; `nil` when it could not.
  public func open(for purpose: Purpose, audit: (SecretOpening) -> Bool) -> Value? {
    audit(SecretOpening(what: what, purpose: purpose)) ? value : nil
  }
}

extension Sensitive: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "Sensitive(\(what))" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: []) }
}
