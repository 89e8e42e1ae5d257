package io.adapt4j.gguf.format;

import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Writes GGUF files of version 3. Tensors are stored in the given order, each aligned to {@link
 * GgufMetadata#ALIGNMENT} bytes (32 unless the metadata state another value), and written one at a
 * time, so memory holds only what one source needs.
 *
 * <p>Writes are atomic: data goes to a temporary file in the same folder, which is synced to disk
 * and renamed. On failure an existing file is kept and the temporary file is deleted.
 */
public final class GgufWriter {

  /** llama.cpp reserves 64 bytes for a name that ends in a zero. */
  private static final int MAX_NAME_BYTES = 63;

  private GgufWriter() {}

  /**
   * Writes a file.
   *
   * @param file the file to create or replace; a symbolic link is followed; missing folders are
   *     created
   * @param metadata the keys with their values
   * @param tensors the tensors with distinct names
   * @throws GgufException if a name repeats or is too long, a shape does not fit its type, a source
   *     gives too few or too many bytes, or writing fails
   */
  public static void write(Path file, GgufMetadata metadata, List<? extends TensorSource> tensors) {
    Path target = target(file);
    int alignment = alignment(target, metadata);
    HeaderOutput header = header(target, metadata, tensors, alignment);
    Path folder = target.resolveSibling(".").toAbsolutePath().normalize();
    Path temporary = null;
    boolean moved = false;
    try {
      createFolders(folder);
      // Not createTempFile, whose files are readable by their owner only: a server often runs as
      // another user.
      temporary = folder.resolve("." + target.getFileName() + "." + UUID.randomUUID() + ".tmp");
      try (FileChannel channel =
          FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        writeFully(channel, ByteBuffer.wrap(header.toBytes()));
        for (TensorSource tensor : tensors) {
          writeTensor(target, channel, tensor, alignment);
        }
        channel.force(true);
      }
      Files.move(
          temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      moved = true;
      forceFolder(folder);
    } catch (IOException e) {
      GgufException failure =
          new GgufException(
              "%s: writing failed: %s. %s"
                  .formatted(
                      target,
                      explained(folder, e),
                      moved
                          ? "The file is complete, but a power cut may still take it back."
                          : "A file that was there before is unchanged."),
              e);
      deleteAfter(temporary, failure);
      throw failure;
    } catch (RuntimeException | Error e) {
      deleteAfter(temporary, e);
      throw e;
    }
  }

  /** Returns the path to write, following a symbolic link so that its target is replaced. */
  private static Path target(Path file) {
    if (Files.isDirectory(file)) {
      throw new GgufException(
          file + ": expected a file to write, found a folder. Name a file in it.");
    }
    for (Path at = file.toAbsolutePath().getParent(); at != null; at = at.getParent()) {
      if (Files.isRegularFile(at)) {
        throw new GgufException(
            file + ": expected a file in a folder, but " + at + " is a file. Name another.");
      }
    }
    try {
      return Files.isSymbolicLink(file) && Files.exists(file) ? file.toRealPath() : file;
    } catch (IOException e) {
      throw new GgufException(file + ": this link cannot be followed: " + e + ".", e);
    }
  }

  private static void createFolders(Path folder) throws IOException {
    Path parent = folder.getParent();
    if (parent != null && !Files.isDirectory(folder)) {
      createFolders(parent);
      Files.createDirectories(folder);
      forceFolder(parent);
    }
  }

  private static String explained(Path folder, IOException failure) {
    if (failure instanceof ClosedByInterruptException) {
      return "the thread that was writing was interrupted; run it again without interrupting it";
    }
    String text = String.valueOf(failure.getMessage()).toLowerCase(Locale.ROOT);
    boolean denied =
        failure instanceof AccessDeniedException
            || text.contains("permission denied")
            || text.contains("read-only file system");
    if (denied) {
      return failure
          + ". Check the permissions of "
          + folder
          + (File.separatorChar == '\\'
              ? ", and close models loaded from the file: Windows replaces none that is open"
              : "");
    }
    boolean full = Stream.of("no space left", "not enough space", "quota").anyMatch(text::contains);
    return full
        ? "the disk is full (%s): %s are free in %s. Free some space, or choose a folder on another disk"
            .formatted(failure.getMessage(), free(folder), folder)
        : "%s. Check free space and permissions: %s are free in %s"
            .formatted(failure, free(folder), folder);
  }

  private static String free(Path folder) {
    Path at = folder;
    while (at.getParent() != null && !Files.isDirectory(at)) {
      at = at.getParent();
    }
    try {
      return String.format(Locale.ROOT, "%,d bytes", Files.getFileStore(at).getUsableSpace());
    } catch (IOException e) {
      return "an unknown number of bytes";
    }
  }

  private static int alignment(Path target, GgufMetadata metadata) {
    if (!metadata.keys().contains(GgufMetadata.ALIGNMENT)) {
      return GgufHeader.DEFAULT_ALIGNMENT;
    }
    long alignment = metadata.integer(GgufMetadata.ALIGNMENT).orElse(-1);
    if (!GgufHeader.isAlignment(alignment)) {
      throw GgufException.in(
          target,
          GgufMetadata.ALIGNMENT,
          "a power of two from 8 to " + GgufHeader.MAX_ALIGNMENT,
          String.valueOf(metadata.values().get(GgufMetadata.ALIGNMENT)),
          "Leave the key out for an alignment of " + GgufHeader.DEFAULT_ALIGNMENT + ".");
    }
    return (int) alignment;
  }

  private static HeaderOutput header(
      Path target, GgufMetadata metadata, List<? extends TensorSource> tensors, int alignment) {
    HeaderOutput header = new HeaderOutput();
    header.putInt(GgufHeader.MAGIC).putInt(GgufHeader.VERSION);
    header.putLong(tensors.size()).putLong(metadata.keys().size());
    for (Map.Entry<String, MetadataValue> entry : metadata.values().entrySet()) {
      header.putString(entry.getKey()).putValue(entry.getValue());
    }
    Set<String> names = new HashSet<>();
    long offset = 0;
    for (TensorSource tensor : tensors) {
      checkName(target, tensor, names);
      header.putString(tensor.name()).putInt(tensor.shape().size());
      tensor.shape().forEach(header::putLong);
      header.putInt(tensor.type().id()).putLong(offset);
      long end = GgufHeader.align(bytes(target, tensor), alignment);
      if (end < 0 || end > Long.MAX_VALUE - offset) {
        throw GgufException.in(
            target,
            "tensor '" + tensor.name() + "'",
            "an end below 2^63",
            "a larger one",
            "Write the tensors to several files.");
      }
      offset += end;
    }
    return header.pad(alignment);
  }

  private static void checkName(Path target, TensorSource tensor, Set<String> names) {
    String field = "tensor '" + tensor.name() + "'";
    int length = tensor.name().getBytes(StandardCharsets.UTF_8).length;
    if (length > MAX_NAME_BYTES) {
      throw GgufException.in(
          target,
          field,
          "a name of at most " + MAX_NAME_BYTES + " bytes",
          length + " bytes",
          "Shorten it: llama.cpp does not load longer ones.");
    }
    if (!names.add(tensor.name())) {
      throw GgufException.in(
          target, field, "each name once", "it twice", "Rename or drop one of the two.");
    }
  }

  private static long bytes(Path target, TensorSource tensor) {
    List<Long> shape = tensor.shape();
    TensorType type = tensor.type();
    long bytes = GgufHeader.bytes(type, shape);
    if (shape.size() > GgufHeader.MAX_DIMENSIONS || bytes < 0) {
      throw GgufException.in(
          target,
          "shape of tensor '" + tensor.name() + "'",
          "at most %d dimensions and 2^63 bytes, with rows of a multiple of %d values for %s"
              .formatted(GgufHeader.MAX_DIMENSIONS, type.blockSize(), type),
          shape.toString(),
          "Choose a type with smaller blocks.");
    }
    return bytes;
  }

  private static void writeTensor(
      Path target, FileChannel channel, TensorSource tensor, int alignment) throws IOException {
    long expected = bytes(target, tensor);
    TensorChannel counted = new TensorChannel(target, channel, tensor, expected);
    tensor.writeTo(counted);
    counted.close();
    if (counted.written < expected) {
      throw counted.wrongSize(counted.written + " bytes");
    }
    writeFully(
        channel, ByteBuffer.allocate((int) (GgufHeader.align(expected, alignment) - expected)));
  }

  private static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  /** Syncs a folder's entry; Windows cannot do so, and some network file systems refuse. */
  private static void forceFolder(Path folder) throws IOException {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (ClosedByInterruptException e) {
      throw e;
    } catch (IOException ignored) {
      // The file is complete; only its name may be lost in a power failure.
    }
  }

  private static void deleteAfter(@Nullable Path temporary, Throwable failure) {
    if (temporary != null) {
      try {
        Files.deleteIfExists(temporary);
      } catch (IOException e) {
        failure.addSuppressed(e);
      }
    }
  }

  /** Forwards a tensor's bytes and counts them. */
  private static final class TensorChannel implements WritableByteChannel {

    private final Path file;
    private final FileChannel target;
    private final TensorSource tensor;
    private final long expected;
    private long written;
    private boolean open = true;

    TensorChannel(Path file, FileChannel target, TensorSource tensor, long expected) {
      this.file = file;
      this.target = target;
      this.tensor = tensor;
      this.expected = expected;
    }

    @Override
    public int write(ByteBuffer bytes) throws IOException {
      if (!open) {
        throw new ClosedChannelException();
      }
      int count = bytes.remaining();
      if (count > expected - written) {
        throw wrongSize("at least " + (written + count) + " bytes");
      }
      writeFully(target, bytes);
      written += count;
      return count;
    }

    @Override
    public boolean isOpen() {
      return open;
    }

    @Override
    public void close() {
      open = false;
    }

    GgufException wrongSize(String found) {
      return GgufException.in(
          file,
          "tensor '" + tensor.name() + "'",
          expected + " bytes for " + tensor.type() + tensor.shape(),
          found,
          "The source of the tensor must write what its shape and type take.");
    }
  }
}
