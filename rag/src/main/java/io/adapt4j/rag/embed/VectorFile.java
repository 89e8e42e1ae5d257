package io.adapt4j.rag.embed;

import io.adapt4j.core.internal.AtomicFiles;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.zip.CRC32;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Append-only file of vectors of one dimension: each record has the key's 32 bytes, the components
 * as big-endian floats, and a CRC-32 of both. A damaged record is skipped with a warning; an
 * incomplete last one is truncated. Does not use a channel, which an interrupt of one thread would
 * close for all.
 */
final class VectorFile implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(VectorFile.class);
  private static final int SCANNED_RECORDS = 256;
  private static final int MOST_DIMENSIONS = 1 << 16;

  private final RandomAccessFile file;
  private final int recordBytes;
  private final int dimension;
  private final Map<VectorKey, Integer> places = new HashMap<>();
  private int records;

  private VectorFile(RandomAccessFile file, int dimension) {
    this.file = file;
    this.dimension = dimension;
    this.recordBytes = recordBytes(dimension);
  }

  static int recordBytes(int dimension) {
    return VectorKey.BYTES + dimension * Float.BYTES + Integer.BYTES;
  }

  static VectorFile open(Path path, int dimension) throws IOException {
    RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw");
    try {
      VectorFile vectors = new VectorFile(file, dimension);
      vectors.scan(path);
      return vectors;
    } catch (IOException | RuntimeException e) {
      file.close();
      throw e;
    }
  }

  private void scan(Path path) throws IOException {
    ByteBuffer block = ByteBuffer.allocate(SCANNED_RECORDS * recordBytes);
    int damaged = 0;
    do {
      read(block.clear(), (long) records * recordBytes);
      block.flip();
      for (int at = 0; at + recordBytes <= block.limit(); at += recordBytes) {
        ByteBuffer byteBuffer = block.slice(at, recordBytes);
        if (isWhole(byteBuffer)) {
          places.put(VectorKey.read(byteBuffer.rewind()), records);
        } else {
          damaged++;
        }
        records++;
      }
    } while (block.limit() == block.capacity());
    file.setLength((long) records * recordBytes);
    if (damaged > 0) {
      LOG.warn("{}: {} vectors are damaged and are made again", path, damaged);
    }
  }

  private boolean isWhole(ByteBuffer byteBuffer) {
    int content = recordBytes - Integer.BYTES;
    return checksum(byteBuffer.slice(0, content)) == byteBuffer.getInt(content);
  }

  private static int checksum(ByteBuffer content) {
    CRC32 crc = new CRC32();
    crc.update(content);
    return (int) crc.getValue();
  }

  private void read(ByteBuffer to, long from) throws IOException {
    file.seek(from);
    for (int count = 0; count >= 0 && to.hasRemaining(); ) {
      count = file.read(to.array(), to.arrayOffset() + to.position(), to.remaining());
      to.position(to.position() + Math.max(0, count));
    }
  }

  /**
   * Replaces a file that nobody has open by one without some vectors and without damaged ones, if
   * it has any of them.
   *
   * @param dimension dimension of the vectors; 0 if unknown
   * @return the removed keys
   */
  static Set<VectorKey> remove(Path path, Set<VectorKey> keys, int dimension) throws IOException {
    if (!Files.exists(path) || Files.size(path) == 0) {
      return Set.of();
    }
    int known = dimension > 0 ? dimension : dimension(path);
    Set<VectorKey> removed = new HashSet<>(keys);
    try (VectorFile file = open(path, known)) {
      removed.retainAll(file.keys());
      if (removed.isEmpty()) {
        return removed;
      }
      AtomicFiles.write(
          path,
          channel -> {
            ByteBuffer bytes = ByteBuffer.allocate(file.recordBytes);
            for (int i = 0; i < file.records; i++) {
              file.read(bytes.clear(), (long) i * file.recordBytes);
              bytes.flip();
              if (file.isWhole(bytes.slice()) && !keys.contains(VectorKey.read(bytes.slice()))) {
                while (bytes.hasRemaining()) {
                  channel.write(bytes);
                }
              }
            }
          });
    }
    return removed;
  }

  /** Finds the dimension of a file's vectors by the checksum of the first. */
  private static int dimension(Path path) throws IOException {
    byte[] start = new byte[recordBytes(MOST_DIMENSIONS)];
    int size;
    try (InputStream in = Files.newInputStream(path)) {
      size = in.readNBytes(start, 0, start.length);
    }
    ByteBuffer bytes = ByteBuffer.wrap(start, 0, size);
    CRC32 crc = new CRC32();
    crc.update(start, 0, Math.min(size, VectorKey.BYTES));
    for (int at = VectorKey.BYTES + Float.BYTES; at + Integer.BYTES <= size; at += Float.BYTES) {
      crc.update(start, at - Float.BYTES, Float.BYTES);
      if ((int) crc.getValue() == bytes.getInt(at)) {
        return (at - VectorKey.BYTES) / Float.BYTES;
      }
    }
    throw new IOException(
        path + ": its first vector is damaged. Delete the file; its vectors are made again");
  }

  boolean has(VectorKey key) {
    return places.containsKey(key);
  }

  Set<VectorKey> keys() {
    return places.keySet();
  }

  int size() {
    return records;
  }

  Optional<float[]> find(VectorKey key) throws IOException {
    Integer place = places.get(key);
    if (place == null) {
      return Optional.empty();
    }
    ByteBuffer entries = ByteBuffer.allocate(dimension * Float.BYTES);
    read(entries, (long) place * recordBytes + VectorKey.BYTES);
    float[] vector = new float[dimension];
    entries.flip().asFloatBuffer().get(vector);
    return Optional.of(vector);
  }

  void append(List<VectorKey> keys, List<float[]> vectors) throws IOException {
    ByteBuffer block = ByteBuffer.allocate(Math.multiplyExact(keys.size(), recordBytes));
    for (int i = 0; i < keys.size(); i++) {
      int begin = block.position();
      keys.get(i).write(block);
      for (float entry : vectors.get(i)) {
        block.putFloat(entry);
      }
      block.putInt(checksum(block.slice(begin, recordBytes - Integer.BYTES)));
    }
    file.seek((long) records * recordBytes);
    file.write(block.array());
    for (VectorKey key : keys) {
      places.put(key, records++);
    }
  }

  void force() throws IOException {
    file.getFD().sync();
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
