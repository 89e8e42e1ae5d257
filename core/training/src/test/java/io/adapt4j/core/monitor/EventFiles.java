package io.adapt4j.core.monitor;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads event files on its own: a table-driven CRC-32C and a reader of Protocol Buffers' wire
 * format, which share nothing with what writes the files.
 */
final class EventFiles {

  /**
   * One event, with the fields that were set.
   *
   * @param wallTime seconds since 1970
   * @param step its step
   * @param version of the file, or null
   * @param sessionStatus of a session log; 0 without one
   * @param scalars by tag
   * @param texts by tag
   */
  record Event(
      double wallTime,
      long step,
      String version,
      long sessionStatus,
      Map<String, Float> scalars,
      Map<String, String> texts) {}

  private static final int POLYNOMIAL = 0x82F63B78;

  private EventFiles() {}

  static List<Event> read(Path file) throws IOException {
    List<Event> events = new ArrayList<>();
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    while (bytes.hasRemaining()) {
      byte[] length = take(bytes, 8);
      requireChecksum(length, bytes.getInt());
      byte[] record =
          take(bytes, (int) ByteBuffer.wrap(length).order(ByteOrder.LITTLE_ENDIAN).getLong());
      requireChecksum(record, bytes.getInt());
      events.add(event(record));
    }
    return events;
  }

  private static byte[] take(ByteBuffer bytes, int count) {
    byte[] taken = new byte[count];
    bytes.get(taken);
    return taken;
  }

  private static void requireChecksum(byte[] bytes, int stored) {
    int checksum = crc32c(bytes);
    int masked = ((checksum >>> 15) | (checksum << 17)) + 0xa282ead8;
    if (masked != stored) {
      throw new IllegalStateException("checksum " + stored + " stored, " + masked + " computed");
    }
  }

  static int crc32c(byte[] bytes) {
    int checksum = ~0;
    for (byte value : bytes) {
      checksum ^= value & 0xFF;
      for (int bit = 0; bit < 8; bit++) {
        checksum = (checksum >>> 1) ^ ((checksum & 1) * POLYNOMIAL);
      }
    }
    return ~checksum;
  }

  private static Event event(byte[] record) throws IOException {
    Map<Integer, List<Object>> fields = fields(record);
    Map<String, Float> scalars = new LinkedHashMap<>();
    Map<String, String> texts = new LinkedHashMap<>();
    if (fields.containsKey(5)) {
      for (Object value : fields((byte[]) fields.get(5).get(0)).get(1)) {
        Map<Integer, List<Object>> map = fields((byte[]) value);
        String tag = text(map.get(1).get(0));
        if (map.containsKey(2)) {
          scalars.put(tag, (Float) map.get(2).get(0));
        } else {
          Map<Integer, List<Object>> tensor = fields((byte[]) map.get(8).get(0));
          Map<Integer, List<Object>> metadata = fields((byte[]) map.get(9).get(0));
          String plugin = text(fields((byte[]) metadata.get(1).get(0)).get(1).get(0));
          if (!tensor.get(1).get(0).equals(7L) || !plugin.equals("text")) {
            throw new IllegalStateException(tag + " is no text");
          }
          texts.put(tag, text(tensor.get(8).get(0)));
        }
      }
    }
    return new Event(
        (Double) fields.get(1).get(0),
        fields.containsKey(2) ? (Long) fields.get(2).get(0) : 0,
        fields.containsKey(3) ? text(fields.get(3).get(0)) : null,
        fields.containsKey(7) ? (Long) fields((byte[]) fields.get(7).get(0)).get(1).get(0) : 0,
        scalars,
        texts);
  }

  private static String text(Object bytes) {
    return new String((byte[]) bytes, StandardCharsets.UTF_8);
  }

  private static Map<Integer, List<Object>> fields(byte[] message) throws IOException {
    Map<Integer, List<Object>> fields = new LinkedHashMap<>();
    DataInputStream in = new DataInputStream(new ByteArrayInputStream(message));
    while (in.available() > 0) {
      long key = varint(in);
      Object value =
          switch ((int) (key & 7)) {
            case 0 -> varint(in);
            case 1 -> Double.longBitsToDouble(Long.reverseBytes(in.readLong()));
            case 2 -> in.readNBytes((int) varint(in));
            case 5 -> Float.intBitsToFloat(Integer.reverseBytes(in.readInt()));
            default -> throw new IllegalStateException("wire type " + (key & 7));
          };
      fields.computeIfAbsent((int) (key >>> 3), field -> new ArrayList<>()).add(value);
    }
    return fields;
  }

  private static long varint(DataInputStream in) throws IOException {
    long value = 0;
    for (int shift = 0; ; shift += 7) {
      int part = in.readUnsignedByte();
      value |= (long) (part & 0x7F) << shift;
      if (part < 0x80) {
        return value;
      }
    }
  }
}
