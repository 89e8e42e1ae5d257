package io.adapt4j.core.internal.checkpoint;

import io.adapt4j.core.exception.CheckpointException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Objects;

/**
 * A safetensors file open for reading. The header is validated as a whole when the file is opened;
 * tensor bytes are memory-mapped on demand and never copied.
 *
 * <p>Thread-safe. The caller closes it; a second close has no effect. Buffers returned earlier stay
 * valid after the close: the operating system unmaps them once they are garbage-collected. The file
 * must not be truncated or overwritten in place while it is in use (replacing it by a move, as
 * {@link SafetensorsWriter} does, is fine).
 *
 * @see <a href="https://github.com/huggingface/safetensors#format">The safetensors format</a>
 */
public final class SafetensorsFile implements TensorFile {

  private final Path file;
  private final FileChannel channel;
  private final SafetensorsHeader header;

  private SafetensorsFile(Path file, FileChannel channel, SafetensorsHeader header) {
    this.file = file;
    this.channel = channel;
    this.header = header;
  }

  /**
   * Opens a file and validates its header: length, JSON, types, shapes, and that the tensors cover
   * the data section without holes or overlaps.
   */
  public static SafetensorsFile open(Path file) {
    if (!Files.isRegularFile(file)) {
      throw CheckpointException.inFile(
          file,
          "a safetensors file",
          Files.exists(file) ? "something that is not a file" : "no file",
          "Check the path.");
    }
    FileChannel channel = null;
    try {
      channel = FileChannel.open(file, StandardOpenOption.READ);
      return new SafetensorsFile(file, channel, SafetensorsHeader.read(file, channel));
    } catch (IOException e) {
      closeQuietly(channel, e);
      throw unreadable(file, e);
    } catch (RuntimeException e) {
      closeQuietly(channel, e);
      throw e;
    }
  }

  @Override
  public Path file() {
    return file;
  }

  @Override
  public Map<String, TensorEntry> entries() {
    return header.entries();
  }

  /** Returns the metadata entries of the header, such as {@code format=pt}. */
  public Map<String, String> metadata() {
    return header.metadata();
  }

  /** Verifies the checksum that {@link SafetensorsWriter#withChecksum} added to the file. */
  public boolean isIntact() {
    String stored = metadata().get(FileChecksum.KEY);
    if (stored == null) {
      return true;
    }
    if (!channel.isOpen()) {
      throw new IllegalStateException(file + " is closed");
    }
    try {
      return stored.equals(FileChecksum.of(channel));
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  @Override
  public ByteBuffer bytes(String name, long offset, int length) {
    TensorEntry entry = entry(name);
    if (offset < 0 || length < 0 || offset > entry.length() - length) {
      throw new IndexOutOfBoundsException(
          "%s: tensor '%s' has %s bytes, asked for %s from %s"
              .formatted(file, name, entry.length(), length, offset));
    }
    return map(entry, offset, length);
  }

  /** Closes the file; buffers returned earlier stay valid. */
  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new CheckpointException(file + ": closing failed: " + e.getMessage(), e);
    }
  }

  /**
   * Copies part of a tensor into the caller's memory without mapping the file. Reading a whole
   * model this way leaves no second copy of it in the process's RSS.
   */
  @Override
  public void read(String name, long offset, ByteBuffer target) {
    TensorEntry entry = entry(name);
    Objects.checkFromIndexSize(offset, (long) target.remaining(), entry.length());
    if (!channel.isOpen()) {
      throw new IllegalStateException(file + " is closed");
    }
    try {
      long at = entry.offset() + offset;
      while (target.hasRemaining()) {
        int count = channel.read(target, at);
        if (count < 0) {
          throw new IOException("the file ends inside tensor " + name);
        }
        at += count;
      }
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  private ByteBuffer map(TensorEntry entry, long offset, int length) {
    if (!channel.isOpen()) {
      throw new IllegalStateException(
          file + " is closed; read tensor '" + entry.name() + "' before closing it");
    }
    try {
      return channel
          .map(FileChannel.MapMode.READ_ONLY, entry.offset() + offset, length)
          .order(ByteOrder.LITTLE_ENDIAN);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  private static CheckpointException unreadable(Path file, IOException cause) {
    return new CheckpointException(
        "%s: reading failed: %s. Check that the file is readable and not being written."
            .formatted(file, cause),
        cause);
  }

  private static void closeQuietly(FileChannel channel, Exception primary) {
    if (channel != null) {
      try {
        channel.close();
      } catch (IOException e) {
        primary.addSuppressed(e);
      }
    }
  }
}
