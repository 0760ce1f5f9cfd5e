/// How many bytes follow the two that name a command.
enum CommandShape {
  case alone
  case parameters(Int)
  /// These say how many data follow.
  case head(Int)
  case untilZero

  init?(_ prefix: UInt8, _ letter: UInt8) {
    switch (prefix, letter) {
    case (0x1B, 0x40), (0x1B, 0x32), (0x1B, 0x69), (0x1B, 0x6D), (0x1C, 0x26), (0x1C, 0x2E): self = .alone
    case (0x1B, 0x44): self = .untilZero
    case (0x1B, 0x2A): self = .head(3)
    case (0x1B, 0x70): self = .parameters(3)
    // Buzzer, position, motion units of page mode.
    case (0x1B, 0x42), (0x1B, 0x24), (0x1B, 0x5C), (0x1B, 0x63), (0x1C, 0x53): self = .parameters(2)
    case (0x1B, 0x21), (0x1B, 0x2D), (0x1B, 0x33), (0x1B, 0x45), (0x1B, 0x47), (0x1B, 0x4A), (0x1B, 0x4D), (0x1B, 0x61),
      (0x1B, 0x64), (0x1B, 0x74), (0x1B, 0x7B), (0x1B, 0x20), (0x1B, 0x25), (0x1B, 0x3D), (0x1B, 0x52), (0x1B, 0x56),
      (0x1C, 0x21), (0x1C, 0x2D), (0x1C, 0x57), (0x1C, 0x43):
      self = .parameters(1)
    case (0x1D, 0x21), (0x1D, 0x42), (0x1D, 0x48), (0x1D, 0x49), (0x1D, 0x61), (0x1D, 0x62), (0x1D, 0x66), (0x1D, 0x68),
      (0x1D, 0x72), (0x1D, 0x77):
      self = .parameters(1)
    case (0x1D, 0x4C), (0x1D, 0x50), (0x1D, 0x57): self = .parameters(2)
    case (0x1D, 0x56): self = .parameters(1)
    case (0x1D, 0x28): self = .head(3)
    case (0x1D, 0x6B): self = .head(2)
    case (0x1D, 0x76): self = .head(6)
    case (0x10, 0x04), (0x10, 0x05): self = .parameters(1)
    default: return nil
    }
  }
}

extension PrinterCommand {
  /// `nil`: a parameter that the command does not take.
  init?(_ prefix: UInt8, _ letter: UInt8, _ parameters: [UInt8]) {
    let first = parameters.first ?? 0
    let isOn = first & 1 == 1
    switch (prefix, letter) {
    case (0x1B, 0x40): self = .initialise
    case (0x1C, 0x26): self = .doubleByte(true)
    case (0x1C, 0x2E): self = .doubleByte(false)
    case (0x1C, 0x21): self = .doubleByteStyle(CharacterStyle(doubleByteBits: first))
    case (0x1B, 0x74): self = .codePage(first)
    case (0x1B, 0x61):
      // Also as digits.
      guard let alignment = Alignment(rawValue: first >= 0x30 ? first - 0x30 : first) else { return nil }
      self = .align(alignment)
    case (0x1D, 0x21):
      guard first & 0x88 == 0 else { return nil }
      self = .size(width: (first >> 4) + 1, height: (first & 7) + 1)
    case (0x1B, 0x21): self = .style(CharacterStyle(singleByteBits: first))
    case (0x1B, 0x45), (0x1B, 0x47): self = .bold(isOn)
    case (0x1B, 0x2D):
      let dots = first >= 0x30 ? first - 0x30 : first
      guard dots <= 2 else { return nil }
      self = .underline(dots)
    case (0x1D, 0x42): self = .inverse(isOn)
    case (0x1B, 0x4D): self = .font(first)
    case (0x1B, 0x7B): self = .upsideDown(isOn)
    case (0x1B, 0x64): self = .feedLines(first)
    case (0x1B, 0x4A): self = .feedDots(first)
    case (0x1B, 0x33): self = .lineSpacing(first)
    case (0x1B, 0x32): self = .lineSpacing(nil)
    case (0x1B, 0x69): self = .cut(partial: false)
    case (0x1B, 0x6D): self = .cut(partial: true)
    case (0x1D, 0x56):
      switch (first, parameters.count) {
      case (0, 1), (0x30, 1): self = .cut(partial: false)
      case (1, 1), (0x31, 1): self = .cut(partial: true)
      case (0x41, 2): self = .feedAndCut(partial: false, dots: parameters[1])
      case (0x42, 2): self = .feedAndCut(partial: true, dots: parameters[1])
      default: return nil
      }
    case (0x1B, 0x70):
      guard parameters.count == 3 else { return nil }
      self = .drawer(pin: first, on: parameters[1], off: parameters[2])
    case (0x1B, 0x42):
      guard parameters.count == 2 else { return nil }
      self = .buzzer(times: first, length: parameters[1])
    case (0x1D, 0x72): self = .askInOrder(first)
    case (0x1D, 0x61): self = .automaticStatus(first)
    default: self = .other([prefix, letter] + parameters)
    }
  }
}
