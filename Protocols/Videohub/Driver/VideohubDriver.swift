import LineProtocolDriver
import VideohubCodec

/// The driver of a Blackmagic Videohub.
///
/// Quirks: an acknowledgement does not mean that anything changed (Vectors/session.txt, "locked"); a hub that refuses the whole question
/// (`NAK`) is believed by what it pushes, and by its answer to `PING`; the end of what it says at first is told only by new ones.
public typealias VideohubDriver = MatrixDriver<HubDialect>
