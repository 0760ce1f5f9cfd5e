// A bench with USB serial adapters that are not there: umockdev gives sysfs entries and a pseudo-terminal per port, this program answers
// the modem, driver and RS-485 requests that a pseudo-terminal refuses, and sends every byte back inverted (so that a local echo cannot
// pass for an answer). With LINLI_BENCH_FAR=PATH the first adapter is wired to that pseudo-terminal instead (a simulated bus), at the speed
// that its user sets. It runs the program named on its command line inside the bench. That program writes one command per line on
// descriptor 3 and reads one line of answer on descriptor 4:
//   plug NAME SOCKET SERIAL   beside NAME SOCKET SERIAL   unplug   baud   flow   breaks   exclusive   lowlatency
//   rs485 on|off   rs485 state

#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <glib-object.h>
#include <glib-unix.h>
#include <linux/serial.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <umockdev.h>

typedef struct {
  char name[32];
  char socket[32];
  char node[64];
  char *paths[4];
  int master;
  guint watch;
} Adapter;

static UMockdevTestbed *bed;
static UMockdevIoctlBase *handler;
static GMainLoop *loop;
static Adapter plugged;
static int modem_lines, breaks, exclusive, has_rs485, answers, status = 1;
static int far_end = -1;
static guint far_watch;
static struct serial_struct driver = {.type = PORT_16550A, .baud_base = 115200};
static struct serial_rs485 rs485;

static gboolean answer_request(UMockdevIoctlBase *base, UMockdevIoctlClient *client, gpointer unused) {
  unsigned long request = umockdev_ioctl_client_get_request(client);
  UMockdevIoctlData *pointer = umockdev_ioctl_client_get_arg(client);
  gsize size = sizeof(int);
  void *state = &modem_lines;
  switch (request) {
  case TIOCMGET: case TIOCMSET: case TIOCMBIS: case TIOCMBIC: break;
  case TIOCGSERIAL: case TIOCSSERIAL: size = sizeof driver; state = &driver; break;
  case TIOCGRS485: case TIOCSRS485:
    if (!has_rs485) {
      umockdev_ioctl_client_complete(client, -1, ENOTTY);
      return TRUE;
    }
    size = sizeof rs485; state = &rs485; break;
  case TIOCEXCL: case TIOCNXCL: exclusive = request == TIOCEXCL; umockdev_ioctl_client_complete(client, 0, 0); return TRUE;
  case TIOCSBRK: breaks++;  // fall through
  case TIOCCBRK: umockdev_ioctl_client_complete(client, 0, 0); return TRUE;
  default: return FALSE;
  }
  UMockdevIoctlData *data = umockdev_ioctl_data_resolve(pointer, 0, size, NULL);
  if (!data) abort();
  switch (request) {
  case TIOCMGET: case TIOCGSERIAL: case TIOCGRS485: umockdev_ioctl_data_update(data, 0, state, size); break;
  case TIOCMBIS: modem_lines |= *(int *)data->data; break;
  case TIOCMBIC: modem_lines &= ~*(int *)data->data; break;
  default: memcpy(state, data->data, size);
  }
  umockdev_ioctl_client_complete(client, 0, 0);
  return TRUE;
}

static gboolean echo_inverted(int fd, GIOCondition condition, gpointer unused) {
  unsigned char bytes[512];
  ssize_t length = read(fd, bytes, sizeof bytes);
  for (ssize_t i = 0; i < length; i++) bytes[i] = ~bytes[i];
  if (length > 0 && write(fd, bytes, length) != length) abort();
  if (length < 0) usleep(1000);  // nobody has the port open: the pseudo-terminal reports that without end
  return G_SOURCE_CONTINUE;
}

static gboolean carry_out(int fd, GIOCondition condition, gpointer unused) {
  unsigned char bytes[512];
  struct termios near, far;
  ssize_t length = read(fd, bytes, sizeof bytes);
  if (length < 0) usleep(1000);
  if (length <= 0 || tcgetattr(fd, &near) < 0 || tcgetattr(far_end, &far) < 0) return G_SOURCE_CONTINUE;
  if (cfgetospeed(&near) != cfgetospeed(&far)) {
    cfmakeraw(&far);
    cfsetspeed(&far, cfgetospeed(&near));
    tcsetattr(far_end, TCSANOW, &far);
  }
  if (write(far_end, bytes, length) != length) abort();
  return G_SOURCE_CONTINUE;
}

static gboolean carry_in(int fd, GIOCondition condition, gpointer unused) {
  unsigned char bytes[512];
  ssize_t length = read(fd, bytes, sizeof bytes);
  if (length > 0 && write(plugged.master, bytes, length) != length) usleep(1000);
  return G_SOURCE_CONTINUE;
}

static void add(char **kept, const char *path, const char *rest) {
  char *text = g_strdup_printf("P: /devices/%s\n%s\n", path, rest);
  GError *error = NULL;
  if (!umockdev_testbed_add_from_string(bed, text, &error)) {
    fprintf(stderr, "testbed: %s\n", error->message);
    exit(2);
  }
  *kept = g_strdup_printf("/sys/devices/%s", path);
  g_free(text);
}

// umockdev can make a device file of one name only once in its life; a name that another adapter takes over is the point here.
static int make_node(const char *node) {
  char *root = umockdev_testbed_get_root_dir(bed), *file = g_strconcat(root, node, NULL), *folder = g_path_get_dirname(file);
  char slave_path[64];
  int master, slave;
  struct termios state;
  g_mkdir_with_parents(folder, 0755);
  if (openpty(&master, &slave, slave_path, NULL, NULL) < 0 || tcgetattr(master, &state) < 0) exit(2);
  // As another program may have left it: whoever opens it must switch both kinds of flow control off.
  state.c_lflag &= ~ECHO;
  state.c_iflag |= IXON | IXANY;
  state.c_cflag |= CRTSCTS;
  if (tcsetattr(master, TCSANOW, &state) < 0 || close(slave) < 0 || symlink(slave_path, file) < 0) exit(2);
  g_free(folder);
  g_free(file);
  g_free(root);
  return master;
}

static void plug(const char *name, const char *socket, const char *serial, Adapter *adapter) {
  char usb[128], interface[192], port[256], tty[320], text[512];
  snprintf(adapter->name, sizeof adapter->name, "%s", name);
  snprintf(adapter->socket, sizeof adapter->socket, "%s", socket);
  snprintf(adapter->node, sizeof adapter->node, "/dev/%s", name);
  snprintf(usb, sizeof usb, "pci0000:00/0000:00:14.0/usb1/%s", socket);
  snprintf(interface, sizeof interface, "%s/%s:1.0", usb, socket);
  snprintf(port, sizeof port, "%s/%s", interface, name);
  snprintf(tty, sizeof tty, "%s/tty/%s", port, name);
  snprintf(text, sizeof text,
    "E: SUBSYSTEM=usb\nE: DEVTYPE=usb_device\nA: idVendor=0403\\n\nA: idProduct=6001\\n\nA: busnum=1\\n\nA: devnum=5\\n\n"
    "A: manufacturer=FTDI\\n\nA: product=FT232R USB UART\\n\nA: serial=%s\\n\n", serial);
  add(&adapter->paths[0], usb, text);
  add(&adapter->paths[1], interface, "E: SUBSYSTEM=usb\nE: DEVTYPE=usb_interface\nA: bInterfaceNumber=00\\n\n");
  add(&adapter->paths[2], port, "E: SUBSYSTEM=usb-serial\nA: port_number=0\\n\nA: latency_timer=16\\n\n");
  snprintf(text, sizeof text, "E: DEVNAME=/dev/%s\nE: SUBSYSTEM=tty\nE: MAJOR=188\nE: MINOR=0\nL: device=../../../%s\n", name, name);
  add(&adapter->paths[3], tty, text);
  adapter->master = make_node(adapter->node);
  if (adapter->master < 0 || !umockdev_testbed_attach_ioctl(bed, adapter->node, handler, NULL)) exit(2);
  fcntl(adapter->master, F_SETFL, O_NONBLOCK);
  fcntl(adapter->master, F_SETFD, FD_CLOEXEC);
  const char *path = adapter == &plugged ? getenv("LINLI_BENCH_FAR") : NULL;
  adapter->watch = g_unix_fd_add(adapter->master, G_IO_IN, path ? carry_out : echo_inverted, NULL);
  if (!path) return;
  if ((far_end = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)) < 0) exit(2);
  far_watch = g_unix_fd_add(far_end, G_IO_IN, carry_in, NULL);
}

static void unplug(Adapter *adapter) {
  g_source_remove(adapter->watch);
  if (far_end >= 0 && adapter == &plugged) {
    g_source_remove(far_watch);
    close(far_end);
    far_end = -1;
  }
  umockdev_testbed_detach_ioctl(bed, adapter->node, NULL);
  for (int i = 3; i >= 0; i--) umockdev_testbed_remove_device(bed, adapter->paths[i]);
  char *root = umockdev_testbed_get_root_dir(bed), *file = g_strconcat(root, adapter->node, NULL);
  unlink(file);
  g_free(file);
  g_free(root);
  close(adapter->master);
}

static unsigned int observed_baud(void) {
  struct { unsigned int flags[4]; unsigned char characters[20]; unsigned int input, output; } state = {0};
  return ioctl(plugged.master, _IOR('T', 0x2A, char[44]), &state) == 0 ? state.output : 0;
}

static const char *observed_flow_control(void) {
  struct termios state;
  if (tcgetattr(plugged.master, &state) < 0) return "unknown";
  if (state.c_iflag & (IXON | IXOFF | IXANY)) return "software";
  return state.c_cflag & CRTSCTS ? "hardware" : "none";
}

static gboolean obey(int fd, GIOCondition condition, gpointer unused) {
  static Adapter other;
  char line[256], name[32], socket[32], serial[64], reply[128] = "ok";
  size_t length = 0;
  while (length < sizeof line - 1 && read(fd, line + length, 1) == 1 && line[length] != '\n') length++;
  if (length == 0) return G_SOURCE_REMOVE;
  line[length] = 0;
  if (sscanf(line, "plug %31s %31s %63s", name, socket, serial) == 3) plug(name, socket, serial, &plugged);
  else if (sscanf(line, "beside %31s %31s %63s", name, socket, serial) == 3) plug(name, socket, serial, &other);
  else if (!strcmp(line, "unplug")) unplug(&plugged);
  else if (!strcmp(line, "baud")) snprintf(reply, sizeof reply, "%u", observed_baud());
  else if (!strcmp(line, "flow")) snprintf(reply, sizeof reply, "%s", observed_flow_control());
  else if (!strcmp(line, "breaks")) snprintf(reply, sizeof reply, "%d", breaks);
  else if (!strcmp(line, "exclusive")) snprintf(reply, sizeof reply, "%d", exclusive);
  else if (!strcmp(line, "lowlatency")) snprintf(reply, sizeof reply, "%d", (driver.flags & ASYNC_LOW_LATENCY) != 0);
  else if (!strcmp(line, "rs485 on")) has_rs485 = 1;
  else if (!strcmp(line, "rs485 off")) has_rs485 = 0;
  else if (!strcmp(line, "rs485 state"))
    snprintf(reply, sizeof reply, "%u %u %u", rs485.flags, rs485.delay_rts_before_send, rs485.delay_rts_after_send);
  else snprintf(reply, sizeof reply, "unknown command");
  strcat(reply, "\n");
  if (write(answers, reply, strlen(reply)) < 0) return G_SOURCE_REMOVE;
  return G_SOURCE_CONTINUE;
}

static void ended(GPid child, int how, gpointer unused) {
  status = WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
  g_main_loop_quit(loop);
}

int main(int count, char **arguments) {
  int commands[2], replies[2];
  if (count < 2 || pipe(commands) || pipe(replies)) return 2;
  bed = umockdev_testbed_new();
  handler = umockdev_ioctl_base_new();
  loop = g_main_loop_new(NULL, FALSE);
  g_signal_connect(handler, "handle-ioctl", G_CALLBACK(answer_request), NULL);
  plug("ttyUSB0", "1-1.4", "A50285BI", &plugged);
  pid_t child = fork();
  if (child == 0) {
    int command = fcntl(commands[1], F_DUPFD, 10), reply = fcntl(replies[0], F_DUPFD, 10);
    dup2(command, 3);
    dup2(reply, 4);
    for (int fd = 5; fd < 64; fd++) close(fd);
    execv(arguments[1], arguments + 1);
    _exit(127);
  }
  close(commands[1]);
  close(replies[0]);
  answers = replies[1];
  g_unix_fd_add(commands[0], G_IO_IN | G_IO_HUP, obey, NULL);
  g_child_watch_add(child, ended, NULL);
  g_main_loop_run(loop);
  g_object_unref(bed);
  return status;
}
