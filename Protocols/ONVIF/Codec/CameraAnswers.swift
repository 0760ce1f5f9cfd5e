/// A way in which a camera shows its picture: resolution, coding, stream.
public struct CameraProfile: Sendable, Equatable {
  public var token: String
  public var name: String
  /// In pixels; 0: it does not say.
  public var width: Int
  public var height: Int
  /// `H264`, `JPEG`; "": it does not say.
  public var encoding: String
  /// It can be moved by this profile.
  public var moves: Bool
  /// Where its stream is, without a login; `nil`: not asked, or it gave none.
  public var stream: String?

  public init(
    token: String, name: String, width: Int = 0, height: Int = 0, encoding: String = "", moves: Bool = false,
    stream: String? = nil
  ) {
    self.token = token
    self.name = name
    self.width = width
    self.height = height
    self.encoding = encoding
    self.moves = moves
    self.stream = stream
  }
}

/// A position that a camera remembers.
public struct CameraPreset: Sendable, Equatable {
  public var token: String
  public var name: String

  public init(token: String, name: String) {
    self.token = token
    self.name = name
  }
}

/// What it is, in its own words.
public struct CameraIdentity: Sendable, Equatable {
  public var maker: String
  public var model: String
  public var firmware: String

  public init(maker: String = "", model: String = "", firmware: String = "") {
    self.maker = maker
    self.model = model
    self.firmware = firmware
  }
}

/// What answers say. All of it comes from outside: lists have limits, and names are made plain.
public enum CameraAnswers {
  public static let profileLimit = 16
  public static let presetLimit = 256
  static let tokenLimit = 64

  /// By its clock, in UTC; `nil`: it does not say.
  public static func unixSeconds(_ answer: SOAPElement) -> Int64? {
    guard let utc = answer.find("UTCDateTime"), let date = utc.child("Date"), let time = utc.child("Time") else { return nil }
    func number(_ element: SOAPElement, _ name: String) -> Int64? { element.value(name).flatMap { Int64($0) } }
    guard let year = number(date, "Year"), let month = number(date, "Month"), let day = number(date, "Day"),
      let hour = number(time, "Hour"), let minute = number(time, "Minute"), let second = number(time, "Second")
    else { return nil }
    return CameraTime.seconds(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
  }

  /// Of `capabilities` or `services`.
  public static func address(of service: CameraService, _ answer: SOAPElement) -> ServiceAddress? {
    if answer.name.hasPrefix("GetCapabilities") {
      let names = [CameraService.device: "Device", .media: "Media", .ptz: "PTZ"]
      return answer.child("Capabilities")?.child(names[service] ?? "")?.value("XAddr").flatMap { ServiceAddress($0) }
    }
    return answer.all("Service").first { $0.value("Namespace") == service.rawValue }?.value("XAddr").flatMap {
      ServiceAddress($0)
    }
  }

  public static func identity(_ answer: SOAPElement) -> CameraIdentity {
    func text(_ name: String) -> String { SOAPText.plain(answer.value(name) ?? "", limit: 40) }
    return CameraIdentity(maker: text("Manufacturer"), model: text("Model"), firmware: text("FirmwareVersion"))
  }

  public static func profiles(_ answer: SOAPElement) -> [CameraProfile] {
    answer.all("Profiles").prefix(profileLimit).compactMap { profile in
      guard let token = token(profile) else { return nil }
      let encoder = profile.child("VideoEncoderConfiguration")
      func size(_ name: String) -> Int { min(max(encoder?.value("Resolution", name).flatMap { Int($0) } ?? 0, 0), 65_535) }
      return CameraProfile(
        token: token, name: SOAPText.plain(profile.value("Name") ?? "", limit: 40), width: size("Width"), height: size("Height"),
        encoding: SOAPText.plain(encoder?.value("Encoding") ?? "", limit: 16), moves: profile.child("PTZConfiguration") != nil)
    }
  }

  /// As the camera gives it.
  public static func streamAddress(_ answer: SOAPElement) -> String? {
    answer.find("Uri").map { SOAPElement.trimmed($0.text) }.flatMap { $0.isEmpty ? nil : $0 }
  }

  public static func presets(_ answer: SOAPElement) -> [CameraPreset] {
    answer.all("Preset").prefix(presetLimit).compactMap { preset in
      guard let token = token(preset) else { return nil }
      let name = SOAPText.plain(preset.value("Name") ?? "", limit: 40)
      return CameraPreset(token: token, name: name.isEmpty ? SOAPText.plain(token, limit: 40) : name)
    }
  }

  /// Goes back as it came; one that is longer than the standard allows is none.
  private static func token(_ element: SOAPElement) -> String? {
    element.attribute("token").flatMap { $0.isEmpty || $0.utf8.count > tokenLimit ? nil : $0 }
  }
}

extension [CameraProfile] {
  /// By its name or its token; "first": the camera's first, which is its best as a rule.
  public func named(_ name: String) -> CameraProfile? {
    name == "first" ? first : first { $0.name == name } ?? first { $0.token == name }
  }
}
