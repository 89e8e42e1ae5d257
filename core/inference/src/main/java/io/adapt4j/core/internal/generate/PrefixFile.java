package io.adapt4j.core.internal.generate;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.generate.Checkpoints.Checkpoint;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.cache.KeptKeys;
import io.adapt4j.core.internal.nn.cache.KvCache;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * File of a JSON header and, if it has one, a text's prefix. It is: a mark of eight bytes, the
 * format's version and the header's length (integers, little endian), the header, the tensors in
 * native byte order by layer (keys and values, then states, then those of each checkpoint), and the
 * SHA-256 digest of all before. All of it may be encrypted.
 */
final class PrefixFile {

  /** Version of the format. */
  static final int VERSION = 1;

  private static final byte[] MARK = "A4JPREFX".getBytes(StandardCharsets.US_ASCII);
  private static final int DIGEST = 32;
  private static final int START = MARK.length + 2 * Integer.BYTES;

  /** Maximum length of a header, enough for millions of tokens. */
  private static final int MOST_HEADER = 64 << 20;

  private static final String PREFIX = "prefix";

  private final Path file;
  private final FileCipher.Source source;
  private final MessageDigest digest = FileDigest.sha256();

  private PrefixFile(Path file, FileCipher.Source source) {
    this.file = file;
    this.source = source;
  }

  /** Destination of a file's contents, which it digests. */
  private record Target(WritableByteChannel channel, MessageDigest digest) {

    private void write(ByteBuffer bytes) throws IOException {
      digest.update(bytes.duplicate());
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    }

    private void write(List<Tensor> copies) throws IOException {
      try {
        for (Tensor copy : copies) {
          write(copy.data());
        }
      } finally {
        copies.forEach(Tensor::close);
      }
    }
  }

  /**
   * Contents of a file.
   *
   * @param prefix null if there is none, or none was wanted
   */
  record Content(ObjectNode header, @Nullable KeptPrefix prefix) {}

  /**
   * Writes a file atomically. The lock is held while a tensor is copied, not while it is written. A
   * prefix whose windows have been freed is left out.
   *
   * @param cipher null for a plain file
   */
  static void write(
      Path file,
      ObjectNode header,
      @Nullable KeptPrefix found,
      Decoder decoder,
      ReentrantLock lock,
      @Nullable FileCipher cipher)
      throws IOException {
    KeptPrefix prefix = found == null || found.cache().frees() ? null : found;
    if (prefix != null) {
      header.set(PREFIX, described(prefix, decoder));
    }
    byte[] json = Json.compact(header).getBytes(StandardCharsets.UTF_8);
    if (json.length > MOST_HEADER) {
      throw new IOException(
          "expected at most %,d bytes of messages and tokens, found %,d"
              .formatted(MOST_HEADER, json.length));
    }
    AtomicFiles.write(
        file,
        channel -> {
          if (cipher == null) {
            write(channel, json, prefix, decoder, lock);
          } else {
            try (WritableByteChannel encrypted = cipher.encrypt(channel)) {
              write(encrypted, json, prefix, decoder, lock);
            }
          }
        });
  }

  private static void write(
      WritableByteChannel channel,
      byte[] json,
      @Nullable KeptPrefix prefix,
      Decoder decoder,
      ReentrantLock lock)
      throws IOException {
    Target out = new Target(channel, FileDigest.sha256());
    out.write(start(json.length));
    out.write(ByteBuffer.wrap(json));
    if (prefix != null) {
      for (Supplier<List<Tensor>> layer : tensors(prefix)) {
        out.write(copies(layer, decoder, lock));
      }
    }
    out.write(ByteBuffer.wrap(out.digest.digest()));
  }

  private static ByteBuffer start(int header) {
    ByteBuffer start = ByteBuffer.allocate(START).order(ByteOrder.LITTLE_ENDIAN);
    return start.put(MARK).putInt(VERSION).putInt(header).flip();
  }

  /** Type of the tensors, and how the cache holds them: a file of another one is not read. */
  private static String layout(Decoder decoder) {
    return decoder.type().name()
        + (decoder.cachesInEightBits() ? " in 8 bits" : "")
        + (decoder.freesWindows() ? " in windows" : "");
  }

  private static ObjectNode described(KeptPrefix prefix, Decoder decoder) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("type", layout(decoder)).put("read", prefix.read());
    json.put("by_marks", prefix.isByMarks());
    ArrayNode checkpoints = json.putArray("checkpoints");
    prefix.checkpoints().all().forEach(saved -> checkpoints.add(saved.tokens()));
    ArrayNode ids = json.putArray("ids");
    IntStream.of(prefix.ids()).forEach(ids::add);
    return json;
  }

  /** Returns the tensors of a prefix in the file's order, a layer each. */
  private static List<Supplier<List<Tensor>>> tensors(KeptPrefix prefix) {
    KvCache cache = prefix.cache();
    List<Supplier<List<Tensor>>> all = new ArrayList<>();
    for (int i = 0; i < cache.layers(); i++) {
      int layer = i;
      all.add(() -> KeptKeys.copy(cache, layer));
    }
    for (int i = 0; i < cache.layers(); i++) {
      int layer = i;
      all.add(() -> copied(cache.states(layer)));
    }
    for (Checkpoint saved : prefix.checkpoints().all()) {
      for (int i = 0; i < cache.layers(); i++) {
        int layer = i;
        all.add(() -> copied(saved.states().tensors(layer)));
      }
    }
    return all;
  }

  private static List<Tensor> copied(List<Tensor> states) {
    return states.stream().map(state -> Tensor.concatenated(List.of(state), 0)).toList();
  }

  private static List<Tensor> copies(
      Supplier<List<Tensor>> layer, Decoder decoder, ReentrantLock lock) {
    lock.lock();
    try (Scope scope = Scope.open(decoder.engine())) {
      return layer.get().stream().map(copy -> copy.toHost().own()).toList();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Reads a file and checks every byte of it. Throws a CheckpointException if it is damaged.
   *
   * @param wanted whether to read a prefix of so many bytes, the header given
   */
  static Content read(
      Path file,
      Decoder decoder,
      Consumer<JsonNode> require,
      Predicate<JsonNode> wanted,
      @Nullable FileCipher cipher)
      throws IOException {
    try (FileCipher.Source source = FileCipher.open(file, cipher, true)) {
      return new PrefixFile(file, source).content(decoder, require, wanted);
    } catch (EOFException e) {
      throw damaged(file, "it ends early", e);
    } catch (JsonProcessingException e) {
      throw damaged(file, "its header is no JSON", e);
    }
  }

  /** Reads the header alone, which may be damaged. */
  static JsonNode header(Path file, @Nullable FileCipher cipher) throws IOException {
    try (FileCipher.Source source = FileCipher.open(file, cipher, false)) {
      return new PrefixFile(file, source).header();
    } catch (EOFException | JsonProcessingException e) {
      throw damaged(file, "its header cannot be read", e);
    }
  }

  private Content content(Decoder decoder, Consumer<JsonNode> require, Predicate<JsonNode> wanted)
      throws IOException {
    ObjectNode header = header();
    require.accept(header);
    JsonNode described = header.path(PREFIX);
    if (described.isMissingNode()) {
      requireLeft(0);
      requireDigest();
      return new Content(header, null);
    }
    int[] ids = ids(described, decoder);
    int[] saved = checkpoints(described, ids.length);
    if (!described.path("type").asText().equals(layout(decoder)) || !wanted.test(described)) {
      skip();
      requireDigest();
      return new Content(header, null);
    }
    requireLeft(KeptPrefix.bytes(decoder, ids.length, saved.length));
    KeptPrefix prefix = prefix(decoder, ids, saved, described);
    try {
      requireDigest();
      return new Content(header, prefix);
    } catch (IOException | RuntimeException e) {
      prefix.close();
      throw e;
    }
  }

  private ObjectNode header() throws IOException {
    ByteBuffer start = read(ByteBuffer.allocate(START)).order(ByteOrder.LITTLE_ENDIAN);
    byte[] mark = new byte[MARK.length];
    start.get(mark);
    int version = start.getInt();
    int length = start.getInt();
    if (!Arrays.equals(mark, MARK)) {
      throw new CheckpointException(
          file + ": expected a saved session or prefix, found a file of another kind.");
    }
    if (version != VERSION) {
      throw new CheckpointException(
          "%s: expected version %d of the format, found %d. Save it again with this version of the library."
              .formatted(file, VERSION, version));
    }
    if (length < 2 || length > Math.min(MOST_HEADER, source.left())) {
      throw damaged(file, "its header would have " + length + " bytes", null);
    }
    byte[] json = read(ByteBuffer.allocate(length)).array();
    JsonNode header = Json.parse(new String(json, StandardCharsets.UTF_8));
    if (!(header instanceof ObjectNode object)) {
      throw damaged(file, "its header is no object", null);
    }
    return object;
  }

  private int[] ids(JsonNode described, Decoder decoder) {
    JsonNode list = described.path("ids");
    long vocabulary = decoder.dimensions().vocabularySize();
    int[] ids = new int[list.size()];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = list.get(i).isInt() ? list.get(i).intValue() : -1;
      if (ids[i] < 0 || ids[i] >= vocabulary) {
        throw damaged(file, "ids[" + i + "] is no token of the model", null);
      }
    }
    if (ids.length == 0 || !described.path("read").isInt() || described.path("read").asInt() < 1) {
      throw damaged(file, "its prefix has no tokens", null);
    }
    return ids;
  }

  private int[] checkpoints(JsonNode described, int tokens) {
    JsonNode list = described.path("checkpoints");
    int[] saved = new int[list.size()];
    for (int i = 0; i < saved.length; i++) {
      saved[i] = list.get(i).asInt();
      if (saved[i] <= (i == 0 ? 0 : saved[i - 1]) || saved[i] > tokens) {
        throw damaged(file, "checkpoints[" + i + "] is out of order", null);
      }
    }
    return saved;
  }

  /** Checks the size before memory is taken for the tensors. */
  private void requireLeft(long tensors) throws IOException {
    long left = source.left();
    if (left != tensors + DIGEST) {
      throw damaged(
          file, "expected %,d more bytes, found %,d".formatted(tensors + DIGEST, left), null);
    }
  }

  private void skip() throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
    for (long left = source.left() - DIGEST; left > 0; ) {
      buffer.clear().limit((int) Math.min(buffer.capacity(), left));
      left -= buffer.limit();
      read(buffer);
    }
  }

  private KeptPrefix prefix(Decoder decoder, int[] ids, int[] saved, JsonNode described)
      throws IOException {
    KvCache cache = decoder.newCache(1, ids.length + 1);
    Checkpoints checkpoints = new Checkpoints();
    boolean complete = false;
    try (Scope scope = Scope.open(decoder.engine())) {
      for (int layer = 0; layer < cache.layers(); layer++) {
        fill(KeptKeys.places(cache, layer, ids.length));
      }
      cache.advance(ids.length);
      // The cache holds one checkpoint's states after the other, which are copied from it.
      List<ByteBuffer> last = states(cache);
      for (int tokens : saved) {
        fill(cache);
        checkpoints.add(new Checkpoint(tokens, decoder.statesOf(cache), 0));
      }
      put(cache, last);
      complete = true;
      return new KeptPrefix(
          ids,
          described.path("read").asInt(),
          described.path("by_marks").booleanValue(),
          cache,
          checkpoints);
    } finally {
      if (!complete) {
        cache.close();
        checkpoints.close();
      }
    }
  }

  private static List<Tensor> all(KvCache cache) {
    return IntStream.range(0, cache.layers())
        .mapToObj(cache::states)
        .flatMap(List::stream)
        .toList();
  }

  private List<ByteBuffer> states(KvCache cache) throws IOException {
    List<ByteBuffer> read = new ArrayList<>();
    for (Tensor state : all(cache)) {
      int bytes = Math.toIntExact(state.count() * state.type().bytes());
      read.add(read(ByteBuffer.allocate(bytes)));
    }
    return read;
  }

  private static void put(KvCache cache, List<ByteBuffer> states) {
    List<Tensor> places = all(cache);
    for (int i = 0; i < places.size(); i++) {
      try (Tensor host = Tensor.emptyOnHost(places.get(i).type(), places.get(i).sizes())) {
        host.data().put(states.get(i));
        places.get(i).copyFrom(host);
      }
    }
  }

  private void fill(KvCache cache) throws IOException {
    fill(all(cache));
  }

  private void fill(List<Tensor> places) throws IOException {
    for (Tensor place : places) {
      try (Tensor host = Tensor.emptyOnHost(place.type(), place.sizes())) {
        read(host.data());
        place.copyFrom(host);
      }
    }
  }

  /** Fills a buffer, which is then ready to be read. */
  private ByteBuffer read(ByteBuffer buffer) throws IOException {
    int from = buffer.position();
    while (buffer.hasRemaining()) {
      if (source.read(buffer) < 0) {
        throw new EOFException();
      }
    }
    buffer.position(from);
    digest.update(buffer.duplicate());
    return buffer;
  }

  private void requireDigest() throws IOException {
    byte[] expected = digest.digest();
    if (!MessageDigest.isEqual(expected, read(ByteBuffer.allocate(DIGEST)).array())) {
      throw damaged(file, "its checksum does not fit its contents", null);
    }
  }

  private static CheckpointException damaged(Path file, String how, @Nullable Exception cause) {
    String message = file + ": the file is damaged: " + how + ". Delete it or fetch it again.";
    return cause == null
        ? new CheckpointException(message)
        : new CheckpointException(message, cause);
  }
}
