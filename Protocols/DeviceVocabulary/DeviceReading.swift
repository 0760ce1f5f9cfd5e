import DeviceKit

/// What is measured where: by this a newer reading takes the place of an older one.
public struct Measurand: Sendable, Hashable, Comparable {
  public var device: DeviceID
  public var quantity: Quantity

  public init(_ device: DeviceID, _ quantity: Quantity) {
    self.device = device
    self.quantity = quantity
  }

  /// By device, then by the quantity's name.
  public static func < (left: Measurand, right: Measurand) -> Bool {
    left.device == right.device ? left.quantity.rawValue < right.quantity.rawValue : left.device < right.device
  }
}

/// One value, of what it is, and how old it is.
public struct DeviceReading: Sendable, Equatable {
  public var measurand: Measurand
  public var reading: Reading

  public init(_ measurand: Measurand, _ reading: Reading) {
    self.measurand = measurand
    self.reading = reading
  }

  public func aged(at now: Instant) -> AgedReading {
    AgedReading(measurand: measurand, value: reading.value, age: now - reading.asOf, timeToLive: reading.timeToLive)
  }
}

/// A value and its age when it was asked for.
public struct AgedReading: Sendable, Equatable {
  public var measurand: Measurand
  public var value: Int64
  public var age: Interval
  public var timeToLive: Interval

  public init(measurand: Measurand, value: Int64, age: Interval, timeToLive: Interval) {
    self.measurand = measurand
    self.value = value
    self.age = age
    self.timeToLive = timeToLive
  }

  public var isStale: Bool { age > timeToLive }
}

extension Quantity {
  /// The unit of its values, as UCUM writes it in ASCII.
  public var unit: String {
    switch self {
    case .supplyMillivolts: "mV"
    case .upTimeSeconds: "s"
    case .temperatureTenthsCelsius: "dCel"
    case .roundTripMicroseconds: "us"
    case .errorsPerThousand: "[ppth]"
    }
  }
}
