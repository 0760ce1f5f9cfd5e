/* An input/output module out of libmodbus: 16 inputs and coils at node 20. Input 1 closes at the 30th request and opens at the 60th;
   every change of coil 1 is written to the file named second. */
#include <modbus.h>
#include <stdio.h>

int main(int count, char **words) {
  if (count < 3) return 2;
  modbus_t *line = modbus_new_rtu(words[1], 19200, 'N', 8, 1);
  modbus_mapping_t *map = modbus_mapping_new(16, 16, 0, 0);
  if (!line || !map || modbus_set_slave(line, 20) || modbus_connect(line)) return 1;
  unsigned char query[MODBUS_RTU_MAX_ADU_LENGTH];
  int coil = -1;
  for (int requests = 0;;) {
    int length = modbus_receive(line, query);
    if (length <= 0) continue;
    requests++;
    map->tab_input_bits[0] = requests >= 30 && requests < 60;
    modbus_reply(line, query, length, map);
    if (map->tab_bits[0] != coil) {
      coil = map->tab_bits[0];
      FILE *out = fopen(words[2], "a");
      if (out) {
        fprintf(out, "coil %d\n", coil);
        fclose(out);
      }
    }
  }
}
