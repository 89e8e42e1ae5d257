package io.adapt4j.core.data;

import java.io.EOFException;
import java.io.IOException;
import java.lang.ref.Cleaner;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A UTF-8 file with random access. No handle stays open: each read fetches a larger block, which
 * serves the following reads. Thread-safe.
 */
final class SourceFile {

  private static final Cleaner CLEANER = Cleaner.create();
  private static final Set<Path> COPIES = ConcurrentHashMap.newKeySet();
  private static final int READ_AHEAD = 1 << 16;

  static {
    Runtime.getRuntime()
        .addShutdownHook(new Thread(() -> COPIES.forEach(SourceFile::deleteQuietly)));
  }

  private final Path file;
  private final Path content;
  private final int start;
  private final long size;
  private final FileTime modified;

  /** Whether the content was converted from a foreign format; set before the first read. */
  private boolean jsonLines;

  private volatile Block block = new Block(0, new byte[0]);

  // Private to this class.
  @SuppressWarnings("ArrayRecordComponent")
  private record Block(long offset, byte[] bytes) {

    boolean has(long from, int length) {
      return from >= offset && from + length <= offset + bytes.length;
    }
  }

  private SourceFile(Path file, Path content, int start) throws IOException {
    this.file = file;
    this.content = content;
    this.start = start;
    this.size = Files.size(content);
    this.modified = Files.getLastModifiedTime(content);
  }

  /** Returns a file that is read directly. */
  static SourceFile of(Path file, int start) throws IOException {
    return new SourceFile(file, file, start);
  }

  /**
   * Returns a file whose content was converted to a temporary copy, which is deleted with this
   * object.
   */
  static SourceFile ofCopy(Path file, Path copy) throws IOException {
    SourceFile source = new SourceFile(file, copy, 0);
    COPIES.add(copy);
    CLEANER.register(source, () -> deleteQuietly(copy));
    return source;
  }

  SourceFile ofJsonLines() {
    jsonLines = true;
    return this;
  }

  boolean isJsonLines() {
    return jsonLines;
  }

  /** Returns the file for messages. */
  Path file() {
    return file;
  }

  Path content() {
    return content;
  }

  /** Returns the offset of the content, after any byte order mark. */
  int start() {
    return start;
  }

  long size() {
    return size;
  }

  byte[] read(long offset, int length, int row) throws IOException {
    Block current = block;
    if (!current.has(offset, length)) {
      current = load(offset, length, row);
      block = current;
    }
    int from = (int) (offset - current.offset());
    return Arrays.copyOfRange(current.bytes(), from, from + length);
  }

  /** Returns the line number, from 1, of an offset. */
  long lineOf(long offset) throws IOException {
    long line = 1;
    try (LineReader lines = new LineReader(content, start)) {
      while (lines.next() && lines.offset() <= offset) {
        line = lines.number();
      }
    }
    return line;
  }

  private Block load(long offset, int length, int row) throws IOException {
    try (FileChannel channel = FileChannel.open(content)) {
      if (channel.size() != size) {
        throw changed(row, "its size was " + size + " bytes and is " + channel.size());
      }
      if (!Files.getLastModifiedTime(content).equals(modified)) {
        throw changed(row, "it was written to at " + Files.getLastModifiedTime(content));
      }
      long wanted = Math.min(Math.max(length, READ_AHEAD), size - offset);
      ByteBuffer buffer = ByteBuffer.allocate((int) wanted);
      while (buffer.hasRemaining()) {
        if (channel.read(buffer, offset + buffer.position()) < 0) {
          throw new EOFException("the file ends in row " + row);
        }
      }
      return new Block(offset, buffer.array());
    }
  }

  DatasetException changed(int row, @Nullable String how) {
    return new DatasetException(
        ("%s: row %s changed since the file was opened: %s. Open the dataset again and leave"
                + " the file alone while it is in use.")
            .formatted(file, row, how));
  }

  static DatasetException unreadable(Path file, @Nullable IOException e) {
    return new DatasetException(
        file + ": reading failed: " + e + ". Check that it is a readable file.", e);
  }

  private static void deleteQuietly(Path copy) {
    COPIES.remove(copy);
    try {
      Files.deleteIfExists(copy);
    } catch (IOException e) {
      // It is in the temporary folder; nothing depends on it.
    }
  }
}
