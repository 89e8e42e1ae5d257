package io.adapt4j.vision.internal.training;

import io.adapt4j.core.chat.ChatException;
import io.adapt4j.core.internal.BoundedFiles;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.chat.PictureTokens;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.picture.PictureEncoder;
import io.adapt4j.core.internal.nn.picture.PictureRows;
import io.adapt4j.core.internal.nn.picture.PictureRule;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.vision.internal.image.Limits;
import io.adapt4j.vision.internal.image.PictureReader;
import io.adapt4j.vision.internal.image.Pixels;
import io.adapt4j.vision.internal.processor.PictureProcessor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * The pictures that training rows refer to, by ids of their rows. Files are read again for each
 * batch; pictures in data URLs stay in memory, compressed. Thread-safe.
 */
final class PictureRegister {

  private final PictureRule rule;
  private final PictureProcessor processor;
  private final Map<String, PictureEncoder.Known> bySource = new HashMap<>();
  private final TreeMap<Integer, String> sources = new TreeMap<>();
  private final Map<Integer, byte[]> digests = new HashMap<>();
  private int next = PictureTokens.FIRST;

  /** Creates an empty set of pictures. */
  PictureRegister(ModelConfig config, PictureProcessor processor, Map<String, ?> options) {
    this.rule = PictureRule.of(config);
    Map<String, Object> all = new TreeMap<>(options);
    if (!hasSuffixes()) {
      // Templates write the first token of a text themselves.
      all.putIfAbsent("add_special_tokens", false);
    }
    this.processor = processor.with(all);
  }

  /** Returns whether the processor encodes the prompt only, and the answer is appended. */
  boolean hasSuffixes() {
    return rule.sight() == PictureRule.Sight.PROMPT;
  }

  PictureProcessor processor() {
    return processor;
  }

  /** Reads a picture. */
  static Pixels read(String source) {
    boolean inRow = source.startsWith("data:");
    String name = inRow ? "bytes of a picture" : source;
    try {
      byte[] bytes = inRow ? decoded(source) : stored(Path.of(source));
      return PictureReader.read(bytes, Limits.USUAL).rgb();
    } catch (IOException | InvalidPathException e) {
      String problem = Objects.requireNonNullElse(e.getMessage(), "reading failed: " + e);
      throw new ChatException(name + ": " + problem, e);
    }
  }

  private static byte[] stored(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new IOException("no such file. Check the path; it is relative to the file of the row.");
    }
    Limits.USUAL.checkBytes(Files.size(file));
    return BoundedFiles.read(file, Limits.USUAL.bytes());
  }

  private static byte[] decoded(String url) throws IOException {
    try {
      return Base64.getDecoder().decode(url.substring(url.indexOf(',') + 1));
    } catch (IllegalArgumentException e) {
      throw new IOException("expected base64, found another text", e);
    }
  }

  synchronized String source(int first) {
    return Objects.requireNonNull(sources.get(first), "picture");
  }

  synchronized PictureEncoder.Known find(int id) {
    Map.Entry<Integer, String> floor = sources.floorEntry(id);
    PictureEncoder.Known known = floor == null ? null : bySource.get(floor.getValue());
    if (known == null || id >= known.first() + known.rows()) {
      throw new IllegalStateException("No picture has the id " + id);
    }
    return known;
  }

  /** Returns a number for a picture's row that depends on its pixels. */
  synchronized int key(int id) {
    int first = find(id).first();
    byte[] digest = Objects.requireNonNull(digests.get(first), "picture");
    int row = id - first;
    return ByteBuffer.wrap(digest).getInt(row % (digest.length / Integer.BYTES) * Integer.BYTES)
        + row;
  }

  /** Adds a picture, or returns the one of that source. */
  synchronized PictureEncoder.Known add(String source, Pixels pixels, int rows) {
    PictureEncoder.Known known = bySource.get(source);
    if (known != null && known.rows() == rows) {
      return known;
    }
    if (rows > Integer.MAX_VALUE - next) {
      throw new IllegalStateException(
          "The data has more pictures than ids for their tokens. Divide it.");
    }
    PictureEncoder.Known added = laidOut(pixels, rows);
    next += rows;
    bySource.put(source, added);
    sources.put(added.first(), source);
    MessageDigest digest = FileDigest.sha256();
    digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, pixels.width()));
    digests.put(added.first(), digest.digest(pixels.values()));
    return added;
  }

  private PictureEncoder.Known laidOut(Pixels pixels, int rows) {
    if (!rule.hasAxes()) {
      return new PictureEncoder.Known(next, rows, new int[0][], rows);
    }
    int[] grid = processor.pixels(List.of(pixels)).grids()[0];
    int side = (int) Math.sqrt(grid[1] * (double) grid[2] / rows);
    try (Scope scope = Scope.open()) {
      Tensor none = Tensor.empty(DType.F32, rows, 0);
      PictureRows layout = PictureRows.onGrid(none, List.of(), grid[1] / side, grid[2] / side);
      return new PictureEncoder.Known(next, rows, layout.places(), layout.span());
    }
  }

  /** Reads pictures, given by their first ids, those of the same file once. */
  List<Pixels> pixels(int[] firstIds) {
    Map<Integer, Pixels> read = new HashMap<>();
    return Arrays.stream(firstIds)
        .mapToObj(first -> read.computeIfAbsent(first, id -> read(source(id))))
        .toList();
  }
}
