package io.adapt4j.verification.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.primitives.Bytes;
import io.adapt4j.core.TextEmbedder;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.serve.GroundedAnswer;
import io.adapt4j.serve.ModelServer;
import io.adapt4j.serve.ServerLimits;
import io.adapt4j.serve.feedback.AnswerRecorder;
import io.adapt4j.serve.feedback.ServedAnswer;
import io.adapt4j.serve.feedback.ServedFeedback;
import io.adapt4j.serve.speech.ServedTranscriber;
import io.adapt4j.serve.vision.ServedVision;
import io.adapt4j.speech.SpeechTranscriber;
import io.adapt4j.vision.VisionLanguageModel;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Requests to our server. */
final class RequestTargets {

  private static final String BOUNDARY = "--b\r\nContent-Disposition: form-data; name=";
  private static final String PICTURE =
      "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAFklEQVR4nGP8"
          + "z8DAwMDAxMDAwMDAAAANHQEDasKb6QAAAABJRU5ErkJggg==";

  private RequestTargets() {}

  static List<FuzzTarget> all() {
    return List.of(
        requests(
            "/v1/chat/completions",
            """
            {"model":"stories","messages":[{"role":"user","content":"Hi"}],"max_tokens":2,
             "temperature":0.5,"top_p":0.9,"stop":["x"],"seed":1,"n":1,"logprobs":true,
             "top_logprobs":2,"tools":[{"type":"function","function":{"name":"f",
             "parameters":{"type":"object"}}}],"tool_choice":"none"}
            """,
            """
            {"model":"vision","max_tokens":2,"messages":[{"role":"user","content":[
             {"type":"image_url","image_url":{"url":"%s","detail":"low"}},
             {"type":"text","text":"What?"}]}]}
            """
                .formatted(PICTURE)),
        requests(
            "/v1/completions",
            """
            {"model":"stories","prompt":["Once","Lily"],"max_tokens":2,"echo":true,"n":1}
            """),
        requests(
            "/v1/responses",
            """
            {"model":"stories","input":[{"role":"user","content":[{"type":"input_text",
             "text":"Hi"}]}],"max_output_tokens":2,"text":{"format":{"type":"text"}}}
            """,
            """
            {"model":"vision","max_output_tokens":2,"input":[{"role":"user","content":[
             {"type":"input_image","image_url":"%s"},{"type":"input_text","text":"Hi"}]}]}
            """
                .formatted(PICTURE)),
        requests(
            "/v1/conversations",
            """
            {"metadata":{"a":"b"},"items":[{"type":"message","role":"user","content":"Hi"}]}
            """),
        requests(
            "/v1/embeddings",
            """
            {"model":"embedder","input":["a","b"],"encoding_format":"base64","dimensions":8}
            """),
        requests(
            "/v1/rerank",
            """
            {"model":"reranker","query":"a","documents":["b",{"text":"c"}],"top_n":1,
             "return_documents":true}
            """),
        requests(
            "/v1/rag/ask",
            """
            {"model":"documents","question":"a","stream":false}
            """),
        requests(
            "/v1/feedback",
            """
            {"id":"a","rating":"up","correction":"b","preferred_over":"c","flag":"d","user":"e",
             "store":true}
            """),
        requests(
            "/mcp",
            """
            {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"generate",
             "arguments":{"prompt":"Hi","max_tokens":2,"messages":[{"role":"user","content":"a"}],
             "temperature":0.5,"model":"stories"}}}
            """,
            """
            {"jsonrpc":"2.0","id":"a","method":"initialize","params":{"protocolVersion":
             "2025-11-25","capabilities":{},"clientInfo":{"name":"c","version":"1"}}}
            """,
            """
            {"jsonrpc":"2.0","id":2,"method":"tools/list","params":{"cursor":"a"}}
            """),
        requests(
            "/v1/audio/transcriptions",
            "multipart/form-data; boundary=b",
            () -> List.of(recording())));
  }

  private static byte[] recording() {
    String fields =
        BOUNDARY
            + "\"model\"\r\n\r\nwhisper\r\n"
            + BOUNDARY
            + "\"response_format\"\r\n\r\nverbose_json\r\n"
            + BOUNDARY
            + "\"temperature\"\r\n\r\n0.2\r\n"
            + BOUNDARY
            + "\"file\"; filename=\"a.wav\"\r\nContent-Type: audio/wav\r\n\r\n";
    return Bytes.concat(
        fields.getBytes(UTF_8), SpeechTargets.recording(), "\r\n--b--\r\n".getBytes(UTF_8));
  }

  private static FuzzTarget requests(String path, String... seeds) {
    return requests(
        path,
        "application/json",
        () -> Stream.of(seeds).map(seed -> seed.getBytes(UTF_8)).toList());
  }

  private static FuzzTarget requests(String path, String type, Supplier<List<byte[]>> seeds) {
    return new FuzzTarget(
        "request" + path.replace('/', '-'),
        seeds,
        bytes -> {
          HttpResponse<String> response = Served.post(path, type, bytes);
          if (response.statusCode() >= 500) {
            throw new AssertionError(response.statusCode() + ": " + response.body());
          }
          if (response.headers().firstValue("content-type").orElse("").contains("json")) {
            Json.parseStrictly(response.body());
          }
        });
  }

  /** Forgets what it is told. */
  private static final class Forgetful implements AnswerRecorder {

    @Override
    public void answered(ServedAnswer answer) {}

    @Override
    public boolean judged(ServedFeedback feedback) {
      return feedback.id().equals("a");
    }
  }

  /** Our server with small models. */
  private static final class Served {

    private static final HttpClient CLIENT = HttpClient.newHttpClient();
    private static final ModelServer SERVER = start();

    private Served() {}

    private static ModelServer start() {
      TextEmbedder embedder = TextEmbedder.load(ModelSource.path(Stories.FOLDER), Precision.FP32);
      VisionLanguageModel vision = VisionLanguageModel.load(ModelSource.path(MediaTargets.VISION));
      SpeechTranscriber whisper = SpeechTranscriber.load(ModelSource.path(MediaTargets.WHISPER));
      ModelServer server =
          ModelServer.builder()
              .model("stories", Stories.shared())
              .model("vision", new ServedVision(vision))
              .transcriber("whisper", new ServedTranscriber(whisper))
              .embedder("embedder", embedder)
              .reranker(
                  "reranker",
                  (query, documents) -> documents.stream().mapToDouble(String::length).toArray())
              .questionAnswering(
                  "documents",
                  (conversation, onText, cancellation) ->
                      new GroundedAnswer("None.", false, true, List.of(), List.of()))
              .recorder(new Forgetful())
              .limits(ServerLimits.defaults().withNewTokens(4))
              .start();
      Runtime.getRuntime()
          .addShutdownHook(
              new Thread(
                  () -> {
                    server.close();
                    embedder.close();
                    vision.close();
                    whisper.close();
                  }));
      return server;
    }

    static HttpResponse<String> post(String path, String type, byte[] bytes) throws Exception {
      return CLIENT.send(
          HttpRequest.newBuilder(SERVER.address().resolve(path))
              .header("Content-Type", type)
              .timeout(Duration.ofSeconds(20))
              .POST(HttpRequest.BodyPublishers.ofByteArray(bytes))
              .build(),
          HttpResponse.BodyHandlers.ofString());
    }
  }
}
