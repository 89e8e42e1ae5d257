package io.adapt4j.core.internal.generate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.ProcessLock;
import io.adapt4j.core.internal.Temporaries;
import io.adapt4j.core.internal.generate.Checkpoints.Checkpoint;
import io.adapt4j.core.internal.nn.Decoder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Folder of prefixes that a prompt cache evicted, up to a number of bytes: the least recently used
 * ones are deleted. A file that is damaged or not encrypted with the key is deleted with a warning.
 * Prefixes of other models may be in it too. Guarded by the model's lock.
 */
public final class PrefixFolder implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(PrefixFolder.class);

  private static final String KIND = "adapt4j prompt prefix";
  private static final String END = ".prefix";
  private static final String MODEL = "model";
  private static final String EXACT = "exact";
  private static final String LOCK = ".lock";

  /** Minimum number of tokens to gain: reading a file takes as long as processing a few. */
  private static final int LEAST_GAIN = 32;

  private final Path folder;
  private final long limit;
  private final Decoder decoder;
  private final ReentrantLock lock;
  private final Supplier<Optional<String>> identity;
  private final @Nullable FileCipher cipher;
  private final ProcessLock folderLock;

  /** Least recently used first. */
  private final List<Stored> all = new ArrayList<>();

  /** A file, and what its header says. */
  @SuppressWarnings("ArrayRecordComponent") // compared by identity
  private record Stored(
      Path file,
      long bytes,
      String model,
      boolean exact,
      boolean byMarks,
      int[] ids,
      int[] checkpoints) {

    private int common(int[] other) {
      int mismatch = Arrays.mismatch(ids, other);
      return mismatch < 0 ? ids.length : mismatch;
    }
  }

  /**
   * Opens a folder.
   *
   * @param limit maximum number of bytes of all files
   * @param identity the model's identity with its active adapters; empty if it has none
   * @param cipher null for plain files
   */
  public PrefixFolder(
      Path folder,
      long limit,
      Decoder decoder,
      ReentrantLock lock,
      Supplier<Optional<String>> identity,
      @Nullable FileCipher cipher) {
    this.folder = folder;
    this.limit = limit;
    this.decoder = decoder;
    this.lock = lock;
    this.identity = identity;
    this.cipher = cipher;
    try {
      this.folderLock =
          ProcessLock.tryTake(folder.resolve(LOCK))
              .orElseThrow(
                  () ->
                      new IllegalArgumentException(
                          "folder: another model uses " + folder + ". Give each its own."));
    } catch (IOException e) {
      throw unusable(e);
    }
    try {
      readAll();
      shrink();
    } catch (IOException | UncheckedIOException e) {
      folderLock.close();
      throw unusable(e);
    }
  }

  private UncheckedIOException unusable(Exception e) {
    IOException cause = e instanceof IOException failure ? failure : new IOException(e);
    return new UncheckedIOException(folder + ": cannot be used: " + e.getMessage(), cause);
  }

  private void readAll() throws IOException {
    Temporaries.sweep(folder);
    try (Stream<Path> files = Files.list(folder)) {
      files
          .filter(file -> file.getFileName().toString().endsWith(END))
          .filter(file -> Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS))
          .sorted(Comparator.comparing(PrefixFolder::modified))
          .forEach(this::know);
    }
  }

  private static Instant modified(Path file) {
    try {
      return Files.getLastModifiedTime(file).toInstant();
    } catch (IOException e) {
      return Instant.EPOCH;
    }
  }

  private void know(Path file) {
    try {
      JsonNode header = PrefixFile.header(file, cipher);
      JsonNode prefix = header.path("prefix");
      all.add(
          new Stored(
              file,
              Files.size(file),
              header.path(MODEL).asText(),
              header.path(EXACT).asBoolean(),
              prefix.path("by_marks").asBoolean(),
              ints(prefix.path("ids")),
              ints(prefix.path("checkpoints"))));
    } catch (IOException | CheckpointException e) {
      discard(file, e);
    }
  }

  private static int[] ints(JsonNode list) {
    return IntStream.range(0, list.size()).map(i -> list.get(i).asInt()).toArray();
  }

  private static void discard(Path file, Exception reason) {
    LOG.warn("A stored prefix is deleted, not used: {}", reason.getMessage());
    delete(file);
  }

  private static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      LOG.warn("{} cannot be deleted: {}", file, e.toString());
    }
  }

  /** Stores a prefix unless it, or a longer one, is here. */
  void put(KeptPrefix prefix, boolean exact) {
    String model = identity.get().orElse(null);
    long bytes = KeptPrefix.bytes(decoder, prefix.ids().length, prefix.checkpoints().all().size());
    if (model == null || bytes > limit || prefix.cache().frees()) {
      return;
    }
    for (Stored known : List.copyOf(all)) {
      if (fits(known, model, exact) && known.byMarks == prefix.isByMarks()) {
        int common = known.common(prefix.ids());
        if (common == prefix.ids().length) {
          return;
        }
        if (common == known.ids.length) {
          forget(known);
        }
      }
    }
    Path file = folder.resolve(UUID.randomUUID() + END);
    ObjectNode header = JsonNodeFactory.instance.objectNode().put("kind", KIND);
    header.put(MODEL, model).put(EXACT, exact);
    try {
      PrefixFile.write(file, header, prefix, decoder, lock, cipher);
      all.add(
          new Stored(
              file,
              Files.size(file),
              model,
              exact,
              prefix.isByMarks(),
              prefix.ids(),
              prefix.checkpoints().all().stream().mapToInt(Checkpoint::tokens).toArray()));
    } catch (IOException e) {
      LOG.warn("{}: a prefix cannot be stored: {}", folder, e.toString());
    }
    shrink();
  }

  private static boolean fits(Stored known, String model, boolean exact) {
    return known.exact == exact && known.model.equals(model);
  }

  private void shrink() {
    while (all.stream().mapToLong(Stored::bytes).sum() > limit) {
      forget(all.get(0));
    }
  }

  private void forget(Stored gone) {
    all.remove(gone);
    delete(gone.file);
  }

  /**
   * Reads the prefix of a prompt that gains most, if any does.
   *
   * @return the prefix, closed by the caller; its file stays
   */
  Optional<KeptPrefix> find(int[] prompt, int tokens, Reading reading, PromptCache prompts) {
    String model = all.isEmpty() ? null : identity.get().orElse(null);
    Stored best = model == null ? null : best(prompt, tokens, reading, model, prompts);
    if (best == null) {
      return Optional.empty();
    }
    try {
      PrefixFile.Content content =
          PrefixFile.read(best.file, decoder, header -> {}, any -> true, cipher);
      KeptPrefix prefix = content.prefix();
      if (prefix != null && !Arrays.equals(prefix.ids(), best.ids)) {
        prefix.close();
        throw new CheckpointException(best.file + ": the file has been replaced.");
      }
      all.remove(best);
      all.add(best);
      touch(best.file);
      return Optional.ofNullable(prefix);
    } catch (IOException | CheckpointException e) {
      all.remove(best);
      discard(best.file, e);
      return Optional.empty();
    }
  }

  private static void touch(Path file) {
    try {
      Files.setLastModifiedTime(file, FileTime.from(Instant.now()));
    } catch (IOException e) {
      LOG.warn("{}: the time of its use cannot be noted: {}", file, e.toString());
    }
  }

  private @Nullable Stored best(
      int[] prompt, int tokens, Reading reading, String model, PromptCache prompts) {
    return all.stream()
        .filter(known -> fits(known, model, prompts.isExact()))
        .filter(known -> known.byMarks == reading.isByMarks())
        .filter(known -> usable(known, prompt, reading) >= tokens + LEAST_GAIN)
        .filter(known -> prompts.hasRoomFor(known.ids.length, known.checkpoints.length))
        .max(Comparator.comparingInt(known -> usable(known, prompt, reading)))
        .orElse(null);
  }

  private int usable(Stored known, int[] prompt, Reading reading) {
    int common = reading.reusable(Math.min(known.common(prompt), prompt.length - 1));
    if (!decoder.keepsStates() || common == known.ids.length) {
      return common;
    }
    return IntStream.of(known.checkpoints).filter(saved -> saved <= common).max().orElse(0);
  }

  @Override
  public void close() {
    folderLock.close();
  }
}
