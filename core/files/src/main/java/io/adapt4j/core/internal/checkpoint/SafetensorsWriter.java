package io.adapt4j.core.internal.checkpoint;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.FileTransaction;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.WriteFailure;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

/**
 * Writes safetensors files. Within a file, tensors are ordered as in the reference library: by
 * element type, the last of {@link StoredType} first, then by name. The header is padded with
 * spaces so that the data starts at a multiple of 8 bytes.
 *
 * <p>Writing is all or nothing: everything goes to temporary files in the target folder first. If
 * anything fails, existing files remain unchanged, and no temporary file is left.
 *
 * <p>Immutable and thread-safe.
 */
public final class SafetensorsWriter {

  /** Default maximum shard size: 5 GB of tensor data, as in Transformers. */
  public static final long DEFAULT_MAX_SHARD_BYTES = 5_000_000_000L;

  /** Default metadata, which Transformers requires when it loads a file. */
  public static final Map<String, String> DEFAULT_METADATA = Map.of("format", "pt");

  private static final Pattern MODEL_FILES =
      Pattern.compile("model(-\\d{5}-of-\\d{5})?\\.safetensors|model\\.safetensors\\.index\\.json");

  private static final Comparator<TensorData> FILE_ORDER =
      Comparator.comparing(TensorData::type)
          .reversed()
          .thenComparing(TensorData::name, SafetensorsWriter::compareUtf8);

  private final Map<String, String> metadata;
  private final long maxShardBytes;
  private final boolean checksum;

  private SafetensorsWriter(Map<String, String> metadata, long maxShardBytes, boolean checksum) {
    this.metadata = Collections.unmodifiableMap(new TreeMap<>(metadata));
    this.maxShardBytes = maxShardBytes;
    this.checksum = checksum;
  }

  /** {@return a writer with {@link #DEFAULT_METADATA} and {@link #DEFAULT_MAX_SHARD_BYTES}} */
  public static SafetensorsWriter create() {
    return new SafetensorsWriter(DEFAULT_METADATA, DEFAULT_MAX_SHARD_BYTES, false);
  }

  /** Returns a writer with different metadata entries in the header. */
  public SafetensorsWriter withMetadata(Map<String, String> metadata) {
    return new SafetensorsWriter(metadata, maxShardBytes, checksum);
  }

  /**
   * {@return a writer that adds a checksum of the whole file to the metadata, which {@link
   * SafetensorsFile#isIntact} verifies}
   */
  public SafetensorsWriter withChecksum() {
    return new SafetensorsWriter(metadata, maxShardBytes, true);
  }

  /**
   * Returns a writer with a different maximum shard size.
   *
   * @param maxShardBytes bytes of tensor data, at least 1; a larger tensor gets its own shard
   */
  public SafetensorsWriter withMaxShardBytes(long maxShardBytes) {
    if (maxShardBytes < 1) {
      throw new IllegalArgumentException(
          "maxShardBytes: expected at least 1, found " + maxShardBytes);
    }
    return new SafetensorsWriter(metadata, maxShardBytes, checksum);
  }

  /** Writes all tensors to one file, ignoring the shard limit. */
  public void writeFile(Path file, List<TensorData> tensors) {
    checkDistinct(file, tensors);
    try {
      AtomicFiles.write(file, channel -> writeTensors(file, channel, tensors));
    } catch (IOException e) {
      throw unwritable(file, e);
    }
  }

  /**
   * Writes a model's weights into a folder: {@code model.safetensors} or, if they exceed the shard
   * limit, {@code model-00001-of-0000N.safetensors} and so on with {@code
   * model.safetensors.index.json}. Shards are filled in the order of the list. Weight files with
   * these names from an earlier save are removed.
   */
  public List<Path> writeModel(Path folder, List<TensorData> tensors) {
    try (FileTransaction transaction = new FileTransaction()) {
      List<Path> written = stageModel(transaction, folder, tensors);
      transaction.commit();
      return written;
    } catch (IOException e) {
      throw unwritable(folder, e);
    }
  }

  /** Writes like {@link #writeModel}, but into a transaction that the caller commits. */
  public List<Path> stageModel(FileTransaction transaction, Path folder, List<TensorData> tensors) {
    checkDistinct(folder, tensors);
    try {
      return stage(transaction, folder, tensors);
    } catch (IOException e) {
      throw unwritable(folder, e);
    }
  }

  private List<Path> stage(FileTransaction transaction, Path folder, List<TensorData> tensors)
      throws IOException {
    Map<String, List<TensorData>> files = shards(tensors);
    List<Path> written = new ArrayList<>();
    for (Map.Entry<String, List<TensorData>> shard : files.entrySet()) {
      Path file = folder.resolve(shard.getKey());
      AtomicFiles.writeNew(
          transaction.stage(file), channel -> writeTensors(file, channel, shard.getValue()));
      written.add(file);
    }
    if (files.size() > 1) {
      Path index = folder.resolve(Checkpoint.INDEX_FILE);
      byte[] json = Json.indented(index(files)).getBytes(StandardCharsets.UTF_8);
      Files.write(transaction.stage(index), json);
      written.add(index);
    }
    for (Path stale : otherModelFiles(folder, written)) {
      transaction.delete(stale);
    }
    return List.copyOf(written);
  }

  private Map<String, List<TensorData>> shards(List<TensorData> tensors) {
    List<List<TensorData>> shards = new ArrayList<>();
    List<TensorData> current = new ArrayList<>();
    long bytes = 0;
    for (TensorData tensor : tensors) {
      if (!current.isEmpty() && tensor.length() > maxShardBytes - bytes) {
        shards.add(current);
        current = new ArrayList<>();
        bytes = 0;
      }
      current.add(tensor);
      bytes += tensor.length();
    }
    shards.add(current);
    if (shards.size() == 1) {
      return Map.of(Checkpoint.SINGLE_FILE, current);
    }
    Map<String, List<TensorData>> named = new LinkedHashMap<>();
    for (int i = 0; i < shards.size(); i++) {
      named.put(
          String.format(Locale.ROOT, "model-%05d-of-%05d.safetensors", i + 1, shards.size()),
          shards.get(i));
    }
    return named;
  }

  private static ObjectNode index(Map<String, List<TensorData>> files) {
    long bytes = 0;
    long parameters = 0;
    Map<String, String> weightMap = new TreeMap<>(SafetensorsWriter::compareUtf8);
    for (Map.Entry<String, List<TensorData>> file : files.entrySet()) {
      for (TensorData tensor : file.getValue()) {
        bytes += tensor.length();
        parameters += tensor.length() / tensor.type().bytes();
        weightMap.put(tensor.name(), file.getKey());
      }
    }
    ObjectNode index = JsonNodeFactory.instance.objectNode();
    index.putObject("metadata").put("total_parameters", parameters).put("total_size", bytes);
    weightMap.forEach(index.putObject("weight_map")::put);
    return index;
  }

  private void writeTensors(Path file, FileChannel out, List<TensorData> tensors)
      throws IOException {
    List<TensorData> ordered = tensors.stream().sorted(FILE_ORDER).toList();
    Map<String, String> entries = new TreeMap<>(metadata);
    if (checksum) {
      entries.put(FileChecksum.KEY, FileChecksum.NONE);
    }
    ByteBuffer header = SafetensorsHeader.encode(ordered, entries);
    CRC32C sum = new CRC32C();
    sum.update(header.duplicate());
    int place = checksum ? FileChecksum.place(header) : 0;
    if (header.remaining() - Long.BYTES > SafetensorsHeader.MAX_BYTES) {
      throw CheckpointException.inFile(
          file,
          "a header of at most " + SafetensorsHeader.MAX_BYTES + " bytes",
          (header.remaining() - Long.BYTES) + " bytes",
          "Write fewer tensors or less metadata to one file.");
    }
    writeFully(out, header);
    for (TensorData tensor : ordered) {
      TensorChannel channel = new TensorChannel(file, tensor, out, sum);
      tensor.content().writeTo(channel);
      channel.close();
    }
    if (checksum) {
      ByteBuffer digits = ByteBuffer.wrap(FileDigest.hex(sum).getBytes(StandardCharsets.US_ASCII));
      while (digits.hasRemaining()) {
        out.write(digits, place + digits.position());
      }
    }
  }

  private static void checkDistinct(Path target, List<TensorData> tensors) {
    Set<String> names = new HashSet<>();
    for (TensorData tensor : tensors) {
      if (!names.add(tensor.name())) {
        throw CheckpointException.inTensor(
            target, tensor.name(), "each name once", "it twice", "Rename or drop one of the two.");
      }
    }
  }

  private static List<Path> otherModelFiles(Path folder, List<Path> written) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> MODEL_FILES.matcher(file.getFileName().toString()).matches())
          .filter(file -> !written.contains(file))
          .toList();
    }
  }

  /** Compares names by their UTF-8 bytes, like strings in the reference library. */
  private static int compareUtf8(String left, String right) {
    return Arrays.compareUnsigned(
        left.getBytes(StandardCharsets.UTF_8), right.getBytes(StandardCharsets.UTF_8));
  }

  private static void writeFully(FileChannel out, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      out.write(bytes);
    }
  }

  private static CheckpointException unwritable(Path target, IOException cause) {
    return new CheckpointException(
        "%s: writing failed: %s. %s"
            .formatted(
                target,
                WriteFailure.explain(target, cause),
                cause.getSuppressed().length == 0
                    ? "The files that were there before are unchanged."
                    : "Not all files that were there before could be put back; they are beside it,"
                        + " under names that begin with a dot."),
        cause);
  }

  /** Forwards one tensor's bytes and enforces the announced size. */
  private static final class TensorChannel implements WritableByteChannel {

    private final Path file;
    private final TensorData tensor;
    private final FileChannel out;
    private final CRC32C sum;
    private long written;
    private boolean open = true;

    TensorChannel(Path file, TensorData tensor, FileChannel out, CRC32C sum) {
      this.sum = sum;
      this.file = file;
      this.tensor = tensor;
      this.out = out;
    }

    @Override
    public int write(ByteBuffer bytes) throws IOException {
      if (!open) {
        throw new ClosedChannelException();
      }
      int count = bytes.remaining();
      if (count > tensor.length() - written) {
        throw wrongSize("at least " + (written + count) + " bytes");
      }
      sum.update(bytes.duplicate());
      writeFully(out, bytes);
      written += count;
      return count;
    }

    @Override
    public boolean isOpen() {
      return open;
    }

    @Override
    public void close() {
      if (open) {
        open = false;
        if (written != tensor.length()) {
          throw wrongSize(written + " bytes");
        }
      }
    }

    private CheckpointException wrongSize(String found) {
      return CheckpointException.inTensor(
          file,
          tensor.name(),
          tensor.length() + " bytes for " + tensor.type() + tensor.shape(),
          found,
          "Give exactly the bytes that the type and shape announce.");
    }
  }
}
