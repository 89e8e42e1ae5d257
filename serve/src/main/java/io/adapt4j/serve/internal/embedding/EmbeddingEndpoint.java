package io.adapt4j.serve.internal.embedding;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.TextEmbedder;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.serve.internal.answer.AnswerPool;
import io.adapt4j.serve.internal.answer.JoinedInputs;
import io.adapt4j.serve.internal.http.Call;
import io.adapt4j.serve.internal.http.Endpoint;
import io.adapt4j.serve.internal.http.Fault;
import io.adapt4j.serve.internal.http.Parameters;
import io.adapt4j.serve.internal.http.Usage;
import io.adapt4j.serve.internal.model.Models;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;

/** Embeds texts: {@code /v1/embeddings}. */
public final class EmbeddingEndpoint implements Endpoint {

  private static final String INPUT = "input";

  /** OpenAI's limit. */
  private static final int MOST_TEXTS = 2_048;

  private final Models models;
  private final AnswerPool computing;
  private final Map<TextEmbedder, JoinedInputs<String, float[]>> joined = new ConcurrentHashMap<>();

  public EmbeddingEndpoint(Models models, AnswerPool computing) {
    this.models = models;
    this.computing = computing;
  }

  /** Vectors, and the number of tokens of their texts. */
  private record Embedded(List<float[]> vectors, int tokens) {}

  @Override
  public void answer(Call call, Parameters parameters) throws IOException {
    String name = parameters.text("model");
    TextEmbedder embedder = models.embedder(name);
    call.asks(name);
    List<String> texts = texts(parameters);
    boolean base64 = isBase64(parameters);
    boolean cut = parameters.integer("truncate_prompt_tokens", -1, -1).isPresent();
    int width = embedder.dimension();
    int size = parameters.integer("dimensions", 1, Integer.MAX_VALUE).orElse(width);
    if (!embedder.canTruncate(size)) {
      throw Fault.unsupported(
          "dimensions",
          "the vectors of '%s' have %d and are not cut to %d".formatted(name, width, size));
    }
    parameters.ignore("user");
    parameters.requireNoOthers();
    JoinedInputs<String, float[]> all =
        joined.computeIfAbsent(embedder, key -> new JoinedInputs<>(key::embedAll));
    Embedded embedded =
        computing.compute(
            call,
            (onText, cancellation) -> {
              int tokens = tokens(embedder, texts, cut, cancellation);
              List<float[]> vectors = all.compute(texts, cancellation);
              return new Embedded(
                  vectors.stream().map(vector -> embedder.truncate(vector, size)).toList(), tokens);
            },
            INPUT);
    call.took(new Usage(embedded.tokens(), 0));
    call.send(200, json(name, embedded.vectors(), base64, embedded.tokens()));
  }

  private static List<String> texts(Parameters parameters) {
    JsonNode input = parameters.required(INPUT);
    if (input.isArray() && (input.path(0).isNumber() || input.path(0).isArray())) {
      throw Fault.unsupported(INPUT, "this server reads texts, found token ids");
    }
    List<String> texts = parameters.strings(INPUT);
    if (texts.isEmpty() || texts.size() > MOST_TEXTS || texts.contains("")) {
      throw Fault.parameter(INPUT, "expected 1 to " + MOST_TEXTS + " texts, none empty");
    }
    return texts;
  }

  private static boolean isBase64(Parameters parameters) {
    if (parameters.value("encoding_format").isEmpty()) {
      return false;
    }
    String format = parameters.text("encoding_format");
    if (!List.of("float", "base64").contains(format)) {
      throw Fault.parameter("encoding_format", "expected float or base64, found '" + format + "'");
    }
    return format.equals("base64");
  }

  private static int tokens(
      TextEmbedder embedder, List<String> texts, boolean cut, CancellationToken cancellation) {
    int sum = 0;
    for (String text : texts) {
      if (cancellation.isCancelled()) {
        throw new CancellationException();
      }
      int tokens = embedder.countTokens(text, embedder.maxTokens());
      if (tokens > embedder.maxTokens() && !cut) {
        throw Fault.invalid(
            400,
            INPUT,
            "context_length_exceeded",
            "This model's maximum context length is %d tokens, however an input has at least %d tokens. Shorten it, or have its end cut with \"truncate_prompt_tokens\": -1."
                .formatted(embedder.maxTokens(), tokens));
      }
      sum += Math.min(tokens, embedder.maxTokens());
    }
    return sum;
  }

  private static ObjectNode json(String name, List<float[]> vectors, boolean base64, int tokens) {
    ObjectNode json = JsonNodeFactory.instance.objectNode().put("object", "list");
    ArrayNode data = json.putArray("data");
    for (int i = 0; i < vectors.size(); i++) {
      ObjectNode entry = data.addObject().put("object", "embedding").put("index", i);
      if (base64) {
        entry.put("embedding", base64(vectors.get(i)));
      } else {
        ArrayNode values = entry.putArray("embedding");
        for (float value : vectors.get(i)) {
          values.add(value);
        }
      }
    }
    json.put("model", name);
    json.putObject("usage").put("prompt_tokens", tokens).put("total_tokens", tokens);
    return json;
  }

  private static String base64(float[] vector) {
    ByteBuffer bytes =
        ByteBuffer.allocate(vector.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(vector);
    return Base64.getEncoder().encodeToString(bytes.array());
  }
}
