package io.adapt4j.eval.internal;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.AppendedLines;
import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.CheckedJson;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.PlainJson;
import io.adapt4j.core.internal.ProcessLock;
import io.adapt4j.core.internal.Temporaries;
import io.adapt4j.core.internal.TextTrace;
import io.adapt4j.core.internal.WriteFailure;
import io.adapt4j.core.internal.generate.StoredFinishReason;
import io.adapt4j.eval.spi.Reply;
import io.adapt4j.eval.spi.Request;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A candidate's replies in a file, one JSON object with a checksum per line, appended as they
 * arrive. A damaged line is skipped with a warning, and its request is sent again; all others are
 * kept.
 */
public final class ReplyStore implements AutoCloseable {

  private static final String SUFFIX = ".jsonl";

  /** Trace of the request as the candidate was given it. */
  private static final String GIVEN = "given";

  private static final String RETRIEVES = "retrieves";

  private final Path file;
  private final ProcessLock lock;
  private final Map<String, Reply> replies = new HashMap<>();
  private final AppendedLines lines;

  private ReplyStore(Path file, ProcessLock lock) throws IOException {
    this.file = file;
    this.lock = lock;
    // Last: it reads into the replies.
    this.lines = AppendedLines.open(file, this::read);
  }

  /** Opens the file of a candidate. */
  public static ReplyStore open(Path folder, String identity) {
    Path file = folder.resolve(FileDigest.sha256(identity).substring(0, 32) + SUFFIX);
    try {
      ProcessLock lock = lock(file);
      try {
        return new ReplyStore(file, lock);
      } catch (IOException | RuntimeException e) {
        lock.close();
        throw e;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(
          "The kept replies %s cannot be opened: %s, or name another folder"
              .formatted(file, WriteFailure.explain(file, e)),
          e);
    }
  }

  private static ProcessLock lock(Path file) throws IOException {
    return ProcessLock.tryTake(file.resolveSibling(file.getFileName() + ".lock"))
        .orElseThrow(
            () ->
                new IllegalStateException(
                    "The kept replies "
                        + file
                        + " are in use by another evaluation of the same candidate; wait for it, or"
                        + " name another folder"));
  }

  private void read(String line) throws IOException {
    JsonNode json = CheckedJson.ofLine(line);
    if (!json.path("key").isTextual()) {
      throw new IllegalArgumentException("it has no key");
    }
    replies.put(json.path("key").textValue(), parse(json));
  }

  /** Finds the stored reply to a request; a reply of another kind has another request's key. */
  public synchronized Optional<Reply> find(Request request) {
    return replies.isEmpty()
        ? Optional.empty()
        : Optional.ofNullable(replies.get(key(request))).filter(reply -> answers(reply, request));
  }

  /** Returns whether a reply is of the kind that a request expects. */
  public static boolean answers(Reply reply, Request request) {
    if (request instanceof Request.Answer) {
      return reply instanceof Reply.Text;
    }
    return request instanceof Request.Classification
        ? reply instanceof Reply.Classes
        : reply instanceof Reply.Likelihood;
  }

  /**
   * Appends a reply to a request that the candidate may have been given in another form. It
   * survives a kill of the process from now on.
   *
   * @param retrieves whether the candidate may have added more
   */
  public synchronized void add(Request request, Request given, boolean retrieves, Reply reply) {
    String key = key(request);
    ObjectNode json = json(key, reply).put(GIVEN, TextTrace.of(texts(given)).encoded());
    if (retrieves) {
      json.put(RETRIEVES, true);
    }
    try {
      lines.append(CheckedJson.line(json));
    } catch (IOException e) {
      throw failed(e);
    }
    replies.put(key, reply);
  }

  /** Syncs added replies to disk, so that they survive a power cut too. */
  public void force() {
    try {
      lines.force();
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /**
   * Removes the replies to requests that held one of some texts or eight words in a row of one,
   * those that quote one, and those whose requests are unknown: of candidates that retrieve, and
   * kept by earlier versions. What is damaged goes too.
   *
   * @return the SHA-256 of the removed replies' requests, by file
   */
  public static SortedMap<Path, List<String>> forget(Path folder, List<String> texts) {
    return found(folder, texts, true);
  }

  /** Returns what {@link #forget} would remove. */
  public static SortedMap<Path, List<String>> find(Path folder, List<String> texts) {
    return found(folder, texts, false);
  }

  private static SortedMap<Path, List<String>> found(
      Path folder, List<String> texts, boolean removes) {
    TextTrace.Sought sought = TextTrace.sought(texts);
    SortedMap<Path, List<String>> removed = new TreeMap<>();
    try (Stream<Path> files = Files.exists(folder) ? Files.list(folder) : Stream.empty()) {
      for (Path file : files.filter(one -> one.toString().endsWith(SUFFIX)).sorted().toList()) {
        try (ProcessLock held = lock(file)) {
          List<String> keys = found(file, sought, removes);
          if (!keys.isEmpty()) {
            removed.put(file, keys);
          }
        }
      }
      if (Files.exists(folder)) {
        Temporaries.sweep(folder);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(
          "Removing kept replies in %s failed: %s"
              .formatted(folder, WriteFailure.explain(folder, e)),
          e);
    }
    return removed;
  }

  private static List<String> found(Path file, TextTrace.Sought sought, boolean removes)
      throws IOException {
    List<String> keys = new ArrayList<>();
    StringBuilder kept = new StringBuilder();
    int dropped = 0;
    try (BufferedReader in = reader(file)) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        JsonNode json = parsed(line);
        if (json == null || mayHold(json, sought)) {
          dropped++;
          keys.add(json == null ? FileDigest.sha256(line) : json.path("key").asText());
        } else {
          kept.append(line).append('\n');
        }
      }
    }
    if (removes && dropped > 0) {
      AtomicFiles.writeText(file, kept.toString());
    }
    return keys;
  }

  /** Opens a file whose bytes need not be UTF-8: what is not has another checksum. */
  private static BufferedReader reader(Path file) throws IOException {
    return new BufferedReader(
        new InputStreamReader(Files.newInputStream(file), StandardCharsets.UTF_8));
  }

  private static @Nullable JsonNode parsed(String line) {
    try {
      return CheckedJson.ofLine(line);
    } catch (CheckedJson.DamagedException e) {
      return null;
    }
  }

  private static boolean mayHold(JsonNode json, TextTrace.Sought sought) {
    if (!json.path(GIVEN).isTextual() || json.path(RETRIEVES).asBoolean()) {
      return true;
    }
    TextTrace given = TextTrace.decode(json.path(GIVEN).textValue());
    String text = json.path("text").asText();
    return sought.isIn(given) || sought.isIn(text);
  }

  private static List<String> texts(Request request) {
    if (request instanceof Request.Likelihood one) {
      return List.of(one.context(), one.continuation(), one.context() + one.continuation());
    }
    if (request instanceof Request.WholeText one) {
      return List.of(one.text());
    }
    return List.of(
        request instanceof Request.Answer one
            ? one.prompt()
            : ((Request.Classification) request).text());
  }

  private UncheckedIOException failed(IOException e) {
    return new UncheckedIOException(
        "Keeping replies in " + file + " failed: " + WriteFailure.explain(file, e), e);
  }

  /** Returns the unique key of a request. */
  private static String key(Request request) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    if (request instanceof Request.Likelihood one) {
      json.put("context", one.context()).put("continuation", one.continuation());
    } else if (request instanceof Request.WholeText one) {
      json.put("text", one.text()).put("window", one.window()).put("stride", one.stride());
    } else if (request instanceof Request.Answer one) {
      json.put("prompt", one.prompt());
      json.set("options", options(one.options()));
    } else if (request instanceof Request.Classification one) {
      json.put("classify", one.text());
    }
    return FileDigest.sha256(Json.compact(json));
  }

  private static ObjectNode options(GenerationOptions options) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("maxNewTokens", options.maxNewTokens()).put("temperature", options.temperature());
    json.put("topK", options.topK()).put("topP", options.topP()).put("minP", options.minP());
    json.put("repetitionPenalty", options.repetitionPenalty()).put("seed", options.seed());
    json.put("ignoreEos", options.ignoreEos());
    if (options.ignoreContextLength()) {
      json.put("ignoreContextLength", true);
    }
    if (!options.skipSpecialTokens()) {
      json.put("skipSpecialTokens", false);
    }
    if (options.frequencyPenalty() != 0 || options.presencePenalty() != 0) {
      json.put("frequencyPenalty", options.frequencyPenalty());
      json.put("presencePenalty", options.presencePenalty());
    }
    if (!options.logitBias().isEmpty()) {
      json.put("logitBias", new TreeMap<>(options.logitBias()).toString());
    }
    options
        .constraint()
        .ifPresent(
            constraint ->
                json.put(
                    "constraint",
                    constraint
                        .identity()
                        .orElseThrow(
                            () ->
                                new IllegalArgumentException(
                                    "constraint: expected one with an identity, so that replies"
                                        + " can be kept, found "
                                        + constraint))));
    json.set("stopStrings", PlainJson.tree(options.stopStrings()));
    json.set("stopIds", PlainJson.tree(options.stopIds().stream().sorted().toList()));
    return json;
  }

  private static ObjectNode json(String key, Reply reply) {
    ObjectNode json = JsonNodeFactory.instance.objectNode().put("key", key);
    if (reply instanceof Reply.Likelihood one) {
      json.put("logProbability", one.logProbability());
      json.put("tokens", one.tokens()).put("greedy", one.greedy());
    } else if (reply instanceof Reply.Text one) {
      json.put("text", one.text());
      StoredFinishReason.put(json, one.finishReason());
    } else if (reply instanceof Reply.Classes one) {
      json.set("classes", PlainJson.object(one.probabilities()));
    }
    return json;
  }

  private static Reply parse(JsonNode json) {
    if (json.path("text").isTextual()) {
      return new Reply.Text(json.path("text").textValue(), StoredFinishReason.of(json));
    }
    if (json.path("classes").isObject()) {
      Map<String, Double> probabilities = new LinkedHashMap<>();
      json.path("classes")
          .properties()
          .forEach(
              property -> probabilities.put(property.getKey(), property.getValue().doubleValue()));
      return new Reply.Classes(probabilities);
    }
    if (!json.path("logProbability").isNumber()) {
      throw new IllegalArgumentException("neither text, likelihood nor classes");
    }
    return new Reply.Likelihood(
        json.path("logProbability").doubleValue(),
        json.path("tokens").intValue(),
        json.path("greedy").booleanValue());
  }

  @Override
  public void close() {
    try (lock) {
      lines.close();
    } catch (IOException e) {
      throw failed(e);
    }
  }
}
