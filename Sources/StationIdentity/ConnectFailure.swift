import Foundation
import NIOCore
import NIOPosix
import NIOSSL

/// Why a connection to another station did not come about or broke, in words for a technician: what happened, and what to do. The one place
/// where the library's errors are read. Chinese first, then English.
public struct ConnectFailure: Error, Sendable, Equatable, CustomStringConvertible {
  /// How far it came: the name, the port, then TLS; certificates have refusals of their own.
  public enum Kind: String, Sendable, CaseIterable {
    case unknownName, noRoute, refused, timeOut, noTLS, olderTLS, brokenOff, otherTLS, other
  }

  public var kind: Kind
  public var host: String
  public var port: Int
  /// The system's own words, where ours say less.
  public var detail = ""

  public init(_ error: any Error, host: String, port: Int) {
    let (kind, detail) = Self.read(error)
    self.init(kind, host: host, port: port, detail: detail)
  }

  public init(_ kind: Kind, host: String, port: Int, detail: String = "") {
    self.kind = kind
    self.host = host
    self.port = port
    self.detail = detail
  }

  public var chinese: String {
    let place = "\(host):\(port)"
    return switch kind {
    case .unknownName: "找不到名字 \(host):核对拼写;没有域名服务器就直接写 IP 地址"
    case .noRoute: "没有到 \(host) 的路:检查网线、交换机、本机的 IP 地址和网关"
    case .refused: "\(host) 在,但端口 \(port) 没有程序在听:核对端口,看上级的程序是否在运行"
    case .timeOut: "\(place) 没有应答:检查线路和上级是否开机,地址是否正确,防火墙是否放行这个端口"
    case .noTLS: "\(place) 应答的不是加密连接:端口写错了?站点之间用 8463,接入用 8464"
    case .olderTLS: "\(place) 不会 TLS 1.3:那不是本系统的站点,核对地址和端口"
    case .brokenOff: "\(place) 接通后马上断开:端口写错了,或中间的设备切断了连接"
    case .otherTLS: "和 \(place) 的加密连接建不起来(\(detail)):核对地址和端口"
    case .other: "连不上 \(place)(\(detail)):检查网络和地址"
    }
  }

  public var english: String {
    let place = "\(host):\(port)"
    return switch kind {
    case .unknownName: "the name \(host) is not found: check how it is written; without a name server give the IP address"
    case .noRoute: "there is no route to \(host): check cable, switch, this computer's IP address and its gateway"
    case .refused: "\(host) is there, but nobody listens at port \(port): check the port, and that the parent's program runs"
    case .timeOut:
      "\(place) does not answer: check the line, whether the parent is switched on, the address, and whether a firewall lets this port pass"
    case .noTLS: "what answers at \(place) speaks no TLS: wrong port? 8463 is for the line between stations, 8464 for joining"
    case .olderTLS: "\(place) does not speak TLS 1.3: that is no station of this system; check address and port"
    case .brokenOff: "\(place) took the connection and closed it at once: a wrong port, or something in between cuts it"
    case .otherTLS: "TLS with \(place) cannot be set up (\(detail)): check address and port"
    case .other: "no connection to \(place) (\(detail)): check network and address"
    }
  }

  public var description: String { "\(chinese) / \(english)" }

  private static func read(_ error: any Error) -> (Kind, String) {
    switch error {
    case let error as NIOConnectionError:
      // Of several addresses of one name the first tells enough.
      if let first = error.connectionErrors.first { return read(first.error) }
      return (.unknownName, "")
    case is SocketAddressError.UnknownHost, is SocketAddressError: return (.unknownName, "")
    case ChannelError.connectTimeout, is HandshakeTooSlow: return (.timeOut, "")
    case let error as IOError: return (kind(ofSystemError: error.errnoCode), String(cString: strerror(error.errnoCode)))
    case NIOSSLError.uncleanShutdown, ChannelError.eof, ChannelError.inputClosed, ChannelError.ioOnClosedChannel,
      ChannelError.alreadyClosed:
      return (.brokenOff, "")
    case let error as NIOSSLError: return tls("\(error)")
    case let error as BoringSSLError: return tls("\(error)")
    default: return (.other, "\(error)")
    }
  }

  private static func kind(ofSystemError code: Int32) -> Kind {
    switch code {
    case ECONNREFUSED: .refused
    case EHOSTUNREACH, ENETUNREACH, ENETDOWN, EHOSTDOWN, EADDRNOTAVAIL: .noRoute
    case ETIMEDOUT: .timeOut
    case ECONNRESET, EPIPE, ECONNABORTED: .brokenOff
    default: .other
    }
  }

  /// The library's errors carry their names as text only, and some of them nothing but the number.
  private static func tls(_ text: String) -> (Kind, String) {
    func says(_ words: String...) -> Bool { words.contains { text.contains($0) } }
    if says(
      "WRONG_VERSION_NUMBER", "268435703", "HTTP_REQUEST", "HTTPS_PROXY_REQUEST", "UNEXPECTED_RECORD", "INVALID_OUTER_RECORD")
    {
      return (.noTLS, "")
    }
    if says("ALERT_PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL") { return (.olderTLS, "") }
    if says("eof", "EOF", "syscallError") { return (.brokenOff, "") }
    return (.otherTLS, String(text.prefix(200)))
  }
}

/// Why a port of this computer cannot be listened at. Chinese first, then English.
public enum ListenFailure {
  public static func words(_ error: any Error) -> String {
    guard let code = (error as? IOError)?.errnoCode else { return "\(error)" }
    return switch code {
    case EADDRINUSE: "端口已被别的程序占用 / another program has the port"
    case EADDRNOTAVAIL: "本机没有这个地址 / this computer does not have the address"
    case EACCES: "1024 以下的端口要管理员权限 / a port below 1024 needs the administrator"
    default: String(cString: strerror(code))
    }
  }
}
