import ExtronSISCodec
import LineProtocolDriver

/// The driver of an Extron matrix.
///
/// Quirks: the answer to a question for a tie names no output in some (`27`) and does in others (`Out05 In27 All`), which is learned at the
/// first one; a number of its own accord does not exist, so that a late one is found by asking for the firmware first (README.md).
public typealias ExtronSISDriver = MatrixDriver<SISDialect>
