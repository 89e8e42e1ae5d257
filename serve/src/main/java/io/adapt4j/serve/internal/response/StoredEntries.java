package io.adapt4j.serve.internal.response;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.CheckedJson;
import io.adapt4j.core.internal.Disk;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.ProcessLock;
import io.adapt4j.core.internal.Temporaries;
import io.adapt4j.core.internal.generate.FileCipher;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Instant;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * JSON objects by id, within limits: the least recently used ones are dropped. With a folder each
 * is a file too, encrypted if there is a key. A file that is damaged or of another key is skipped
 * with a warning. Thread-safe.
 */
final class StoredEntries implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(StoredEntries.class);

  private static final Pattern NAME = Pattern.compile("((?:resp|conv)_[0-9a-f]{32})\\.json");
  private static final String LOCK = ".lock";

  /** Memory of an entry besides its text. */
  private static final int OVERHEAD = 256;

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Entry(byte[] text, Instant used) {
    private long bytes() {
      return text.length + (long) OVERHEAD;
    }
  }

  private final StorageLimits limits;
  private final Clock clock;
  private final Predicate<ObjectNode> isWhole;
  private final @Nullable ProcessLock lock;

  /** Least recently used first. */
  private final Map<String, Entry> entries = new LinkedHashMap<>();

  private long bytes;

  /** Creates a store; files with objects that the test refuses are skipped as damaged ones are. */
  StoredEntries(StorageLimits limits, Clock clock, Predicate<ObjectNode> isWhole) {
    this.isWhole = isWhole;
    this.limits = limits;
    this.clock = clock;
    this.lock = limits.folder().map(StoredEntries::lock).orElse(null);
    try {
      limits.folder().ifPresent(this::readAll);
      dropExcess();
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  boolean isOn() {
    return limits.entries() > 0;
  }

  private static ProcessLock lock(Path folder) {
    try {
      return ProcessLock.tryTake(folder.resolve(LOCK))
          .orElseThrow(
              () ->
                  new IllegalArgumentException(
                      "conversations: another server uses the folder "
                          + folder
                          + ". Give each its own."));
    } catch (IOException e) {
      throw new UncheckedIOException(
          "conversations: the folder " + folder + " cannot be used: " + e.getMessage(), e);
    }
  }

  private void readAll(Path folder) {
    Temporaries.sweep(folder);
    try (Stream<Path> files = Files.list(folder)) {
      List<Path> all =
          files
              .filter(file -> NAME.matcher(file.getFileName().toString()).matches())
              .filter(file -> Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS))
              .sorted(Comparator.comparing(StoredEntries::modified))
              .toList();
      for (Path file : all) {
        read(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(folder + ": cannot be read", e);
    }
  }

  private static Instant modified(Path file) {
    try {
      return Files.getLastModifiedTime(file).toInstant();
    } catch (IOException e) {
      return Instant.EPOCH;
    }
  }

  private void read(Path file) {
    try {
      if (Files.size(file) > limits.bytes()) {
        throw new IOException("it is larger than all may be");
      }
      ObjectNode object = contents(file);
      if (!isWhole.test(object)) {
        throw new IOException("it is neither a response nor a conversation");
      }
      String name = file.getFileName().toString();
      hold(name.substring(0, name.length() - ".json".length()), object, modified(file));
      dropExcess();
    } catch (IOException e) {
      LOG.warn("{} cannot be read and is not used: {}", file, e.toString());
    } catch (CheckpointException e) {
      LOG.warn("{} It is not used.", e.getMessage());
    }
  }

  private ObjectNode contents(Path file) throws IOException {
    if (limits.cipher().isPresent()) {
      String text = new String(limits.cipher().get().read(file), StandardCharsets.UTF_8);
      if (Json.parse(text) instanceof ObjectNode object) {
        return object;
      }
      throw new IOException("it is no object");
    }
    FileCipher.requirePlain(file);
    CheckedJson.Content content = CheckedJson.read(file);
    if (!content.checked() || !(content.json() instanceof ObjectNode object)) {
      throw new IOException("it has no checksum");
    }
    object.remove("checksum");
    return object;
  }

  private void write(Path file, ObjectNode object) throws IOException {
    if (limits.cipher().isPresent()) {
      byte[] contents = Json.compact(object).getBytes(StandardCharsets.UTF_8);
      limits.cipher().get().write(file, contents);
    } else {
      CheckedJson.write(file, object);
    }
  }

  private void hold(String id, ObjectNode object, Instant used) {
    Entry entry = new Entry(Json.compact(object).getBytes(StandardCharsets.UTF_8), used);
    Entry former = entries.remove(id);
    bytes += entry.bytes() - (former == null ? 0 : former.bytes());
    entries.put(id, entry);
  }

  /** Stores an object, replacing a former one. Throws if its file cannot be written. */
  synchronized void put(String id, ObjectNode object) {
    limits
        .folder()
        .ifPresent(
            folder -> {
              try {
                write(file(folder, id), object);
              } catch (IOException e) {
                throw new UncheckedIOException(file(folder, id) + ": cannot be written", e);
              }
            });
    hold(id, object, clock.instant());
    dropExcess();
  }

  private static Path file(Path folder, String id) {
    return folder.resolve(id + ".json");
  }

  /** Returns an object that the caller may change. */
  synchronized Optional<ObjectNode> get(String id) {
    dropExcess();
    Entry entry = entries.remove(id);
    if (entry == null) {
      return Optional.empty();
    }
    Instant now = clock.instant();
    entries.put(id, new Entry(entry.text(), now));
    limits.folder().ifPresent(folder -> touch(file(folder, id), now));
    return Optional.of((ObjectNode) Json.written(new String(entry.text(), StandardCharsets.UTF_8)));
  }

  private static void touch(Path file, Instant now) {
    try {
      Files.setLastModifiedTime(file, FileTime.from(now));
    } catch (IOException e) {
      LOG.warn("{}: the time of its use cannot be noted: {}", file, e.toString());
    }
  }

  synchronized void remove(String id) {
    Entry entry = entries.remove(id);
    if (entry == null) {
      return;
    }
    bytes -= entry.bytes();
    limits
        .folder()
        .ifPresent(
            folder -> {
              try {
                Files.deleteIfExists(file(folder, id));
                Disk.forceFolder(folder);
              } catch (IOException e) {
                throw new UncheckedIOException(file(folder, id) + ": cannot be deleted", e);
              }
            });
  }

  private void dropExcess() {
    Instant oldest = clock.instant().minus(limits.age());
    while (!entries.isEmpty()) {
      Map.Entry<String, Entry> first = entries.entrySet().iterator().next();
      if (entries.size() <= limits.entries()
          && bytes <= limits.bytes()
          && !first.getValue().used().isBefore(oldest)) {
        return;
      }
      remove(first.getKey());
    }
  }

  @Override
  public synchronized void close() {
    if (lock != null) {
      lock.close();
    }
  }
}
