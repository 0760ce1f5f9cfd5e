/// Where the inputs and relays of an ordinary module lie and which of the usual quirks it has. Addresses are those on the wire, from 0.
public struct DigitalIOLayout: Sendable, Equatable {
  public enum InputFunction: UInt8, Sendable, Equatable {
    /// Function 01: the module shows its inputs as coils.
    case coils = 0x01
    /// Function 02, the standard's way.
    case discreteInputs = 0x02
  }

  public enum WriteFunction: UInt8, Sendable, Equatable {
    /// Function 05, one relay a request: modules that do not know 0F.
    case single = 0x05
    /// Function 0F, all relays in one request.
    case multiple = 0x0F
  }

  public static let bitLimit: UInt16 = 32

  public var inputFunction: InputFunction
  public var inputStart: UInt16
  /// 0...32.
  public var inputCount: UInt16
  /// Inputs that read 0 when the contact is closed, bit 0 = input 1.
  public var activeLowMask: UInt32
  public var outputStart: UInt16
  /// 0...32.
  public var outputCount: UInt16
  public var writeFunction: WriteFunction

  /// Counts above 32 are cut to 32.
  public init(
    inputFunction: InputFunction = .discreteInputs, inputStart: UInt16 = 0, inputCount: UInt16 = 0, activeLowMask: UInt32 = 0,
    outputStart: UInt16 = 0, outputCount: UInt16 = 0, writeFunction: WriteFunction = .multiple
  ) {
    self.inputFunction = inputFunction
    self.inputStart = inputStart
    self.inputCount = min(inputCount, DigitalIOLayout.bitLimit)
    self.activeLowMask = activeLowMask
    self.outputStart = outputStart
    self.outputCount = min(outputCount, DigitalIOLayout.bitLimit)
    self.writeFunction = writeFunction
  }

  public var inputMask: UInt32 { DigitalIOLayout.mask(inputCount) }
  public var outputMask: UInt32 { DigitalIOLayout.mask(outputCount) }

  private static func mask(_ count: UInt16) -> UInt32 {
    count >= 32 ? .max : (UInt32(1) << UInt32(count)) &- 1
  }
}
