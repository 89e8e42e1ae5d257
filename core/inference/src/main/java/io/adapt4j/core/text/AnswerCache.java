package io.adapt4j.core.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.CheckedJson;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.PlainJson;
import io.adapt4j.core.internal.Temporaries;
import io.adapt4j.core.internal.TextTrace;
import io.adapt4j.core.internal.Texts;
import io.adapt4j.core.internal.WriteFailure;
import io.adapt4j.core.internal.generate.StoredFinishReason;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.charset.MalformedInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A cache of generators' answers in a folder, one file per answer, named by the SHA-256 of the
 * generator's identity, the options and the conversation. Neither the request nor any key is
 * stored, only hashes of the request's word sequences, for {@link #forget}.
 *
 * <p>A file appears atomically and is synced to the device before an answer is returned, so a
 * killed process or a power cut leaves only complete answers. Each has a checksum; a damaged file
 * counts as missing, with a warning, and is replaced. Several threads and processes may use one
 * folder. If the folder grows beyond its limit, the least recently used answers are deleted.
 */
public final class AnswerCache {

  private static final Logger LOG = LoggerFactory.getLogger(AnswerCache.class);

  /** Default size limit: 1 GiB. */
  public static final long DEFAULT_MAX_BYTES = 1L << 30;

  private static final String SUFFIX = ".json";
  private static final int VERSION = 1;

  /** Trace of the request. */
  private static final String GIVEN = "given";

  private static final String RETRIEVES = "retrieves";

  /** Share of the limit in use after pruning, which reads the whole folder. */
  private static final double FILL = 0.9;

  /** Age at which a temporary file belongs to a process that died. */
  private static final Duration ABANDONED = Duration.ofHours(1);

  private final Path folder;
  private final long maxBytes;

  /** Size of the folder in bytes; unknown (-1) until the first answer is stored. */
  private long bytes = -1;

  private AnswerCache(Path folder, long maxBytes) {
    this.folder = folder;
    this.maxBytes = maxBytes;
  }

  private record Entry(Path file, long size, FileTime used) {}

  /**
   * Opens a cache of at most {@link #DEFAULT_MAX_BYTES} in a folder.
   *
   * @param folder the folder, created when the first answer is stored
   * @return the cache
   */
  public static AnswerCache at(Path folder) {
    return at(folder, DEFAULT_MAX_BYTES);
  }

  /**
   * Opens a cache in a folder.
   *
   * @param folder the folder, created when the first answer is stored; for answers only
   * @param maxBytes maximum size of its files in bytes, at least 1
   * @return the cache
   * @throws IllegalArgumentException if the limit is below 1
   */
  public static AnswerCache at(Path folder, long maxBytes) {
    Texts.require("folder", folder);
    if (maxBytes < 1) {
      throw new IllegalArgumentException("maxBytes must be at least 1, found " + maxBytes);
    }
    return new AnswerCache(folder, maxBytes);
  }

  /** {@return the folder} */
  public Path folder() {
    return folder;
  }

  /**
   * Counts the cached answers.
   *
   * @return the number of files
   * @throws GeneratorException if the folder cannot be read
   */
  public int size() {
    return (int) entries().stream().filter(entry -> isAnswer(entry.file())).count();
  }

  /**
   * Deletes the least recently used answers until the rest fits.
   *
   * @param most maximum number of bytes to keep; 0 deletes all
   * @return the number of deleted answers
   * @throws GeneratorException if the folder cannot be read
   */
  public synchronized int prune(long most) {
    List<Entry> entries = new ArrayList<>(entries());
    Instant abandoned = Instant.now().minus(ABANDONED);
    entries.removeIf(
        entry ->
            !isAnswer(entry.file())
                && entry.used().toInstant().isBefore(abandoned)
                && delete(entry.file()));
    entries.sort(Comparator.comparing(Entry::used));
    bytes = entries.stream().mapToLong(Entry::size).sum();
    int deleted = 0;
    for (Entry entry : entries) {
      if (bytes <= most) {
        break;
      }
      if (isAnswer(entry.file()) && delete(entry.file())) {
        bytes -= entry.size();
        deleted++;
      }
    }
    return deleted;
  }

  /**
   * Returns whether answers can be cached: a constraint, if there is one, must have an identity.
   */
  static boolean canKeep(GenerationOptions options) {
    return options.constraint().map(constraint -> constraint.identity().isPresent()).orElse(true);
  }

  /** Computes the key of a request. */
  static String key(String identity, List<ChatMessage> messages, GenerationOptions options) {
    ObjectNode request = JsonNodeFactory.instance.objectNode();
    request.put("version", VERSION).put("generator", identity);
    request.set("messages", PlainJson.tree(messages.stream().map(ChatMessage::fields).toList()));
    request.put("maxNewTokens", options.maxNewTokens());
    request.put("temperature", options.temperature());
    request.put("topK", options.topK()).put("topP", options.topP()).put("minP", options.minP());
    request.put("repetitionPenalty", options.repetitionPenalty()).put("seed", options.seed());
    request.set("stopStrings", PlainJson.tree(options.stopStrings()));
    request.set("stopIds", PlainJson.tree(options.stopIds().stream().sorted().toList()));
    request.put("ignoreEos", options.ignoreEos());
    if (options.ignoreContextLength()) {
      request.put("ignoreContextLength", true);
    }
    if (!options.skipSpecialTokens()) {
      request.put("skipSpecialTokens", false);
    }
    addPenalties(request, options);
    options
        .constraint()
        .ifPresent(constraint -> request.put("constraint", constraint.identity().orElseThrow()));
    return FileDigest.sha256(Json.compact(request));
  }

  /** Adds only penalties that are set, so that requests without them keep their keys. */
  private static void addPenalties(ObjectNode request, GenerationOptions options) {
    if (options.frequencyPenalty() != 0 || options.presencePenalty() != 0) {
      request.put("frequencyPenalty", options.frequencyPenalty());
      request.put("presencePenalty", options.presencePenalty());
    }
    if (!options.logitBias().isEmpty()) {
      request.put("logitBias", new TreeMap<>(options.logitBias()).toString());
    }
  }

  /** Finds the answer of a key. */
  Optional<GeneratedText> find(String key) {
    Path file = file(key);
    String text;
    try {
      text = Files.readString(file);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (FileSystemException e) {
      throw unusable(e);
    } catch (ClosedByInterruptException e) {
      throw unusable(e);
    } catch (IOException e) {
      LOG.warn("{} is damaged and is asked for again: it is not UTF-8", file);
      return Optional.empty();
    }
    Optional<GeneratedText> answer = parse(file, text);
    if (answer.isPresent()) {
      touch(file);
    }
    return answer;
  }

  /**
   * Deletes the answers to requests that held one of some texts or eight words in a row of one,
   * those that quote one, and those whose requests are unknown: of generators that retrieve, and
   * stored by earlier versions. Stop what uses the folder before.
   *
   * @param texts the texts, such as the passages of a deleted document
   * @return the names of the deleted answers, which are SHA-256 hashes of their requests
   * @throws GeneratorException if the folder cannot be read, or an answer cannot be deleted
   */
  public synchronized List<String> forget(List<String> texts) {
    SortedMap<String, Path> found = holding(texts);
    for (Path file : found.values()) {
      try {
        Files.deleteIfExists(file);
      } catch (IOException e) {
        throw unusable(e);
      }
    }
    bytes = -1;
    return List.copyOf(found.keySet());
  }

  /**
   * Returns what {@link #forget} would delete.
   *
   * @param texts the texts
   * @return the names of the answers
   * @throws GeneratorException if the folder cannot be read
   */
  public synchronized List<String> find(List<String> texts) {
    return List.copyOf(holding(texts).keySet());
  }

  private SortedMap<String, Path> holding(List<String> texts) {
    TextTrace.Sought sought = TextTrace.sought(texts);
    SortedMap<String, Path> found = new TreeMap<>();
    if (!Files.exists(folder)) {
      return found;
    }
    for (Path group : groups()) {
      Temporaries.sweep(group);
      for (Path file : list(group)) {
        if (isAnswer(file) && mayHold(file, sought)) {
          String name = file.getFileName().toString();
          found.put(group.getFileName() + name.substring(0, name.length() - SUFFIX.length()), file);
        }
      }
    }
    return found;
  }

  private boolean mayHold(Path file, TextTrace.Sought sought) {
    try {
      JsonNode json = CheckedJson.ofLine(Files.readString(file).stripTrailing());
      if (!json.path(GIVEN).isTextual() || json.path(RETRIEVES).asBoolean()) {
        return true;
      }
      TextTrace given = TextTrace.decode(json.path(GIVEN).textValue());
      String text = json.path("text").asText();
      return sought.isIn(given) || sought.isIn(text);
    } catch (CheckedJson.DamagedException | MalformedInputException | IllegalArgumentException e) {
      return true;
    } catch (NoSuchFileException e) {
      return false;
    } catch (IOException e) {
      throw unusable(e);
    }
  }

  /**
   * Stores an answer under a key.
   *
   * @param retrieves whether the generator adds texts to the conversation
   */
  void store(String key, List<ChatMessage> messages, boolean retrieves, GeneratedText answer) {
    List<String> texts = TextTrace.texts(messages.stream().map(ChatMessage::fields).toList());
    ObjectNode json = json(answer).put(GIVEN, TextTrace.of(texts).encoded());
    if (retrieves) {
      json.put(RETRIEVES, true);
    }
    String text = CheckedJson.line(json) + "\n";
    try {
      AtomicFiles.writeText(file(key), text);
    } catch (IOException e) {
      throw unusable(e);
    }
    count(text.getBytes(StandardCharsets.UTF_8).length);
  }

  private synchronized void count(int added) {
    if (bytes < 0) {
      groups().forEach(group -> Temporaries.sweepOlderThan(group, ABANDONED));
      bytes = entries().stream().mapToLong(Entry::size).sum();
    } else {
      bytes += added;
    }
    if (bytes > maxBytes) {
      prune((long) (maxBytes * FILL));
    }
  }

  private static ObjectNode json(GeneratedText answer) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("version", VERSION).put("text", answer.text());
    StoredFinishReason.put(json, answer.finishReason());
    answer
        .usage()
        .ifPresent(
            usage ->
                json.put("promptTokens", usage.promptTokens()).put("newTokens", usage.newTokens()));
    return json;
  }

  private static Optional<GeneratedText> parse(Path file, String text) {
    try {
      JsonNode json = CheckedJson.ofLine(text.stripTrailing());
      if (json.path("version").asInt() != VERSION || !json.path("text").isTextual()) {
        return Optional.empty();
      }
      Optional<TokenUsage> usage =
          json.has("newTokens")
              ? Optional.of(
                  new TokenUsage(json.path("promptTokens").asInt(), json.path("newTokens").asInt()))
              : Optional.empty();
      return Optional.of(
          new GeneratedText(
              json.path("text").textValue(), StoredFinishReason.of(json), usage, true));
    } catch (IOException | IllegalArgumentException e) {
      LOG.warn("{} is damaged and is asked for again: {}", file, e.getMessage());
      return Optional.empty();
    }
  }

  /** Two levels: file systems and people cope badly with a million files in one folder. */
  private Path file(String key) {
    return folder.resolve(key.substring(0, 2)).resolve(key.substring(2) + SUFFIX);
  }

  private static boolean isAnswer(Path file) {
    return file.getFileName().toString().matches("[0-9a-f]{62}\\.json");
  }

  private List<Entry> entries() {
    if (!Files.exists(folder)) {
      return List.of();
    }
    List<Entry> entries = new ArrayList<>();
    for (Path group : groups()) {
      list(group).forEach(file -> entry(file).ifPresent(entries::add));
    }
    return entries;
  }

  private List<Path> groups() {
    return list(folder).stream()
        .filter(group -> group.getFileName().toString().matches("[0-9a-f]{2}"))
        .filter(Files::isDirectory)
        .toList();
  }

  private List<Path> list(Path directory) {
    try (Stream<Path> files = Files.list(directory)) {
      return files.toList();
    } catch (IOException e) {
      throw unusable(e);
    }
  }

  /** Empty if another process has deleted the file. */
  private static Optional<Entry> entry(Path file) {
    try {
      return Optional.of(new Entry(file, Files.size(file), Files.getLastModifiedTime(file)));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static boolean delete(Path file) {
    try {
      return Files.deleteIfExists(file);
    } catch (IOException e) {
      return false;
    }
  }

  private static void touch(Path file) {
    try {
      Files.setLastModifiedTime(file, FileTime.from(Instant.now()));
    } catch (IOException e) {
      // A read-only folder still provides its answers.
    }
  }

  private GeneratorException unusable(IOException cause) {
    return new GeneratorException(
        "the folder of kept answers %s cannot be used: %s, or name another folder"
            .formatted(folder, WriteFailure.explain(folder, cause)),
        cause);
  }
}
