package io.adapt4j.serve;

import io.adapt4j.serve.internal.answer.AnswerPool;
import io.adapt4j.serve.internal.http.Call;
import io.adapt4j.serve.internal.http.Endpoint;
import io.adapt4j.serve.internal.http.Fault;
import io.adapt4j.serve.internal.http.ForeignPages;
import io.adapt4j.serve.internal.http.Form;
import io.adapt4j.serve.internal.http.Limits;
import io.adapt4j.serve.internal.http.Parameters;
import io.adapt4j.serve.internal.model.Models;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/** Transcribes a recording: {@code /v1/audio/transcriptions}, {@code /v1/audio/translations}. */
record AudioEndpoint(Models models, AnswerPool computing, Set<String> origins, boolean translates)
    implements Endpoint {

  private static final String FILE = "file";
  private static final String GRANULARITIES = "timestamp_granularities[]";
  private static final String TEMPERATURE = "temperature";

  /** OpenAI's limit, unless that of the server is higher. */
  private static final long MOST_BYTES = 25L << 20;

  private static final String PLAIN = "text/plain; charset=utf-8";
  private static final Map<String, String> TYPES = new LinkedHashMap<>();

  static {
    TYPES.put("json", "application/json");
    TYPES.put("text", PLAIN);
    TYPES.put("srt", PLAIN);
    TYPES.put("verbose_json", "application/json");
    TYPES.put("vtt", "text/vtt; charset=utf-8");
  }

  @Override
  public Parameters read(Call call, Limits limits) throws IOException {
    ForeignPages.refuse(call, origins);
    return Form.read(call, FILE, Math.max(MOST_BYTES, limits.bodyBytes()));
  }

  @Override
  public void answer(Call call, Parameters parameters) throws IOException {
    String text;
    RecordingTranscriber.Request request;
    // The file is gone before the client has its answer.
    try {
      String name = parameters.text("model");
      RecordingTranscriber transcriber = models.transcriber(name, RecordingTranscriber.class);
      call.asks(name);
      Path recording = Path.of(parameters.text(FILE));
      request = request(parameters);
      parameters.ignore("user");
      parameters.requireNoOthers();
      text =
          computing.compute(
              call,
              (onText, cancellation) -> transcriber.transcribe(recording, request, cancellation),
              FILE);
    } finally {
      Form.delete(parameters.json().path(FILE));
    }
    call.keep(0, text);
    call.send(200, Objects.requireNonNull(TYPES.get(request.format())), text);
  }

  private RecordingTranscriber.Request request(Parameters parameters) {
    String format = text(parameters, "response_format").orElse("json");
    if (!TYPES.containsKey(format)) {
      throw Fault.parameter(
          "response_format", "expected one of " + TYPES.keySet() + ", found " + format);
    }
    for (String granularity : parameters.strings(GRANULARITIES)) {
      if (!granularity.equals("segment")) {
        throw Fault.unsupported(GRANULARITIES, "expected segment, found " + granularity);
      }
    }
    parameters.refuse("stream", value -> value.asText().equals("false"));
    Optional<String> language = translates ? Optional.empty() : text(parameters, "language");
    return new RecordingTranscriber.Request(
        translates, language, text(parameters, "prompt"), temperature(parameters), format);
  }

  private static Optional<String> text(Parameters parameters, String name) {
    return parameters.strings(name).stream().filter(text -> !text.isEmpty()).findFirst();
  }

  private static OptionalDouble temperature(Parameters parameters) {
    Optional<String> stated = text(parameters, TEMPERATURE);
    if (stated.isEmpty()) {
      return OptionalDouble.empty();
    }
    try {
      double value = Double.parseDouble(stated.get());
      if (value >= 0 && value <= 1) {
        return OptionalDouble.of(value);
      }
    } catch (NumberFormatException e) {
      // Refused like a number out of range.
    }
    throw Fault.parameter(TEMPERATURE, "expected a number from 0 to 1, found " + stated.get());
  }
}
