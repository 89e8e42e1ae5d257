package io.adapt4j.eval;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.PlainJson;
import io.adapt4j.core.text.Ending;
import io.adapt4j.eval.task.Reply;
import io.adapt4j.eval.task.Request;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One candidate's replies in a file, a JSON object a line, appended batch by batch. A line that a
 * killed process left unfinished is cut off; what stands before it is kept.
 */
final class ReplyStore implements AutoCloseable {

  private final Path file;
  private final FileChannel channel;
  private final Map<String, Reply> replies = new HashMap<>();

  private ReplyStore(Path file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  /**
   * Opens the file of a candidate.
   *
   * @param folder where candidates' files are; created if absent
   * @param identity the candidate's identity
   */
  static ReplyStore open(Path folder, String identity) {
    Path file = folder.resolve(digest(identity).substring(0, 32) + ".jsonl");
    try {
      Files.createDirectories(folder);
      FileChannel channel =
          FileChannel.open(
              file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
      ReplyStore store = new ReplyStore(file, channel);
      try {
        store.lock();
        store.readAll();
      } catch (IOException | RuntimeException e) {
        channel.close();
        throw e;
      }
      return store;
    } catch (IOException e) {
      throw new UncheckedIOException(
          "The kept replies " + file + " cannot be opened; mend the folder or name another", e);
    }
  }

  private void lock() throws IOException {
    try {
      if (channel.tryLock() != null) {
        return;
      }
    } catch (OverlappingFileLockException e) {
      // Held by this process: refused as if by another.
    }
    throw new IllegalStateException(
        "The kept replies "
            + file
            + " are in use by another evaluation of the same candidate; wait for it, or name"
            + " another folder");
  }

  private void readAll() throws IOException {
    String text = Files.readString(file);
    long good = 0;
    int from = 0;
    for (int end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      String line = text.substring(from, end);
      if (!readLine(line)) {
        break;
      }
      good += line.getBytes(StandardCharsets.UTF_8).length + 1;
      from = end + 1;
    }
    channel.truncate(good);
    channel.position(good);
  }

  private boolean readLine(String line) {
    try {
      JsonNode json = Json.parseStrictly(line);
      replies.put(json.path("key").textValue(), parse(json));
      return json.path("key").isTextual();
    } catch (JsonProcessingException | IllegalArgumentException e) {
      return false;
    }
  }

  Optional<Reply> find(Request request) {
    return replies.isEmpty() ? Optional.empty() : Optional.ofNullable(replies.get(key(request)));
  }

  /** Appends replies, whole or, after a crash, up to some line. */
  void add(List<Request> requests, List<Reply> added) {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < requests.size(); i++) {
      String key = key(requests.get(i));
      lines.append(Json.compact(json(key, added.get(i)))).append('\n');
      replies.put(key, added.get(i));
    }
    ByteBuffer bytes = ByteBuffer.wrap(lines.toString().getBytes(StandardCharsets.UTF_8));
    try {
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Keeping replies in " + file + " failed", e);
    }
  }

  /** What tells a request from all others. */
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
      json.put("text", one.text()).put("ending", one.ending().name());
    } else if (reply instanceof Reply.Classes one) {
      json.set("classes", PlainJson.object(one.probabilities()));
    }
    return json;
  }

  private static Reply parse(JsonNode json) {
    if (json.path("text").isTextual()) {
      return new Reply.Text(
          json.path("text").textValue(), Ending.valueOf(json.path("ending").asText()));
    }
    if (json.path("classes").isObject()) {
      Map<String, Double> probabilities = new LinkedHashMap<>();
      json.path("classes")
          .properties()
          .forEach(one -> probabilities.put(one.getKey(), one.getValue().doubleValue()));
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
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException("Closing " + file + " failed", e);
    }
  }
}
