package io.adapt4j.rag.embed;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.http.AnswerLimitException;
import io.adapt4j.core.internal.http.JsonApi;
import io.adapt4j.core.internal.http.Retries;
import io.adapt4j.core.internal.http.RetryLaterException;
import io.adapt4j.core.text.GeneratorException;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends embedding requests, with retries. */
final class EmbeddingClient {

  private static final Logger LOG = LoggerFactory.getLogger(OpenAiEmbeddings.class);
  private static final int LONGEST_SHOWN = 500;
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);

  private final EmbeddingSettings settings;
  private final JsonApi api;
  private final Retries retries;

  EmbeddingClient(EmbeddingSettings settings) {
    this.settings = settings;
    this.api =
        new JsonApi(
            settings.endpoint(),
            settings.shown(),
            CONNECT_TIMEOUT,
            settings.timeout(),
            GeneratorException::new);
    this.retries = new Retries(settings.retries(), settings.sleeper(), LOG::warn);
  }

  /** Returns one vector per text, in order. */
  List<float[]> embed(List<String> texts) {
    HttpRequest request = request(texts);
    try {
      return retries.callIfReachable(settings.shown(), () -> send(request, texts.size()));
    } catch (AnswerLimitException e) {
      throw new GeneratorException(e.getMessage(), e);
    } catch (IOException e) {
      throw new GeneratorException(
          "%s: %s. Check the address and the server's log, or raise timeout or retries"
              .formatted(settings.shown(), Retries.reason(e)),
          e);
    }
  }

  private HttpRequest request(List<String> texts) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.put("model", settings.model()).put("encoding_format", "float");
    settings.dimension().ifPresent(dimension -> body.put("dimensions", dimension));
    texts.forEach(body.putArray("input")::add);
    return api.request(body, settings.key()).build();
  }

  private List<float[]> send(HttpRequest request, int count) throws IOException {
    HttpResponse<byte[]> response = api.send(request, settings.answerLimit().collected());
    String body = new String(response.body(), StandardCharsets.UTF_8);
    int status = response.statusCode();
    if (status != 200) {
      String said = "the server answered " + status + ": " + shortened(body);
      boolean unpaid = body.contains("insufficient_quota");
      if (RetryLaterException.isForNow(status) && !unpaid) {
        throw new RetryLaterException(said, response.headers());
      }
      throw new GeneratorException(settings.shown() + ": " + remedy(status) + " (" + said + ")");
    }
    return parse(body, count);
  }

  private String remedy(int status) {
    return switch (status) {
      case 400, 413, 422 -> "the request is refused. Shorten the texts, or lower batch";
      case 401, 403 ->
          settings.key().isPresent()
              ? "the key is not accepted. Check that it may use the model " + settings.model()
              : "a key is needed. Set one with apiKey";
      case 404, 405 ->
          "not found. Check the address, and whether the server has the model " + settings.model();
      default -> "the request failed. Check the address and the server's log";
    };
  }

  private List<float[]> parse(String body, int count) {
    JsonNode data;
    try {
      data = Json.parse(body).path("data");
    } catch (JsonProcessingException e) {
      // Without the cause, which quotes the raw answer.
      throw unreadable("JSON, found '" + shortened(body) + "'");
    }
    if (!data.isArray() || data.size() != count) {
      throw unreadable(count + " vectors, found " + data.size() + ": " + shortened(body));
    }
    float[][] vectors = new float[count][];
    for (int i = 0; i < count; i++) {
      int index = data.get(i).path("index").asInt(i);
      if (index < 0 || index >= count || vectors[index] != null) {
        throw unreadable("each index from 0 to " + (count - 1) + " once, found " + index);
      }
      vectors[index] = vector(data.get(i).path("embedding"));
    }
    return Arrays.asList(vectors);
  }

  private float[] vector(JsonNode numbers) {
    float[] vector = new float[numbers.size()];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = numbers.get(i).floatValue();
      if (!numbers.get(i).isNumber() || !Float.isFinite(vector[i])) {
        throw unreadable("finite numbers, found " + shortened(numbers.get(i).toString()));
      }
    }
    if (vector.length == 0) {
      throw unreadable("a list of numbers as embedding, found none");
    }
    return vector;
  }

  private GeneratorException unreadable(String expected) {
    return new GeneratorException(
        "%s: expected %s. Check that the address is that of an OpenAI-compatible server"
            .formatted(settings.shown(), expected));
  }

  private String shortened(String text) {
    String line = settings.withoutSecrets(text).replaceAll("\\s+", " ").strip();
    return line.length() <= LONGEST_SHOWN ? line : line.substring(0, LONGEST_SHOWN) + "...";
  }
}
