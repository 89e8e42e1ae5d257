package io.adapt4j.core.monitor;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;

/**
 * Appends records to a TFRecord file: length (uint64), its checksum (uint32), the bytes, their
 * checksum (uint32), all little-endian. Each record is one write, so that a reader following the
 * file sees whole records.
 */
final class RecordFile implements AutoCloseable {

  private static final int MASK_DELTA = 0xa282ead8;

  private final FileChannel channel;

  private RecordFile(FileChannel channel) {
    this.channel = channel;
  }

  /** Creates a file, which must not exist yet. */
  static RecordFile create(Path file) throws IOException {
    return new RecordFile(
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
  }

  void append(byte[] record) throws IOException {
    ByteBuffer framed =
        ByteBuffer.allocate(Long.BYTES + Integer.BYTES + record.length + Integer.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN);
    framed.putLong(record.length);
    framed.putInt(maskedChecksum(framed.array(), 0, Long.BYTES));
    framed.put(record);
    framed.putInt(maskedChecksum(record, 0, record.length));
    framed.flip();
    while (framed.hasRemaining()) {
      channel.write(framed);
    }
  }

  /** CRC-32C, rotated and shifted so that the checksum of data holding checksums is sound. */
  static int maskedChecksum(byte[] bytes, int offset, int length) {
    CRC32C checksum = new CRC32C();
    checksum.update(bytes, offset, length);
    return Integer.rotateRight((int) checksum.getValue(), 15) + MASK_DELTA;
  }

  @Override
  public void close() throws IOException {
    try (channel) {
      if (channel.isOpen()) {
        channel.force(true);
      }
    }
  }
}
