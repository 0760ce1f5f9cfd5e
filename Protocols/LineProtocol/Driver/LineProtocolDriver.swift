import LineProtocolCodec

/// The driver of a matrix that the site file describes.
///
/// Quirk of all such: an answer that names no output is believed to belong to the question before it. `answerLimit` has to be longer than
/// the device ever takes; after a question without an answer nothing is asked for two seconds.
public typealias LineProtocolDriver = MatrixDriver<LineDialect>
