#ifndef LINLI_USB_SHIM_H
#define LINLI_USB_SHIM_H

#include <libusb.h>
#include <sys/prctl.h>

/// Of a control request, before its data.
static const int linli_usb_setup_size = LIBUSB_CONTROL_SETUP_SIZE;

static inline void linli_usb_name_thread(void) { prctl(PR_SET_NAME, "usb", 0, 0, 0); }

/// For contexts made from now on: they look for no device, and are told of none. The function is variadic.
static inline int linli_usb_do_not_discover(void) { return libusb_set_option(0, LIBUSB_OPTION_NO_DEVICE_DISCOVERY); }

/// Calls back on the thread that handles events, for every device that comes or goes. The flags are enumerations that are or-ed, which Swift
/// does not import as numbers.
static inline int linli_usb_watch(
    libusb_context *context, libusb_hotplug_callback_fn notify, void *whom, libusb_hotplug_callback_handle *handle) {
  if (!libusb_has_capability(LIBUSB_CAP_HAS_HOTPLUG)) return LIBUSB_ERROR_NOT_SUPPORTED;
  return libusb_hotplug_register_callback(
      context, LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED | LIBUSB_HOTPLUG_EVENT_DEVICE_LEFT, 0, LIBUSB_HOTPLUG_MATCH_ANY,
      LIBUSB_HOTPLUG_MATCH_ANY, LIBUSB_HOTPLUG_MATCH_ANY, notify, whom, handle);
}

#endif
