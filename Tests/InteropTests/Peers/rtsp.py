"""An RTSP server with digest: gst-rtsp-server. rtsp.py PORT USER PASSWORD [silent]: H.264 of a moving test picture at /ch1/main."""
import socket
import sys
import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

port, user, password = sys.argv[1:4]
if sys.argv[4:] == ["silent"]:
    listener = socket.create_server(("127.0.0.1", int(port)))
    print("ready", flush=True)
    kept = []
    while True:
        kept.append(listener.accept())

Gst.init(None)
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service(port)
authority = GstRtspServer.RTSPAuth()
authority.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
authority.set_realm("WG-CAM")
token = GstRtspServer.RTSPToken()
token.set_string("media.factory.role", "viewer")
authority.add_digest(user, password, token)
server.set_auth(authority)
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch(
    "( videotestsrc is-live=true pattern=ball ! video/x-raw,width=640,height=360,framerate=25/1 ! "
    "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=25 ! rtph264pay name=pay0 pt=96 )"
)
factory.set_shared(True)
permissions = GstRtspServer.RTSPPermissions()
permissions.add_permission_for_role("viewer", "media.factory.access", True)
permissions.add_permission_for_role("viewer", "media.factory.construct", True)
factory.set_permissions(permissions)
server.get_mount_points().add_factory("/ch1/main", factory)
server.attach(None)
print("ready", flush=True)
GLib.MainLoop().run()
