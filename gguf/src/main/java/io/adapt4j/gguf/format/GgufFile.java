package io.adapt4j.gguf.format;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A GGUF file open for reading, of version 3 or 2, which has the same layout.
 *
 * <p>The whole header is validated on opening: counts and lengths against the file's size,
 * duplicate names, and tensors that overlap, are misaligned or lie outside the file. Headers beyond
 * 128 MiB are rejected, and so are files with a tensor type that {@link TensorType} does not list,
 * since a model is unusable without all of its tensors. Tensors are read through the channel and
 * never mapped.
 *
 * <p>Thread-safe: threads may read concurrently. Interrupting a reading thread closes the file, as
 * with any {@link FileChannel}.
 */
public final class GgufFile implements Closeable {

  private final Path path;
  private final FileChannel channel;
  private final GgufHeader header;

  private GgufFile(Path path, FileChannel channel, GgufHeader header) {
    this.path = path;
    this.channel = channel;
    this.header = header;
  }

  /**
   * Opens a file and checks its header.
   *
   * @param path the file
   * @return the open file
   * @throws GgufException if the file cannot be read or violates the format
   */
  public static GgufFile open(Path path) {
    if (!Files.isRegularFile(path)) {
      throw new GgufException(
          "%s: expected a GGUF file, found %s. Check the path."
              .formatted(path, Files.exists(path) ? "something that is not a file" : "no file"));
    }
    FileChannel channel = null;
    try {
      channel = FileChannel.open(path, StandardOpenOption.READ);
      return new GgufFile(path, channel, GgufHeader.read(path, channel::read, channel.size()));
    } catch (IOException e) {
      GgufException failure = unreadable(path, e);
      closeAfter(channel, failure);
      throw failure;
    } catch (RuntimeException e) {
      closeAfter(channel, e);
      throw e;
    }
  }

  /** {@return the path the file was opened with} */
  public Path path() {
    return path;
  }

  /** {@return the keys with their values} */
  public GgufMetadata metadata() {
    return header.metadata();
  }

  /** {@return the tensors by name, in the file's order; unmodifiable} */
  public Map<String, GgufTensor> tensors() {
    return header.tensors();
  }

  /**
   * Returns a tensor.
   *
   * @param name its name
   * @return the tensor
   * @throws GgufException if there is none
   */
  public GgufTensor tensor(String name) {
    GgufTensor tensor = header.tensors().get(name);
    if (tensor == null) {
      throw GgufException.in(
          path,
          "tensor '" + name + "'",
          "the tensor in this file",
          header.tensors().size() + " others",
          "Check the name against tensors().");
    }
    return tensor;
  }

  /**
   * Copies a piece of a tensor's stored bytes.
   *
   * @param tensor a tensor of this file
   * @param position the first byte of the piece, counted from the tensor's beginning
   * @param target filled from its position to its limit
   * @throws IndexOutOfBoundsException if the piece does not lie within the tensor
   * @throws GgufException if reading fails or the file was truncated
   */
  public void read(GgufTensor tensor, long position, ByteBuffer target) {
    Objects.checkFromIndexSize(position, target.remaining(), tensor.bytes());
    long at = header.dataStart() + tensor.offset() + position;
    try {
      while (target.hasRemaining()) {
        int count = channel.read(target, at);
        if (count < 0) {
          throw GgufException.in(
              path,
              "tensor '" + tensor.name() + "'",
              target.remaining() + " more bytes",
              "the end of the file",
              GgufException.DAMAGED);
        }
        at += count;
      }
    } catch (IOException e) {
      throw unreadable(path, e);
    }
  }

  /** Closes the file; a second close does nothing. */
  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new GgufException(path + ": closing failed: " + e.getMessage(), e);
    }
  }

  private static GgufException unreadable(Path path, IOException cause) {
    return new GgufException(
        "%s: reading failed: %s. Check the disk and the file's permissions.".formatted(path, cause),
        cause);
  }

  private static void closeAfter(@Nullable FileChannel channel, Throwable failure) {
    if (channel != null) {
      try {
        channel.close();
      } catch (IOException e) {
        failure.addSuppressed(e);
      }
    }
  }
}
