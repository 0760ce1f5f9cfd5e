import KramerP3000Codec
import LineProtocolDriver

/// The driver of a Kramer matrix that speaks Protocol 3000.
///
/// Quirks: what repeats a command with `OK` is no proof, the answer to a question is; `OK` and the machine's number stand where they like
/// (Vectors/answers.txt).
public typealias KramerP3000Driver = MatrixDriver<P3000Dialect>

/// The driver of one that speaks Protocol 2000: old, or as it left the factory.
///
/// Quirk: the answer to a question names no output, and there is no checksum (README.md).
public typealias KramerP2000Driver = MatrixDriver<P2000Dialect>
