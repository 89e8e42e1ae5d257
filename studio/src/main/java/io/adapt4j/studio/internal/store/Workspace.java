package io.adapt4j.studio.internal.store;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.AtomicFolders;
import io.adapt4j.core.internal.BoundedFiles;
import io.adapt4j.core.internal.Disk;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.ProcessLock;
import io.adapt4j.core.internal.Temporaries;
import io.adapt4j.studio.internal.Refusal;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.text.Normalizer;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folder with everything that the studio keeps. Files are replaced atomically and forced onto
 * the device: a killed process leaves the old state or the new one.
 */
public final class Workspace implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Workspace.class);

  private static final Pattern ID = Pattern.compile("[a-z0-9]{1,40}(-[a-z0-9]{1,40}){0,8}");
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final long FILE_BYTES = 256L << 20;
  private static final int MOST_WARNINGS = 1000;

  /** Warnings so far: the queue looks at all runs twice a second. */
  private static final Set<String> WARNINGS = ConcurrentHashMap.newKeySet();

  private static final int MOST_WORDS = 5;
  private static final int MOST_LETTERS = 20;

  private final Path root;
  private final ProcessLock lock;

  /** Opens a folder, which is created if missing, for this process alone. */
  public Workspace(Path folder) throws IOException {
    Disk.createFolders(folder);
    this.root = folder.toRealPath();
    this.lock =
        ProcessLock.tryTake(root.resolve("studio.lock"))
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "workspace: another studio runs in "
                            + root
                            + "; end it, or choose another folder"));
    // What a deletion that was killed has left; other processes write here too.
    try (Stream<Path> kinds = Files.list(root)) {
      kinds
          .filter(kind -> Files.isDirectory(kind, LinkOption.NOFOLLOW_LINKS))
          .forEach(kind -> Temporaries.sweepOlderThan(kind, Duration.ofDays(1)));
    } catch (IOException | UncheckedIOException e) {
      lock.close();
      throw e;
    }
  }

  public Path root() {
    return root;
  }

  /** Makes an id of a name that is unique and can be a file's name on every system. */
  public static String newId(String name) {
    String words =
        Arrays.stream(
                Normalizer.normalize(name, Normalizer.Form.NFD)
                    .toLowerCase(Locale.ROOT)
                    .replaceAll("\\p{M}", "")
                    .split("[^a-z0-9]+", -1))
            .filter(word -> !word.isEmpty())
            .limit(MOST_WORDS)
            .map(word -> word.substring(0, Math.min(word.length(), MOST_LETTERS)))
            .collect(Collectors.joining("-"));
    byte[] random = new byte[4];
    RANDOM.nextBytes(random);
    return (words.isEmpty() ? "item" : words) + "-" + HexFormat.of().formatHex(random);
  }

  /** Returns the folder of an item; refuses what is no id, so that no path leads elsewhere. */
  public Path folder(String kind, String id) {
    if (!ID.matcher(id).matches()) {
      throw Refusal.notFound();
    }
    return root.resolve(kind).resolve(id);
  }

  public List<String> ids(String kind, String file) throws IOException {
    List<String> ids = new ArrayList<>();
    try (Stream<Path> listed = Files.list(root.resolve(kind))) {
      for (Path path : listed.sorted().toList()) {
        String id = path.getFileName().toString();
        if (ID.matcher(id).matches() && Disk.exists(path.resolve(file))) {
          ids.add(id);
        }
      }
    } catch (NoSuchFileException e) {
      // Nothing of this kind was added yet.
    }
    return ids;
  }

  /** Reads a JSON file of the root. */
  JsonNode json(String name) throws IOException {
    return json(root.resolve(name));
  }

  /** Reads a JSON file; a missing node if there is none. Refuses one that is damaged. */
  public JsonNode json(Path file) throws IOException {
    try {
      return Json.parse(text(file, FILE_BYTES));
    } catch (NoSuchFileException e) {
      return MissingNode.getInstance();
    } catch (JsonProcessingException e) {
      throw damaged(file, e.getOriginalMessage());
    }
  }

  /** Reads a text of at most some bytes; refuses one that is damaged. */
  public static String text(Path file, long most) throws IOException {
    try {
      return BoundedFiles.readText(file, most);
    } catch (CharacterCodingException e) {
      throw damaged(file, "it is not UTF-8");
    }
  }

  /** Refuses a request that needs a damaged file, which the log names. */
  public static Refusal damaged(Path file, @Nullable String reason) {
    String warning = file + " is damaged: " + reason + ". Delete or repair it.";
    if (WARNINGS.size() < MOST_WARNINGS && WARNINGS.add(warning)) {
      LOG.warn(warning);
    }
    return new Refusal(422, "refused_damaged");
  }

  /** Contents of an item. */
  @FunctionalInterface
  public interface Contents<T> {
    T of(JsonNode json) throws IOException;
  }

  /** Reads the file of an item; refuses one that there is not, or that is damaged. */
  public <T> T item(Path file, Contents<T> contents) throws IOException {
    JsonNode json = json(file);
    if (json.isMissingNode()) {
      throw Refusal.notFound();
    }
    try {
      return contents.of(json);
    } catch (IOException | DateTimeException | IllegalArgumentException e) {
      throw damaged(file, e.toString());
    }
  }

  /** An item by its id. */
  @FunctionalInterface
  public interface Item<T> {
    T get(String id) throws IOException;
  }

  /** Returns all items of a kind that can be read, the newest first. */
  public <T> List<T> all(String kind, String file, Item<T> item, Function<T, Instant> added)
      throws IOException {
    List<T> all = new ArrayList<>();
    for (String id : ids(kind, file)) {
      try {
        all.add(item.get(id));
      } catch (Refusal refusal) {
        // It is damaged, as the log says, or was deleted meanwhile.
      }
    }
    all.sort(Comparator.comparing(added).reversed());
    return all;
  }

  void save(String name, JsonNode value) throws IOException {
    AtomicFiles.writeJson(root.resolve(name), value);
  }

  /**
   * Deletes a folder of the workspace: durably, and at once for those who read. Links in it are
   * deleted, not followed.
   */
  public static void delete(Path folder) throws IOException {
    AtomicFolders.delete(folder);
  }

  @Override
  public void close() {
    lock.close();
  }
}
