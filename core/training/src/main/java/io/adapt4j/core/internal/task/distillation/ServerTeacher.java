package io.adapt4j.core.internal.task.distillation;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.http.AnswerLimit;
import io.adapt4j.core.internal.http.JsonApi;
import io.adapt4j.core.internal.http.Retries;
import io.adapt4j.core.internal.http.RetryLaterException;
import io.adapt4j.core.internal.http.Secrets;
import io.adapt4j.core.internal.http.Sleeper;
import io.adapt4j.core.task.TeacherServer;
import io.adapt4j.core.train.TrainingException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks a server for a teacher's predictions of texts: completions with {@code echo} and {@code
 * logprobs}, whose tokens are named {@code token_id:ID}.
 */
final class ServerTeacher {

  private static final Logger LOG = LoggerFactory.getLogger(ServerTeacher.class);
  private static final String ID = "token_id:";
  private static final int LONGEST_SHOWN = 300;
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration TIMEOUT = Duration.ofMinutes(10);
  private static final long MAX_ANSWER_BYTES = 256L << 20;
  private static final int RETRIES = 5;

  private final TeacherServer server;
  private final String shown;
  private final Optional<String> key;
  private final JsonApi api;
  private final Retries retries;

  ServerTeacher(TeacherServer server, Sleeper sleeper) {
    this.server = server;
    this.shown = Secrets.hideInAddresses(server.address().toString());
    this.key = server.apiKeyFrom().map(variable -> key(shown, variable));
    URI endpoint = URI.create(server.address().toString().replaceFirst("/+$", "") + "/completions");
    this.api = new JsonApi(endpoint, shown, CONNECT_TIMEOUT, TIMEOUT, TrainingException::new);
    this.retries = new Retries(RETRIES, sleeper, LOG::warn);
  }

  private static String key(String shown, String variable) {
    String value = System.getenv(variable);
    if (value == null || value.isBlank()) {
      throw new TrainingException(
          shown + ": the environment variable " + variable + " must hold the API key; set it");
    }
    return Secrets.requireKey(variable, value.strip());
  }

  /** Likeliest tokens of one position, in descending order. */
  @SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
  record Likeliest(int[] ids, float[] logprobs) {}

  /** Returns the likeliest tokens at each position of a text but the first. */
  List<Likeliest> predictions(int[] text, int top, int vocabulary) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.put("model", server.model()).put("echo", true).put("max_tokens", 1);
    body.put("logprobs", top).put("temperature", 0).put("return_tokens_as_token_ids", true);
    for (int id : text) {
      body.withArray("prompt").add(id);
    }
    JsonNode found = send(body).at("/choices/0/logprobs");
    JsonNode tokens = found.path("tokens");
    JsonNode tops = found.path("top_logprobs");
    if (tokens.size() < text.length || tops.size() < text.length) {
      throw unfit("log-probabilities of all " + text.length + " tokens", tops.size() + " of them");
    }
    List<Likeliest> predictions = new ArrayList<>();
    for (int i = 0; i < text.length; i++) {
      String name = tokens.path(i).asText();
      if (!name.equals(ID + text[i])) {
        throw unfit("the token " + ID + text[i] + " of the text", "'" + shortened(name) + "'");
      }
      if (i > 0) {
        predictions.add(likeliest(tops.path(i), top, vocabulary));
      }
    }
    return predictions;
  }

  private Likeliest likeliest(JsonNode entries, int top, int vocabulary) {
    record Entry(int id, float logprob) {}
    List<Entry> all = new ArrayList<>();
    entries
        .properties()
        .forEach(
            entry -> {
              String name = entry.getKey();
              int id = name.matches(ID + "\\d{1,9}") ? Integer.parseInt(name.substring(9)) : -1;
              float logprob = entry.getValue().floatValue();
              if (id < 0 || id >= vocabulary || !Float.isFinite(logprob)) {
                throw unfit(
                    "a token id below " + vocabulary + " with a number",
                    "'" + shortened(name) + "': " + shortened(entry.getValue().toString()));
              }
              all.add(new Entry(id, logprob));
            });
    if (all.size() < top) {
      throw new TrainingException(
          "%s: expected %s likeliest tokens at each position, found %s. Lower top, or raise the"
                  .formatted(shown, top, all.size())
              + " server's limit (vLLM: --max-logprobs)");
    }
    all.sort(Comparator.comparingDouble((Entry entry) -> entry.logprob()).reversed());
    int[] ids = new int[top];
    float[] logprobs = new float[top];
    for (int i = 0; i < top; i++) {
      ids[i] = all.get(i).id();
      logprobs[i] = all.get(i).logprob();
    }
    return new Likeliest(ids, logprobs);
  }

  private JsonNode send(ObjectNode body) {
    try {
      return retries.callIfReachable(shown, () -> attempt(body));
    } catch (IOException e) {
      throw new TrainingException(
          "%s: %s. Check the address and the server's log".formatted(shown, Retries.reason(e)), e);
    }
  }

  private JsonNode attempt(ObjectNode body) throws IOException {
    HttpResponse<byte[]> response =
        api.send(
            api.request(body, key).build(),
            new AnswerLimit(shown, MAX_ANSWER_BYTES, "").collected());
    String text = new String(response.body(), StandardCharsets.UTF_8);
    int status = response.statusCode();
    if (status != 200) {
      String said = "the server answered " + status + ": " + shortened(text);
      if (RetryLaterException.isForNow(status)) {
        throw new RetryLaterException(said, response.headers());
      }
      throw new TrainingException(
          "%s: the request failed. Check the address, the model %s and the key (%s)"
              .formatted(shown, server.model(), said));
    }
    try {
      return Json.parse(text);
    } catch (JsonProcessingException e) {
      // Without the cause, which quotes the raw answer.
      throw unfit("JSON", "'" + shortened(text) + "'");
    }
  }

  private TrainingException unfit(String expected, String found) {
    return new TrainingException(
        ("%s: expected %s, found %s. The teacher needs the student's tokenizer and a server that"
                + " echoes prompts with log-probabilities and token ids: adapt4j serve, vLLM or"
                + " SGLang")
            .formatted(shown, expected, found));
  }

  private String shortened(String text) {
    String clean = Secrets.hideInAddresses(text);
    String hidden = key.map(secret -> clean.replace(secret, Secrets.HIDDEN)).orElse(clean);
    String line = hidden.replaceAll("\\s+", " ").strip();
    return line.length() <= LONGEST_SHOWN ? line : line.substring(0, LONGEST_SHOWN) + "...";
  }
}
