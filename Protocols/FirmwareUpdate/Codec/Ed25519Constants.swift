/// Numbers of Ed25519 (RFC 8032 §5.1), least significant part first.
enum Ed25519Constants {
  /// Constants of the field, eight words each, as `FieldRegisters.load` takes them.
  static let field: InlineArray<48, UInt32> = [
    // d = -121665 / 121666
    0x1359_78A3, 0x75EB_4DCA, 0x4141_D8AB, 0x0070_0A4D, 0x7779_E898, 0x8CC7_4079, 0x2B6F_FE73, 0x5203_6CEE,
    // 2d
    0x26B2_F159, 0xEBD6_9B94, 0x8283_B156, 0x00E0_149A, 0xEEF3_D130, 0x198E_80F2, 0x56DF_FCE7, 0x2406_D9DC,
    // A square root of -1: 2^((p - 1) / 4)
    0x4A0E_A0B0, 0xC4EE_1B27, 0xAD2F_E478, 0x2F43_1806, 0x3DFB_D7A7, 0x2B4D_0099, 0x4FC1_DF0B, 0x2B83_2480,
    // Of the base point B: y - x
    0xD740_913E, 0x9D10_3905, 0xD140_BEB3, 0xFD39_9F05, 0x688F_8A09, 0xA5C1_8434, 0x98F8_1267, 0x44FD_2F92,
    // y + x
    0xF58C_3B85, 0x2FBC_93C6, 0xFB8C_0E19, 0xCF93_2DC6, 0x643D_42C2, 0x270B_4898, 0x33D4_BA65, 0x07CF_9D3A,
    // 2d·x·y
    0x877A_AA68, 0xABC9_1205, 0xCCAA_C49E, 0x26D9_E823, 0xDD43_598C, 0x5A1B_7DCB, 0x9F0C_65A8, 0x6F11_7B68,
  ]
  static let d = 0
  static let twiceD = 1
  static let rootOfMinusOne = 2
  static let base = 3

  /// The order L of the base point, 2^252 + 27742317777372353535851937790883648493.
  static let order: InlineArray<8, UInt32> = [
    0x5CF5_D3ED, 0x5812_631A, 0xA2F7_9CD6, 0x14DE_F9DE, 0x0000_0000, 0x0000_0000, 0x0000_0000, 0x1000_0000,
  ]
}
