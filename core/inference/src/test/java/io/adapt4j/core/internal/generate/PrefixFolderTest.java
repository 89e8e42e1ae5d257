package io.adapt4j.core.internal.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.nn.picture.PromptPictures;
import io.adapt4j.core.internal.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Prefixes in a folder: which are stored, found, deleted and refused. */
class PrefixFolderTest {

  private static final long PLENTY = 1L << 30;
  private static final int[] PROMPT = TinyDecoder.ids(81);
  private static final GenerationOptions ONE =
      GenerationOptions.greedy().toBuilder().maxNewTokens(1).ignoreContextLength(true).build();

  @TempDir private Path folder;
  private final ReentrantLock lock = new ReentrantLock();
  private long before;
  private TinyDecoder model;
  private PromptCache empty;
  private Optional<String> identity = Optional.of("a model");
  private @Nullable FileCipher cipher;

  @BeforeEach
  void load() {
    before = Tensor.live();
    model = TinyDecoder.of("granite");
    empty = new PromptCache(model.decoder(), PLENTY);
  }

  @AfterEach
  void nothingStaysInMemory() {
    empty.close();
    model.close();
    assertThat(Tensor.live()).isEqualTo(before);
    assertThat(lock.isLocked()).isFalse();
  }

  private PrefixFolder open(long limit) {
    return new PrefixFolder(folder, limit, model.decoder(), lock, () -> identity, cipher);
  }

  private void put(PrefixFolder stored, int[] ids) {
    put(stored, ids, false);
  }

  private void put(PrefixFolder stored, int[] ids, boolean exact) {
    try (PromptCache prompts = new PromptCache(model.decoder(), PLENTY)) {
      model.generate(ids, prompts, ONE);
      try (KeptPrefix prefix = prompts.find(ids, null).orElseThrow()) {
        stored.put(prefix, exact);
      }
    }
  }

  /** Returns the length of what is found for a prompt of which some tokens are known; 0 if none. */
  private int found(PrefixFolder stored, int[] prompt, int known) {
    Optional<KeptPrefix> found = stored.find(prompt, known, Reading.FREE, empty);
    found.ifPresent(KeptPrefix::close);
    return found.map(prefix -> prefix.ids().length).orElse(0);
  }

  private static int[] first(int count) {
    return Arrays.copyOf(PROMPT, count);
  }

  /** Returns the first tokens with another one at a place. */
  private static int[] other(int count, int at) {
    int[] ids = first(count);
    ids[at] = ids[at] == 5 ? 6 : 5;
    return ids;
  }

  private List<Path> files() {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(".prefix")).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void aPrefixIsReadIfItGains32Tokens() {
    try (PrefixFolder stored = open(PLENTY)) {
      assertThat(found(stored, PROMPT, 0)).isZero();
      put(stored, first(40));
      assertThat(found(stored, PROMPT, 8)).isEqualTo(40);
      assertThat(found(stored, PROMPT, 9)).isZero();
      // The last token of a prompt is always processed.
      assertThat(found(stored, first(33), 0)).isEqualTo(40);
      assertThat(found(stored, first(32), 0)).isZero();
      assertThat(found(stored, other(80, 32), 0)).isEqualTo(40);
      assertThat(found(stored, other(80, 31), 0)).isZero();
    }
    try (PrefixFolder stored = open(PLENTY)) {
      assertThat(found(stored, PROMPT, 8)).isEqualTo(40);
      put(stored, other(70, 60));
      assertThat(found(stored, PROMPT, 0)).as("the one that gains most").isEqualTo(70);
    }
  }

  @Test
  void onlyPrefixesOfTheSameModelReadInTheSameWayAreFound() {
    try (PrefixFolder stored = open(PLENTY)) {
      put(stored, first(40));
      identity = Optional.of("another model");
      assertThat(found(stored, PROMPT, 0)).isZero();
      identity = Optional.empty();
      assertThat(found(stored, PROMPT, 0)).isZero();
      put(stored, first(60));
      assertThat(files()).hasSize(1);
      identity = Optional.of("a model");
      empty.exact(true);
      assertThat(found(stored, PROMPT, 0)).isZero();
      put(stored, first(40), true);
      assertThat(found(stored, PROMPT, 0)).isEqualTo(40);
      Reading marks = new Reading(new int[] {40}, true, false, PromptPictures.NONE);
      assertThat(stored.find(PROMPT, 0, marks, empty)).isEmpty();
      empty.limit(1000);
      assertThat(found(stored, PROMPT, 0)).as("what the cache has no room for").isZero();
    }
  }

  @Test
  void aLongerPrefixReplacesAShorterOne() {
    try (PrefixFolder stored = open(PLENTY)) {
      put(stored, first(40));
      List<Path> shorter = files();
      put(stored, first(36));
      put(stored, first(40));
      assertThat(files()).isEqualTo(shorter);
      put(stored, first(60));
      assertThat(files()).hasSize(1).isNotEqualTo(shorter);
      put(stored, other(60, 50));
      assertThat(files()).hasSize(2);
      assertThat(found(stored, PROMPT, 0)).isEqualTo(60);
    }
  }

  @Test
  void aboveTheLimitTheLeastRecentlyUsedIsDeleted() throws IOException {
    long size;
    try (PrefixFolder stored = open(PLENTY)) {
      put(stored, other(60, 0));
      size = Files.size(files().get(0));
      put(stored, other(60, 1));
    }
    for (Path file : files()) {
      Files.setLastModifiedTime(file, FileTime.from(Instant.EPOCH));
    }
    try (PrefixFolder stored = open(2 * size + 100)) {
      assertThat(files()).hasSize(2);
      assertThat(found(stored, other(80, 0), 0)).isEqualTo(60);
    }
    // The use was noted: now the other one goes.
    try (PrefixFolder stored = open(size + 100)) {
      assertThat(files()).hasSize(1);
      assertThat(found(stored, other(80, 0), 0)).isEqualTo(60);
      put(stored, other(60, 2));
      assertThat(files()).hasSize(1);
      assertThat(found(stored, other(80, 2), 0)).isEqualTo(60);
      put(stored, other(81, 3));
      assertThat(found(stored, other(80, 2), 0))
          .as("kept, as the other fits no more")
          .isEqualTo(60);
    }
    try (PrefixFolder stored = open(3 * size)) {
      put(stored, other(60, 0));
      assertThat(found(stored, other(80, 2), 0)).isEqualTo(60);
      put(stored, other(60, 4));
      assertThat(found(stored, other(80, 0), 0)).isEqualTo(60);
    }
  }

  @Test
  void aFolderBelongsToOneModelAndOtherFilesStay() throws IOException {
    Path notes = Files.writeString(folder.resolve("notes.txt"), "mine");
    Path linked = Files.createSymbolicLink(folder.resolve("link.prefix"), notes);
    Path damaged = Files.writeString(folder.resolve("a.prefix"), "damaged");
    try (PrefixFolder stored = open(PLENTY)) {
      assertThat(damaged).doesNotExist();
      assertThat(notes).hasContent("mine");
      assertThat(linked).exists();
      assertThatThrownBy(() -> open(PLENTY)).hasMessageContaining("another model uses " + folder);
      put(stored, first(40));
    }
    try (PrefixFolder stored = open(PLENTY)) {
      assertThat(found(stored, PROMPT, 0)).isEqualTo(40);
    }
    Path file = Files.writeString(folder.resolve("file"), "");
    Path below = file.resolve("x");
    assertThatThrownBy(
            () ->
                new PrefixFolder(
                    below, 1, model.decoder(), new ReentrantLock(), () -> identity, null))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining(below + ": cannot be used");
  }

  @Test
  void aFileWithAnotherKeyIsDeleted() {
    cipher = new FileCipher(new byte[FileCipher.KEY]);
    try (PrefixFolder stored = open(PLENTY)) {
      put(stored, first(40));
      assertThat(found(stored, PROMPT, 0)).isEqualTo(40);
    }
    byte[] key = new byte[FileCipher.KEY];
    key[0] = 1;
    cipher = new FileCipher(key);
    open(PLENTY).close();
    assertThat(files()).isEmpty();
  }

  @Test
  void aDamagedOrReplacedFileIsDeletedAsItIsRead() throws IOException {
    try (PrefixFolder stored = open(PLENTY)) {
      put(stored, first(40));
      put(stored, other(60, 0));
      for (Path file : files()) {
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length - 40] ^= 1;
        Files.write(file, bytes);
      }
      assertThat(found(stored, PROMPT, 0)).isZero();
      assertThat(files()).hasSize(1);
      assertThat(found(stored, PROMPT, 0)).isZero();
      assertThat(found(stored, other(80, 0), 0)).isZero();
      assertThat(files()).isEmpty();

      put(stored, first(40));
      Path one = files().get(0);
      put(stored, other(40, 0));
      Path two = files().stream().filter(file -> !file.equals(one)).findAny().orElseThrow();
      Files.copy(two, one, StandardCopyOption.REPLACE_EXISTING);
      assertThat(found(stored, PROMPT, 0)).isZero();
      assertThat(files()).containsExactly(two);
    }
  }

  @Test
  void savedStatesComeBackToo() {
    int[] prompt = first(60);
    try (TinyDecoder other = TinyDecoder.of("lfm2")) {
      try (PromptCache prompts = new PromptCache(other.decoder(), PLENTY)) {
        prompts.evictTo(of(other));
        other.generate(prompt, prompts, ONE.toBuilder().maxNewTokens(6).build());
      }
      try (PromptCache prompts = new PromptCache(other.decoder(), PLENTY)) {
        prompts.evictTo(of(other));
        // Ends before the answer that is stored: the states are those saved after the prompt.
        int[] next = Arrays.copyOf(prompt, 80);
        Arrays.fill(next, 60, 80, 7);
        GenerationOptions twenty = ONE.toBuilder().maxNewTokens(20).build();
        Generation warm = other.generate(next, prompts, twenty);
        assertThat(warm.cachedTokens()).isEqualTo(60);
        assertThat(warm.tokenIds()).isEqualTo(other.generate(next, twenty).tokenIds());
      }
    }
  }

  private PrefixFolder of(TinyDecoder other) {
    return new PrefixFolder(
        folder, PLENTY, other.decoder(), new ReentrantLock(), () -> identity, cipher);
  }

  private static byte[] changed(byte[] file, UnaryOperator<ObjectNode> change) throws IOException {
    ByteBuffer in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    int length = in.getInt(12);
    String json = new String(file, 16, length, StandardCharsets.UTF_8);
    byte[] header =
        Json.compact(change.apply((ObjectNode) Json.parse(json))).getBytes(StandardCharsets.UTF_8);
    int rest = file.length - 16 - length - 32;
    ByteBuffer out =
        ByteBuffer.allocate(16 + header.length + rest + 32).order(ByteOrder.LITTLE_ENDIAN);
    out.put(file, 0, 12).putInt(header.length).put(header).put(file, 16 + length, rest);
    MessageDigest digest = FileDigest.sha256();
    digest.update(out.array(), 0, out.position());
    return out.put(digest.digest()).array();
  }

  private void refused(Path file, byte[] content, String how) throws IOException {
    Files.write(file, content);
    assertThatThrownBy(
            () -> PrefixFile.read(file, model.decoder(), header -> {}, wanted -> true, null))
        .as(how)
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining(how);
  }

  private static UnaryOperator<ObjectNode> prefix(Consumer<ObjectNode> change) {
    return header -> {
      change.accept((ObjectNode) header.path("prefix"));
      return header;
    };
  }

  @Test
  void everyFieldOfAFileIsChecked() throws IOException {
    try (PrefixFolder stored = open(PLENTY)) {
      put(stored, first(40));
    }
    Path file = files().get(0);
    byte[] whole = Files.readAllBytes(file);
    assertThat(changed(whole, header -> header)).isEqualTo(whole);
    ByteBuffer bytes = ByteBuffer.wrap(whole.clone()).order(ByteOrder.LITTLE_ENDIAN);
    refused(file, bytes.put(0, (byte) 'B').array().clone(), "a file of another kind");
    bytes.put(0, (byte) 'A');
    refused(file, bytes.putInt(8, 2).array().clone(), "expected version 1 of the format, found 2");
    bytes.putInt(8, 1);
    for (int length : new int[] {-1, 1, whole.length}) {
      refused(file, bytes.putInt(12, length).array(), "its header would have " + length);
    }
    refused(file, bytes.putInt(12, 2).array(), "its header is no JSON");
    refused(file, Arrays.copyOf(whole, 15), "it ends early");
    refused(file, Arrays.copyOf(whole, whole.length - 1), "more bytes");
    refused(file, Arrays.copyOf(whole, whole.length + 1), "more bytes");
    int last = model.decoder().dimensions().vocabularySize();
    for (String ids : List.of("[-1]", "[" + last + "]", "[1.5]", "[\"1\"]")) {
      JsonArray list = new JsonArray(ids);
      refused(file, changed(whole, prefix(list::asIds)), "ids[0] is no token");
    }
    refused(file, changed(whole, prefix(new JsonArray("[]")::asIds)), "its prefix has no tokens");
    refused(file, changed(whole, prefix(json -> json.put("read", 0))), "its prefix has no tokens");
    refused(
        file, changed(whole, prefix(json -> json.put("read", "9"))), "its prefix has no tokens");
    for (String saved : List.of("[0]", "[41]", "[5,5]", "[6,5]")) {
      JsonArray list = new JsonArray(saved);
      refused(file, changed(whole, prefix(list::asCheckpoints)), "is out of order");
    }
    byte[] digest = whole.clone();
    digest[whole.length - 1] ^= 1;
    refused(file, digest, "its checksum does not fit");
  }

  /** A list as JSON. */
  private record JsonArray(String json) {

    private ObjectNode with(ObjectNode object, String name) {
      try {
        object.set(name, Json.parse(json));
        return object;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    ObjectNode asIds(ObjectNode object) {
      return with(object, "ids");
    }

    ObjectNode asCheckpoints(ObjectNode object) {
      return with(object, "checkpoints");
    }
  }

  @Test
  void aPrefixThatIsNotWantedOrOfAnotherTypeIsCheckedAndNotRead() throws IOException {
    try (PrefixFolder stored = open(PLENTY)) {
      put(stored, first(40));
    }
    Path file = files().get(0);
    byte[] whole = Files.readAllBytes(file);
    PrefixFile.Content unwanted =
        PrefixFile.read(file, model.decoder(), header -> {}, any -> false, null);
    assertThat(unwanted.prefix()).isNull();
    assertThat(unwanted.header().path("model").asText()).isEqualTo("a model");
    assertThat(unwanted.header().at("/prefix/type").asText()).isEqualTo("F32");
    byte[] other = changed(whole, prefix(json -> json.put("type", "BF16")));
    Files.write(file, other);
    assertThat(PrefixFile.read(file, model.decoder(), header -> {}, any -> true, null).prefix())
        .isNull();
    other[other.length - 40] ^= 1;
    refused(file, other, "its checksum does not fit");
    assertThatThrownBy(
            () ->
                PrefixFile.read(
                    file,
                    model.decoder(),
                    header -> {
                      throw new CheckpointException("of another session");
                    },
                    any -> true,
                    null))
        .hasMessage("of another session");

    ObjectNode header = JsonNodeFactory.instance.objectNode().put("kind", "test");
    PrefixFile.write(file, header, null, model.decoder(), lock, null);
    PrefixFile.Content alone = PrefixFile.read(file, model.decoder(), any -> {}, any -> true, null);
    assertThat(alone.header()).isEqualTo(header);
    assertThat(alone.prefix()).isNull();
    byte[] longer = Files.readAllBytes(file);
    longer[longer.length - 1] ^= 1;
    refused(file, longer, "its checksum does not fit");
    refused(file, Arrays.copyOf(longer, longer.length + 1), "expected 32 more bytes, found 33");
  }
}
