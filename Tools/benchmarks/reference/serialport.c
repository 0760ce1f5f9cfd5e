// Reference master on libserialport: as `line termios`, with sp_blocking_write and sp_blocking_read.
//   umockdev-wrapper serialport PATH BAUD COUNT
// libserialport refuses pseudo-terminals: it wants a device in sysfs and modem lines. umockdev lends PATH both while the port is opened; bytes
// do not pass through it.
#include "silence.h"
#include <asm/ioctls.h>
#include <errno.h>
#include <libserialport.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <umockdev.h>
#include <unistd.h>

static gboolean answer_request(UMockdevIoctlBase *base, UMockdevIoctlClient *client, gpointer unused) {
  static int modem_lines;
  unsigned long request = umockdev_ioctl_client_get_request(client);
  if (request != TIOCMGET && request != TIOCMSET && request != TIOCMBIS && request != TIOCMBIC) return FALSE;
  UMockdevIoctlData *data = umockdev_ioctl_data_resolve(umockdev_ioctl_client_get_arg(client), 0, sizeof modem_lines, NULL);
  if (request == TIOCMGET) umockdev_ioctl_data_update(data, 0, (void *)&modem_lines, sizeof modem_lines);
  umockdev_ioctl_client_complete(client, 0, 0);
  return TRUE;
}

static UMockdevTestbed *lend_device(const char *path) {
  UMockdevTestbed *bed = umockdev_testbed_new();
  UMockdevIoctlBase *handler = umockdev_ioctl_base_new();
  GError *error = NULL;
  const char *device =
    "P: /devices/platform/uart0\nE: SUBSYSTEM=platform\n\n"
    "P: /devices/platform/uart0/tty/ttyS9\nE: DEVNAME=/dev/ttyS9\nE: SUBSYSTEM=tty\nE: MAJOR=4\nE: MINOR=73\nL: device=../../../uart0\n\n";
  if (!umockdev_testbed_add_from_string(bed, device, &error)) {
    fprintf(stderr, "serialport: %s\n", error->message);
    exit(1);
  }
  char *root = umockdev_testbed_get_root_dir(bed), *folder = g_strconcat(root, "/dev", NULL), *node = g_strconcat(folder, "/ttyS9", NULL);
  g_mkdir_with_parents(folder, 0755);
  unlink(node);
  g_signal_connect(handler, "handle-ioctl", G_CALLBACK(answer_request), NULL);
  if (symlink(path, node) < 0 || !umockdev_testbed_attach_ioctl(bed, "/dev/ttyS9", handler, &error)) exit(1);
  g_free(node);
  g_free(folder);
  g_free(root);
  return bed;
}

static int fail(const char *what) {
  fprintf(stderr, "serialport: %s: %s\n", what, strerror(errno));
  return 1;
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  int baud = atoi(argv[2]);
  UMockdevTestbed *bed = lend_device(argv[1]);
  struct sp_port *port;
  struct sp_port_config *settings;
  sharpen();
  if (sp_get_port_by_name("/dev/ttyS9", &port) != SP_OK || sp_open(port, SP_MODE_READ_WRITE) != SP_OK) return fail("open");
  sp_new_config(&settings);
  sp_set_config_baudrate(settings, baud);
  sp_set_config_bits(settings, 8);
  sp_set_config_parity(settings, SP_PARITY_NONE);
  sp_set_config_stopbits(settings, 1);
  sp_set_config_flowcontrol(settings, SP_FLOWCONTROL_NONE);
  if (sp_set_config(port, settings) != SP_OK) return fail("settings");
  for (long index = 0, count = atol(argv[3]); index < count; index++) {
    unsigned char request[8] = {index % 16 + 1, 4, 1, index & 15, 0, 1}, answer[7];
    unsigned sum = crc(request, 6);
    request[6] = sum & 0xFF;
    request[7] = sum >> 8;
    for (int tries = 0;; tries++) {
      if (sp_blocking_write(port, request, 8, 300) != 8) return fail("write");
      if (sp_blocking_read(port, answer, 7, 300) == 7 && answer[0] == request[0] && crc(answer, 7) == 0) break;
      // As in line.c.
      if (tries == 10) return fail("answer");
      sp_flush(port, SP_BUF_INPUT);
      silence(20000);
    }
    silence(silence_of(baud));
  }
  sp_close(port);
  g_object_unref(bed);
  return 0;
}
