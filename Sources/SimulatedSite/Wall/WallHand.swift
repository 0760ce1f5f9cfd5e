/// What a person does to a simulated device of the wall.
public enum WallHand: Sendable, Equatable {
  case power(UInt16?, Bool)
  case lock(UInt16, Bool)
  case late(Int)
  case silent(Bool)
  case garble(UInt32)
  /// Answers end in the middle.
  case halves(Bool)
  case closes(Bool)
  case taken(Bool)
  case route(UInt16, UInt16)
  case shift(UInt16)
  /// To an input, by the name that the site file uses.
  case remote(UInt16, String)
  /// It says this word where it is asked for its input.
  case odd(UInt16, String)
  case fan(UInt16, Bool)
  case hot(UInt16, Bool)
}
