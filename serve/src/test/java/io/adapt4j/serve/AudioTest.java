package io.adapt4j.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.serve.speech.ServedTranscriber;
import io.adapt4j.speech.SpeechTranscriber;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Recordings are transcribed as clients of OpenAI's API ask. */
@Timeout(120)
class AudioTest {

  private static final Path WHISPER =
      Path.of("../speech/src/test/resources/io/adapt4j/speech/tiny");
  private static final String PATH = "/v1/audio/transcriptions";
  private static final String BOUNDARY = "a-boundary";

  @AutoClose private static SpeechTranscriber whisper;
  @AutoClose private static TestServer server;

  /** What the last request for the model "echo" asked for. */
  private static final AtomicReference<RecordingTranscriber.Request> ASKED =
      new AtomicReference<>();

  private static final AtomicReference<Path> FILE = new AtomicReference<>();

  @BeforeAll
  static void start() {
    whisper = SpeechTranscriber.load(ModelSource.path(WHISPER));
    server =
        TestServer.start(
            settings ->
                settings
                    .transcriber("whisper", new ServedTranscriber(whisper))
                    .transcriber("echo", AudioTest::echo));
  }

  private static String echo(Path recording, RecordingTranscriber.Request request, Object token) {
    ASKED.set(request);
    FILE.set(recording);
    try {
      return Files.size(recording) + " bytes";
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void everyFormatHasItsType() throws Exception {
    byte[] recording = Files.readAllBytes(WHISPER.resolve("hello_en.wav"));
    Map<String, String> fields = Map.of("model", "whisper", "language", "en");
    HttpResponse<String> json = post(PATH, recording, fields);
    assertThat(json.statusCode()).as(json.body()).isEqualTo(200);
    assertThat(Json.parse(json.body()).path("text").isTextual()).isTrue();
    HttpResponse<String> verbose =
        post(
            PATH,
            recording,
            Map.of(
                "model",
                "whisper",
                "language",
                "en",
                "response_format",
                "verbose_json",
                "timestamp_granularities[]",
                "segment"));
    JsonNode found = Json.parse(verbose.body());
    assertThat(found.path("task").asText()).isEqualTo("transcribe");
    assertThat(found.path("language").asText()).isEqualTo("en");
    assertThat(found.path("segments").path(0).path("end").asDouble()).isPositive();
    HttpResponse<String> vtt =
        post(PATH, recording, Map.of("model", "whisper", "response_format", "vtt"));
    assertThat(vtt.headers().firstValue("Content-Type")).contains("text/vtt; charset=utf-8");
    assertThat(vtt.body()).startsWith("WEBVTT");
  }

  @Test
  void theFormReachesTheModelAndTheFileIsDeleted() throws Exception {
    byte[] file = ("--" + BOUNDARY + "\r\n--a-boundar\r\n").getBytes(StandardCharsets.UTF_8);
    byte[] large = new byte[3_000_000];
    System.arraycopy(file, 2, large, 100_000, file.length - 2);
    HttpResponse<String> response =
        post(
            "/v1/audio/translations",
            large,
            Map.of(
                "model",
                "echo",
                "prompt",
                "Zoë",
                "temperature",
                "0.25",
                "response_format",
                "text"));
    assertThat(response.body()).isEqualTo("3000000 bytes");
    assertThat(ASKED.get().translates()).isTrue();
    assertThat(ASKED.get().prompt()).contains("Zoë");
    assertThat(ASKED.get().temperature()).hasValue(0.25);
    assertThat(FILE.get()).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource({
    "echo, response_format, mp3, response_format",
    "echo, temperature, warm, temperature",
    "echo, temperature, 7, temperature",
    "echo, timestamp_granularities[], word, timestamp_granularities[]",
    "echo, stream, true, stream",
    "echo, best_of, 3, best_of",
    "whisper, language, xx, file",
    "stories, prompt, a, model",
  })
  void whatCannotBeDoneIsRefusedByName(String model, String field, String value, String param)
      throws Exception {
    HttpResponse<String> response = post(PATH, new byte[8], Map.of("model", model, field, value));
    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(Json.parse(response.body()).at("/error/param").asText()).isEqualTo(param);
  }

  @Test
  void aFileThatIsNoRecordingIsRefusedWithoutThePathOfTheServer() throws Exception {
    HttpResponse<String> response = post(PATH, new byte[80], Map.of("model", "whisper"));
    assertThat(response.statusCode()).isEqualTo(400);
    String message = Json.parse(response.body()).at("/error/message").asText();
    assertThat(message).startsWith("file: expected a WAV file").doesNotContain("adapt4j-upload");
  }

  @Test
  void aBodyThatIsTooLongOrNoFormIsRefused() throws Exception {
    assertThat(post(PATH, new byte[26 << 20], Map.of("model", "echo")).statusCode()).isEqualTo(413);
    assertThat(server.post(PATH, "{'model':'echo'}").statusCode()).isEqualTo(415);
    for (String body :
        new String[] {"", "--x", "--a-boundary\r\n\r\n\r\n", "--a-boundary\r\nA: b\r\n\r\nc"}) {
      HttpResponse<String> response = send(PATH, body.getBytes(StandardCharsets.UTF_8));
      assertThat(response.statusCode()).isEqualTo(400);
      assertThat(Json.parse(response.body()).at("/error/code").asText()).isEqualTo("invalid_form");
    }
    HttpResponse<String> missing =
        send(PATH, ("--" + BOUNDARY + "--").getBytes(StandardCharsets.UTF_8));
    assertThat(Json.parse(missing.body()).at("/error/param").asText()).isEqualTo("model");
  }

  @Test
  void modelsTellTheirEndpoints() throws Exception {
    assertThat(Json.parse(server.get("/v1/models/whisper").body()).path("endpoints").toString())
        .isEqualTo("[\"/v1/audio/transcriptions\",\"/v1/audio/translations\"]");
  }

  private static HttpResponse<String> post(String path, byte[] file, Map<String, String> fields)
      throws Exception {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    for (Map.Entry<String, String> field : fields.entrySet()) {
      text(body, "--" + BOUNDARY + "\r\n");
      text(body, "Content-Disposition: form-data; name=\"" + field.getKey() + "\"\r\n\r\n");
      text(body, field.getValue() + "\r\n");
    }
    text(body, "--" + BOUNDARY + "\r\nContent-Type: audio/wav\r\n");
    text(body, "Content-Disposition: form-data; filename=\"a.wav\"; name=\"file\"\r\n\r\n");
    body.write(file);
    text(body, "\r\n--" + BOUNDARY + "--\r\n");
    return send(path, body.toByteArray());
  }

  private static void text(ByteArrayOutputStream body, String text) {
    body.writeBytes(text.getBytes(StandardCharsets.UTF_8));
  }

  private static HttpResponse<String> send(String path, byte[] body) throws Exception {
    return server.send(
        HttpRequest.newBuilder(server.uri(path))
            .header("Content-Type", "multipart/form-data; boundary=" + BOUNDARY)
            .POST(HttpRequest.BodyPublishers.ofByteArray(body))
            .build());
  }
}
