admins = {}
run_as_root = true
network_backend = "epoll"
modules_enabled = { "saslauth"; "ping"; }
modules_disabled = { "tls", "s2s", "limits", "offline", "dialback" }
c2s_require_encryption = false
s2s_require_encryption = false
allow_unencrypted_plain_auth = true
interfaces = { "127.0.0.1" }
c2s_ports = { @PORT@ }
s2s_ports = {}
data_path = "@HOME@/prosody"
pidfile = "@HOME@/prosody.pid"
log = { warn = "*console" }
network_settings = { tcp_backlog = 4096; max_connections = 100000; send_timeout = 3600; read_timeout = 36000; }
gc = { mode = os.getenv("PGC") or "incremental"; }
VirtualHost "localhost"
  authentication = "anonymous"
Component "conference.localhost" "muc"
  muc_room_locking = false
  muc_room_default_history_length = 0
  max_history_messages = 0
  muc_room_default_presence_broadcast = { visitor = false; participant = false; moderator = false; }
  modules_enabled = {}
