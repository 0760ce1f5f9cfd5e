// USB devices that are not there: umockdev gives their files and sysfs entries, this program answers what libusb asks of usbfs, and leaves what
// is behind the endpoints to whoever started it. At `start` it runs the program named on its command line
// among those devices.
//
// One command per line on its standard input, in hexadecimal where bytes are meant:
//   plug SOCKET split|single|printer|plain|ccid:DESCRIPTOR VENDOR PRODUCT SERIAL   unplug SOCKET   driver SOCKET on|off   refuse SOCKET on|off   unclear SOCKET EP   it refuses to be cleared
//   in SOCKET EP BYTES   what a read that stands there brings      done SOCKET EP   a write is taken      stall SOCKET   all that stands is halted
//   start   say TEXT   a line to the program's standard input              end   closes it
// and one line of news each on its standard output:
//   out SOCKET EP BYTES   ask SOCKET EP   stop SOCKET EP   clear SOCKET EP   reset SOCKET   claim SOCKET   release SOCKET   missed SOCKET EP BYTES   heard TEXT   ended CODE

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <glib-object.h>
#include <glib-unix.h>
#include <linux/usbdevice_fs.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <umockdev.h>
#include <unistd.h>

typedef struct {
  UMockdevIoctlData *urb, *bytes;
  int status, length, is_done;
} Transfer;

typedef struct {
  char socket[32], path[128], node[64];
  int is_plugged, number, has_driver, refuses, unclear, has_interface;
  Transfer *transfers[32];
  int count;
  UMockdevIoctlClient *reaper;
  guint patience;
} Device;

// umockdev answers requests on a thread of its own.
static GRecMutex lock;
static UMockdevTestbed *bed;
static UMockdevIoctlBase *handler;
static GMainLoop *loop;
static Device devices[64];  // one more for each time that something is plugged in
static char **program_words;
static int say[2], said[2];
static pid_t program;
static int device_count, next_number = 2, to_program = -1, status = 1;

static void tell(const char *format, ...) G_GNUC_PRINTF(1, 2);
static void tell(const char *format, ...) {
  va_list values;
  va_start(values, format);
  vprintf(format, values);
  va_end(values);
  putchar('\n');
  fflush(stdout);
}

static Device *by_socket(const char *socket) {
  for (int i = 0; i < device_count; i++)
    if (devices[i].is_plugged && !strcmp(devices[i].socket, socket)) return &devices[i];
  return NULL;
}

static Device *by_node(const char *node) {
  for (int i = 0; i < device_count; i++)
    if (!strcmp(devices[i].node, node)) return &devices[i];
  return NULL;
}

static struct usbdevfs_urb *urb_of(Transfer *transfer) { return (struct usbdevfs_urb *)transfer->urb->data; }

static void forget(Device *device, int index) {
  Transfer *transfer = device->transfers[index];
  umockdev_ioctl_data_unref(transfer->urb);
  if (transfer->bytes) umockdev_ioctl_data_unref(transfer->bytes);
  free(transfer);
  memmove(&device->transfers[index], &device->transfers[index + 1], (--device->count - index) * sizeof(Transfer *));
}

// Whoever had the device and is gone without a word leaves nothing behind, as with a real kernel.
static void forget_all(Device *device) {
  while (device->count) forget(device, 0);
}

static void answer(Device *device, UMockdevIoctlClient *client, int result, int error) {
  umockdev_ioctl_client_complete(client, result, error);
  if (client != device->reaper) return;
  g_object_unref(client);
  device->reaper = NULL;
  if (device->patience) g_source_remove(device->patience);
  device->patience = 0;
}

// Hands the first finished transfer to whoever reaps.
static void reap(Device *device) {
  for (int i = 0; device->reaper && i < device->count; i++) {
    Transfer *transfer = device->transfers[i];
    if (!transfer->is_done) continue;
    struct usbdevfs_urb urb = *urb_of(transfer);
    urb.status = transfer->status;
    urb.actual_length = transfer->length;
    umockdev_ioctl_data_update(transfer->urb, offsetof(struct usbdevfs_urb, status), (guint8 *)&urb.status, sizeof urb.status);
    umockdev_ioctl_data_update(
      transfer->urb, offsetof(struct usbdevfs_urb, actual_length), (guint8 *)&urb.actual_length, sizeof urb.actual_length);
    UMockdevIoctlData *place = umockdev_ioctl_data_resolve(umockdev_ioctl_client_get_arg(device->reaper), 0, sizeof(void *), NULL);
    if (!place) abort();
    umockdev_ioctl_data_set_ptr(place, 0, transfer->urb);
    answer(device, device->reaper, 0, 0);
    umockdev_ioctl_data_unref(place);
    forget(device, i);
    return;
  }
}

static gboolean nothing_came(gpointer data) {
  Device *device = data;
  g_rec_mutex_lock(&lock);
  // It may have been answered while this waited for the lock.
  GSource *self = g_main_current_source();
  if (device->patience == g_source_get_id(self)) {
    device->patience = 0;
    if (device->reaper) answer(device, device->reaper, -1, EAGAIN);
  }
  g_rec_mutex_unlock(&lock);
  return G_SOURCE_REMOVE;
}

static void finish(Device *device, Transfer *transfer, int result, int length) {
  transfer->status = result;
  transfer->length = length;
  transfer->is_done = 1;
  reap(device);
}

static Transfer *standing(Device *device, int endpoint) {
  for (int i = 0; i < device->count; i++)
    if (!device->transfers[i]->is_done && urb_of(device->transfers[i])->endpoint == endpoint) return device->transfers[i];
  return NULL;
}

static void submit(Device *device, UMockdevIoctlClient *client) {
  Transfer *transfer = calloc(1, sizeof *transfer);
  transfer->urb = umockdev_ioctl_data_resolve(umockdev_ioctl_client_get_arg(client), 0, sizeof(struct usbdevfs_urb), NULL);
  if (!transfer->urb || device->count == 32) abort();
  struct usbdevfs_urb *urb = urb_of(transfer);
  if (urb->buffer_length > 0)
    transfer->bytes = umockdev_ioctl_data_resolve(transfer->urb, offsetof(struct usbdevfs_urb, buffer), urb->buffer_length, NULL);
  device->transfers[device->count++] = transfer;
  int endpoint = urb->endpoint, length = urb->buffer_length, type = urb->type;
  answer(device, client, 0, 0);
  if (type == USBDEVFS_URB_TYPE_CONTROL) {
    // A string descriptor for every question; whoever asks anything else is refused.
    static const unsigned char text[] = {10, 3, 'c', 0, 'a', 0, 'r', 0, 'd', 0};
    if (length >= 8 + (int)sizeof text && transfer->bytes->data[0] == 0x80 && transfer->bytes->data[1] == 6) {
      umockdev_ioctl_data_update(transfer->bytes, 8, (guint8 *)text, sizeof text);
      finish(device, transfer, 0, sizeof text);
    } else finish(device, transfer, -EPIPE, 0);
  } else if (endpoint & 0x80) tell("ask %s %02x", device->socket, endpoint);
  else {
    char hex[2 * length + 1];
    for (int i = 0; i < length; i++) sprintf(hex + 2 * i, "%02x", transfer->bytes->data[i]);
    hex[2 * length] = 0;
    tell("out %s %02x %s", device->socket, endpoint, hex);
  }
}

static gboolean answer_locked(UMockdevIoctlClient *client) {
  Device *device = by_node(umockdev_ioctl_client_get_devnode(client));
  UMockdevIoctlData *arg = umockdev_ioctl_client_get_arg(client);
  unsigned long request = umockdev_ioctl_client_get_request(client);
  int reaps = request == USBDEVFS_REAPURB || request == USBDEVFS_REAPURBNDELAY;
  // What has ended with the plug may still be fetched.
  if (!device || (!device->is_plugged && !(reaps && device->count))) {
    umockdev_ioctl_client_complete(client, -1, ENODEV);
    return TRUE;
  }
  switch (request) {
  case USBDEVFS_GET_CAPABILITIES: {
    guint32 none = USBDEVFS_CAP_ZERO_PACKET;
    UMockdevIoctlData *place = umockdev_ioctl_data_resolve(arg, 0, sizeof none, NULL);
    umockdev_ioctl_data_update(place, 0, (guint8 *)&none, sizeof none);
    answer(device, client, 0, 0);
    umockdev_ioctl_data_unref(place);
    return TRUE;
  }
  case USBDEVFS_CONNECTINFO: {
    struct usbdevfs_connectinfo info = {.devnum = device->number, .slow = 0};
    UMockdevIoctlData *place = umockdev_ioctl_data_resolve(arg, 0, sizeof info, NULL);
    umockdev_ioctl_data_update(place, 0, (guint8 *)&info, sizeof info);
    answer(device, client, 0, 0);
    umockdev_ioctl_data_unref(place);
    return TRUE;
  }
  case USBDEVFS_CLAIMINTERFACE:
    tell("claim %s", device->socket);
    forget_all(device);
    answer(device, client, device->has_driver || device->refuses ? -1 : 0, device->has_driver || device->refuses ? EBUSY : 0);
    return TRUE;
  case USBDEVFS_DISCONNECT_CLAIM:
    tell("claim %s", device->socket);
    forget_all(device);
    answer(device, client, device->refuses ? -1 : 0, device->refuses ? EBUSY : 0);
    return TRUE;
  case USBDEVFS_RELEASEINTERFACE: tell("release %s", device->socket); answer(device, client, 0, 0); return TRUE;
  case USBDEVFS_SETCONFIGURATION: answer(device, client, 0, 0); return TRUE;
  case USBDEVFS_CONTROL: {
    // GET_CONFIGURATION is asked in this way.
    UMockdevIoctlData *control = umockdev_ioctl_data_resolve(arg, 0, sizeof(struct usbdevfs_ctrltransfer), NULL);
    struct usbdevfs_ctrltransfer *question = (struct usbdevfs_ctrltransfer *)control->data;
    if (question->bRequest == 8 && question->wLength >= 1) {
      guint8 one = 1;
      UMockdevIoctlData *bytes =
        umockdev_ioctl_data_resolve(control, offsetof(struct usbdevfs_ctrltransfer, data), question->wLength, NULL);
      umockdev_ioctl_data_update(bytes, 0, &one, 1);
      answer(device, client, 1, 0);
      umockdev_ioctl_data_unref(bytes);
    } else answer(device, client, -1, EPIPE);
    umockdev_ioctl_data_unref(control);
    return TRUE;
  }
  case USBDEVFS_CLEAR_HALT: {
    UMockdevIoctlData *place = umockdev_ioctl_data_resolve(arg, 0, sizeof(int), NULL);
    int is_refused = *(int *)place->data == device->unclear;
    tell("clear %s %02x", device->socket, *(int *)place->data);
    answer(device, client, is_refused ? -1 : 0, is_refused ? EPIPE : 0);
    umockdev_ioctl_data_unref(place);
    return TRUE;
  }
  case USBDEVFS_RESET: tell("reset %s", device->socket); answer(device, client, 0, 0); return TRUE;
  case USBDEVFS_SUBMITURB: submit(device, client); return TRUE;
  case USBDEVFS_DISCARDURB: {
    int found = 0, endpoint = 0;
    for (int i = 0; i < device->count; i++) {
      Transfer *transfer = device->transfers[i];
      if (transfer->urb->client_addr != *(gulong *)arg->data || transfer->is_done) continue;
      found = 1;
      endpoint = urb_of(transfer)->endpoint;
      transfer->status = -ENOENT;
      transfer->is_done = 1;
    }
    answer(device, client, found ? 0 : -1, found ? 0 : EINVAL);
    if (found && endpoint & 0x80) tell("stop %s %02x", device->socket, endpoint);
    reap(device);
    return TRUE;
  }
  case USBDEVFS_REAPURB:
  case USBDEVFS_REAPURBNDELAY:
    if (device->reaper) answer(device, device->reaper, -1, EAGAIN);
    device->reaper = g_object_ref(client);
    // A device file here is always ready: without this little wait libusb would ask without end.
    device->patience = g_timeout_add(1, nothing_came, device);
    reap(device);
    return TRUE;
  default:
    // USBDEVFS_GETDRIVER and USBDEVFS_IOCTL among them: no driver.
    answer(device, client, -1, request == USBDEVFS_GETDRIVER || request == USBDEVFS_IOCTL ? ENODATA : ENOTTY);
    return TRUE;
  }
}

static gboolean answer_request(UMockdevIoctlBase *base, UMockdevIoctlClient *client, gpointer unused) {
  g_rec_mutex_lock(&lock);
  gboolean is_answered = answer_locked(client);
  g_rec_mutex_unlock(&lock);
  return is_answered;
}

static void plug(const char *socket, const char *layout, int vendor, int product, const char *serial) {
  if (device_count == 64) exit(2);
  Device *device = &devices[device_count++];
  snprintf(device->socket, sizeof device->socket, "%s", socket);
  device->number = next_number++;
  device->is_plugged = 1;
  snprintf(device->node, sizeof device->node, "/dev/bus/usb/001/%03d", device->number);
  snprintf(device->path, sizeof device->path, "/devices/pci0000:00/0000:00:14.0/usb1/%s", socket);
  unsigned char bytes[192] = {18, 1, 0, 2, 0, 0, 0, 64, vendor & 255, vendor >> 8, product & 255, product >> 8, 0, 1, 0, 0, 0, 1};
  static const unsigned char split[] = {0x02, 0x06, 0x81, 0x85}, single[] = {0x01, 0x82};
  static const unsigned char ccid[] = {0x83, 0x01, 0x82};
  int is_split = !strcmp(layout, "split"), is_ccid = !strncmp(layout, "ccid:", 5), extra = is_ccid ? strlen(layout + 5) / 2 : 0;
  int endpoints = is_split ? 4 : is_ccid ? 3 : !strcmp(layout, "single") || !strcmp(layout, "printer") ? 2 : 0;
  int length = 18, total = 9 + 9 + extra + 7 * endpoints;
  unsigned char head[] = {9, 2, total, 0, 1, 1, 0, 0x80, 50, 9, 4, 0, 0, endpoints, is_ccid ? 0x0B : !strcmp(layout, "printer") ? 7 : 0xFF, 0, 0, 0};
  memcpy(bytes + length, head, sizeof head);
  length += sizeof head;
  for (int i = 0; i < extra; i++) {
    unsigned int byte = 0;
    sscanf(layout + 5 + 2 * i, "%2x", &byte);
    bytes[length++] = byte;
  }
  for (int i = 0; i < endpoints; i++) {
    int is_interrupt = is_ccid && i == 0;
    unsigned char one[] = {
      7, 5, (is_split ? split : is_ccid ? ccid : single)[i], is_interrupt ? 3 : 2, is_interrupt ? 8 : 64, 0, is_interrupt ? 24 : 0};
    memcpy(bytes + length, one, sizeof one);
    length += sizeof one;
  }
  char hex[2 * length + 1], text[4096];
  for (int i = 0; i < length; i++) sprintf(hex + 2 * i, "%02X", bytes[i]);
  snprintf(text, sizeof text,
    "P: %s\nN: bus/usb/001/%03d=%s\nE: DEVNAME=/dev/bus/usb/001/%03d\nE: DEVTYPE=usb_device\nE: SUBSYSTEM=usb\nE: BUSNUM=001\n"
    "E: DEVNUM=%03d\nE: MAJOR=189\nE: MINOR=%d\nA: busnum=1\\n\nA: devnum=%d\\n\nA: bConfigurationValue=1\\n\nA: speed=12\\n\n"
    "A: idVendor=%04x\\n\nA: idProduct=%04x\\n\nA: serial=%s\\n\nA: product=card reader\\n\nH: descriptors=%s\n\n",
    device->path, device->number, hex, device->number, device->number, device->number - 1, device->number, vendor, product, serial,
    hex);
  // pcscd looks for interfaces of its class.
  size_t used = strlen(text);
  device->has_interface = is_ccid;
  if (is_ccid)
    snprintf(text + used, sizeof text - used,
      "P: %s/%s:1.0\nE: DEVTYPE=usb_interface\nE: SUBSYSTEM=usb\nE: INTERFACE=11/0/0\nE: PRODUCT=%x/%x/100\n"
      "A: bInterfaceNumber=00\\n\nA: bInterfaceClass=0b\\n\nA: bInterfaceSubClass=00\\n\nA: bInterfaceProtocol=00\\n\n\n",
      device->path, socket, vendor, product);
  GError *error = NULL;
  // In this order: whoever sees the device opens it at once.
  if (!umockdev_testbed_attach_ioctl(bed, device->node, handler, &error) || !umockdev_testbed_add_from_string(bed, text, &error)) {
    fprintf(stderr, "testbed: %s\n", error->message);
    exit(2);
  }
}

static void unplug(Device *device) {
  char path[256];
  for (int i = 0; i < device->count; i++)
    if (!device->transfers[i]->is_done) {
      device->transfers[i]->status = -ESHUTDOWN;
      device->transfers[i]->is_done = 1;
    }
  device->is_plugged = 0;
  reap(device);
  if (device->reaper) answer(device, device->reaper, -1, ENODEV);
  if (device->has_interface) {
    snprintf(path, sizeof path, "/sys%s/%s:1.0", device->path, device->socket);
    umockdev_testbed_uevent(bed, path, "remove");
    umockdev_testbed_remove_device(bed, path);
  }
  snprintf(path, sizeof path, "/sys%s", device->path);
  umockdev_testbed_uevent(bed, path, "remove");
  umockdev_testbed_remove_device(bed, path);
}

static gboolean hear(int fd, GIOCondition condition, gpointer unused);

static void ended(GPid child, int how, gpointer unused) {
  status = WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
  tell("ended %d", status);
  g_main_loop_quit(loop);
}

static void start(void) {
  program = fork();
  if (program == 0) {
    dup2(say[0], 0);
    dup2(said[1], 1);
    execv(program_words[0], program_words);
    _exit(127);
  }
  close(say[0]);
  close(said[1]);
  to_program = say[1];
  g_unix_fd_add(said[0], G_IO_IN | G_IO_HUP, hear, NULL);
  g_child_watch_add(program, ended, NULL);
}

static gboolean obey_line(char *line) {
  char socket[32], layout[160], serial[64], word[8];
  int vendor, product, at = 0;
  unsigned int endpoint;
  Device *device;
  if (sscanf(line, "plug %31s %159s %x %x %63s", socket, layout, (unsigned *)&vendor, (unsigned *)&product, serial) == 5)
    plug(socket, layout, vendor, product, serial);
  else if (sscanf(line, "unplug %31s", socket) == 1 && (device = by_socket(socket))) unplug(device);
  else if (sscanf(line, "driver %31s %7s", socket, word) == 2 && (device = by_socket(socket))) device->has_driver = !strcmp(word, "on");
  else if (sscanf(line, "refuse %31s %7s", socket, word) == 2 && (device = by_socket(socket))) device->refuses = !strcmp(word, "on");
  else if (sscanf(line, "unclear %31s %x", socket, &endpoint) == 2 && (device = by_socket(socket))) device->unclear = endpoint;
  else if (sscanf(line, "in %31s %x %n", socket, &endpoint, &at) == 2 && at && (device = by_socket(socket))) {
    Transfer *transfer = standing(device, endpoint);
    int length = strlen(line + at) / 2;
    if (!transfer) {
      tell("missed %s %02x %s", socket, endpoint, line + at);
      return TRUE;
    }
    guint8 bytes[length + 1];
    for (int i = 0; i < length; i++) {
      unsigned int byte = 0;
      sscanf(line + at + 2 * i, "%2x", &byte);
      bytes[i] = byte;
    }
    if (length > urb_of(transfer)->buffer_length) finish(device, transfer, -EOVERFLOW, 0);
    else {
      if (length) umockdev_ioctl_data_update(transfer->bytes, 0, bytes, length);
      finish(device, transfer, 0, length);
    }
  } else if (sscanf(line, "done %31s %x", socket, &endpoint) == 2 && (device = by_socket(socket))) {
    Transfer *transfer = standing(device, endpoint);
    if (transfer) finish(device, transfer, 0, urb_of(transfer)->buffer_length);
  } else if (sscanf(line, "stall %31s", socket) == 1 && (device = by_socket(socket))) {
    for (int i = 0; i < device->count; i++)
      if (!device->transfers[i]->is_done) {
        device->transfers[i]->status = -EPIPE;
        device->transfers[i]->is_done = 1;
      }
    reap(device);
  } else if (!strncmp(line, "say ", 4)) {
    line[strlen(line)] = '\n';
    if (write(to_program, line + 4, strcspn(line + 4, "\n") + 1) < 0) return FALSE;
  } else if (!strcmp(line, "start") && !program) {
    start();
  } else if (!strcmp(line, "end")) {
    close(to_program);
    to_program = -1;
  }
  return TRUE;
}

static gboolean obey(int fd, GIOCondition condition, gpointer unused) {
  static char text[16384];
  static size_t length;
  ssize_t got = read(fd, text + length, sizeof text - 2 - length);
  if (got <= 0) {
    // Whoever started this wants no more. The program must not meet devices that nobody answers for.
    if (program > 0) kill(program, SIGKILL);
    g_main_loop_quit(loop);
    return G_SOURCE_REMOVE;
  }
  length += got;
  char *end;
  while ((end = memchr(text, '\n', length))) {
    size_t used = end - text + 1;
    char line[used + 1];
    memcpy(line, text, used);
    line[used - 1] = line[used] = 0;
    g_rec_mutex_lock(&lock);
    if (!obey_line(line)) g_main_loop_quit(loop);
    g_rec_mutex_unlock(&lock);
    memmove(text, end + 1, length -= used);
  }
  return G_SOURCE_CONTINUE;
}

static gboolean hear(int fd, GIOCondition condition, gpointer unused) {
  static char text[16384];
  static size_t length;
  ssize_t got = read(fd, text + length, sizeof text - 1 - length);
  if (got <= 0) return G_SOURCE_REMOVE;
  length += got;
  char *end;
  while ((end = memchr(text, '\n', length))) {
    *end = 0;
    tell("heard %s", text);
    memmove(text, end + 1, length -= end - text + 1);
  }
  return G_SOURCE_CONTINUE;
}

int main(int count, char **arguments) {
  if (count < 2 || pipe2(say, O_CLOEXEC) || pipe2(said, O_CLOEXEC)) return 2;
  program_words = arguments + 1;
  bed = umockdev_testbed_new();
  handler = umockdev_ioctl_base_new();
  loop = g_main_loop_new(NULL, FALSE);
  g_signal_connect(handler, "handle-ioctl", G_CALLBACK(answer_request), NULL);
  g_unix_fd_add(0, G_IO_IN | G_IO_HUP, obey, NULL);
  g_main_loop_run(loop);
  // Its folder goes with that of the test.
  _exit(status);
}
