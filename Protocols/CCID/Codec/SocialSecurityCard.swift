/// Tells a social-security card (社会保障卡) from others: by whether it knows the environment of that name, and by nothing that is on it
/// (README.md, "Social-security cards").
public enum SocialSecurityCard {
  /// `sx1.sh.社会保障` in GB 18030: the name of its system environment (SSSE).
  public static let environment: [UInt8] = [
    0x73, 0x78, 0x31, 0x2E, 0x73, 0x68, 0x2E, 0xC9, 0xE7, 0xBB, 0xE1, 0xB1, 0xA3, 0xD5, 0xCF,
  ]

  /// SELECT by name. It wants no answer but the status: what a card says of itself beside it is nobody's business here.
  public static let select: [UInt8] = [0x00, 0xA4, 0x04, 0x00, UInt8(environment.count)] + environment

  /// The status at the end of the answer to `select`: done, or done with more to fetch.
  public static func isMet(by answer: Span<UInt8>) -> Bool {
    guard answer.count >= 2 else { return false }
    let (first, second) = (answer[answer.count - 2], answer[answer.count - 1])
    return first == 0x90 && second == 0 || first == 0x61
  }
}
