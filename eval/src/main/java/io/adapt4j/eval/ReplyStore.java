package io.adapt4j.eval;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.AppendedLines;
import io.adapt4j.core.internal.CheckedJson;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.PlainJson;
import io.adapt4j.core.internal.ProcessLock;
import io.adapt4j.core.internal.WriteFailure;
import io.adapt4j.core.internal.generate.StoredFinishReason;
import io.adapt4j.eval.spi.Reply;
import io.adapt4j.eval.spi.Request;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A candidate's replies in a file, one JSON object with a checksum per line, appended as they
 * arrive. A damaged line is skipped with a warning, and its request is sent again; all others are
 * kept.
 */
final class ReplyStore implements AutoCloseable {

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
  static ReplyStore open(Path folder, String identity) {
    Path file = folder.resolve(digest(identity).substring(0, 32) + ".jsonl");
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
  synchronized Optional<Reply> find(Request request) {
    return replies.isEmpty()
        ? Optional.empty()
        : Optional.ofNullable(replies.get(key(request))).filter(reply -> answers(reply, request));
  }

  /** Returns whether a reply is of the kind that a request expects. */
  static boolean answers(Reply reply, Request request) {
    if (request instanceof Request.Answer) {
      return reply instanceof Reply.Text;
    }
    return request instanceof Request.Classification
        ? reply instanceof Reply.Classes
        : reply instanceof Reply.Likelihood;
  }

  /** Appends a reply, which survives a kill of the process from now on. */
  synchronized void add(Request request, Reply reply) {
    String key = key(request);
    try {
      lines.append(CheckedJson.line(json(key, reply)));
    } catch (IOException e) {
      throw failed(e);
    }
    replies.put(key, reply);
  }

  /** Syncs added replies to disk, so that they survive a power cut too. */
  void force() {
    try {
      lines.force();
    } catch (IOException e) {
      throw failed(e);
    }
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
    return digest(Json.compact(json));
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

  private static String digest(String text) {
    return HexFormat.of()
        .formatHex(FileDigest.sha256().digest(text.getBytes(StandardCharsets.UTF_8)));
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
