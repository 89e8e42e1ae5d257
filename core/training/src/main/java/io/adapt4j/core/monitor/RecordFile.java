package io.adapt4j.core.monitor;

import io.adapt4j.core.internal.Disk;
import io.adapt4j.core.internal.WholeAppends;
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
 * file sees whole records. Readers stop at a torn record, so none is left in the file.
 */
final class RecordFile implements AutoCloseable {

  private static final int MASK_DELTA = 0xa282ead8;

  private final WholeAppends appends;

  private RecordFile(FileChannel channel) {
    this.appends = new WholeAppends(channel);
  }

  /** Creates a file, which must not exist yet. */
  static RecordFile create(Path file) throws IOException {
    FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    try {
      Disk.forceFolder(file.toAbsolutePath().getParent());
      return new RecordFile(channel);
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  void append(byte[] record) throws IOException {
    ByteBuffer framed =
        ByteBuffer.allocate(Long.BYTES + Integer.BYTES + record.length + Integer.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN);
    framed.putLong(record.length);
    framed.putInt(maskedChecksum(framed.array(), 0, Long.BYTES));
    framed.put(record);
    framed.putInt(maskedChecksum(record, 0, record.length));
    appends.append(framed.array());
  }

  /** CRC-32C, rotated and offset so that the checksum of data that contains checksums is sound. */
  static int maskedChecksum(byte[] bytes, int offset, int length) {
    CRC32C checksum = new CRC32C();
    checksum.update(bytes, offset, length);
    return Integer.rotateRight((int) checksum.getValue(), 15) + MASK_DELTA;
  }

  @Override
  public void close() throws IOException {
    try (appends) {
      if (appends.isOpen()) {
        appends.force(true);
      }
    }
  }
}
