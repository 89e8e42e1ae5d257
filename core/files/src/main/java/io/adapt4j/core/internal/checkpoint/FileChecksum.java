package io.adapt4j.core.internal.checkpoint;

import io.adapt4j.core.internal.FileDigest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/**
 * CRC-32C checksum of a safetensors file, computed with zeros in place of the checksum's digits in
 * the header.
 */
final class FileChecksum {

  static final String KEY = "adapt4j.crc32c";
  static final String NONE = "00000000";

  private static final int BLOCK = 1 << 20;

  private FileChecksum() {}

  /** Returns the position of the digits in the header. */
  static int place(ByteBuffer header) {
    String text = StandardCharsets.ISO_8859_1.decode(header.duplicate()).toString();
    String start = '"' + KEY + "\":\"";
    int found = text.indexOf(start);
    if (found < 0) {
      throw new IllegalArgumentException("no entry " + KEY);
    }
    return found + start.length();
  }

  /** Computes the checksum of a file whose header has the entry. */
  static String of(FileChannel channel) throws IOException {
    ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    read(channel, length, 0);
    ByteBuffer header = ByteBuffer.allocate((int) (Long.BYTES + length.getLong(0)));
    long at = read(channel, header, 0);
    int place = place(header.flip());
    header.put(place, NONE.getBytes(StandardCharsets.US_ASCII));
    CRC32C sum = new CRC32C();
    sum.update(header);
    ByteBuffer block = ByteBuffer.allocateDirect(BLOCK);
    for (int count = 1; count > 0; at += count) {
      count = (int) read(channel, block.clear(), at);
      sum.update(block.flip());
    }
    return FileDigest.hex(sum);
  }

  private static long read(FileChannel channel, ByteBuffer to, long from) throws IOException {
    int count = 0;
    while (to.hasRemaining() && count >= 0) {
      count = channel.read(to, from + to.position());
    }
    return to.position();
  }
}
