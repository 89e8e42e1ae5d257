package io.adapt4j.serve;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.UnaryOperator;

/** A server with the trained stories260K model of the examples, and a client of the JDK. */
public final class TestServer implements AutoCloseable {

  static final String MODEL = "stories";
  static final Path FOLDER = Path.of("../examples/models/stories260K");

  private final HttpClient client = HttpClient.newHttpClient();
  private final LanguageModel model;
  private final ModelServer server;
  private final List<AccessRecord> log = new ArrayList<>();

  private TestServer(LanguageModel model, UnaryOperator<ModelServer.Builder> settings) {
    this.model = model;
    this.server =
        settings.apply(ModelServer.builder().model(MODEL, model).accessLog(this::log)).start();
  }

  public static TestServer start() {
    return start(settings -> settings);
  }

  public static TestServer start(UnaryOperator<ModelServer.Builder> settings) {
    return new TestServer(model(), settings);
  }

  /** A model in fp32, so that an answer does not depend on others beside it. */
  static LanguageModel model() {
    LanguageModel model = LanguageModel.load(ModelSource.path(FOLDER), Precision.FP32);
    model.useChatTemplate(ChatTemplate.named("chatml"));
    return model;
  }

  private synchronized void log(AccessRecord entry) {
    log.add(entry);
  }

  /** Waits until as many requests are logged. */
  public List<AccessRecord> log(int requests) throws InterruptedException {
    long end = System.nanoTime() + 20_000_000_000L;
    while (System.nanoTime() < end) {
      synchronized (this) {
        if (log.size() >= requests) {
          return List.copyOf(log);
        }
      }
      Thread.sleep(5);
    }
    throw new IllegalStateException("no " + requests + " requests in the log");
  }

  LanguageModel languageModel() {
    return model;
  }

  public ModelServer server() {
    return server;
  }

  URI uri(String path) {
    return server.address().resolve(path);
  }

  /** Posts JSON, in which apostrophes stand for quotation marks. */
  HttpResponse<String> post(String path, String json) throws IOException, InterruptedException {
    return send(request(path, json).build());
  }

  HttpRequest.Builder request(String path, String json) {
    return HttpRequest.newBuilder(uri(path))
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(json.replace('\'', '"')));
  }

  HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return send(HttpRequest.newBuilder(uri(path)).build());
  }

  HttpResponse<String> send(HttpRequest request) throws IOException, InterruptedException {
    return client.send(request, HttpResponse.BodyHandlers.ofString());
  }

  /** Posts what must be answered well. */
  JsonNode answer(String path, String json) throws IOException, InterruptedException {
    HttpResponse<String> response = post(path, json);
    if (response.statusCode() != 200) {
      throw new IllegalStateException(response.statusCode() + " " + response.body());
    }
    return Json.parse(response.body());
  }

  /** The events of a stream, without the last. */
  List<JsonNode> events(String path, String json) throws IOException, InterruptedException {
    HttpResponse<String> response = post(path, json);
    if (response.statusCode() != 200) {
      throw new IllegalStateException(response.statusCode() + " " + response.body());
    }
    List<JsonNode> events = new ArrayList<>();
    String[] parts = response.body().strip().split("\n\n", -1);
    for (String part : parts) {
      if (part.startsWith("data: {")) {
        events.add(Json.parse(part.substring("data: ".length())));
      }
    }
    if (!parts[parts.length - 1].equals("data: [DONE]")) {
      throw new IllegalStateException("the stream ends with " + parts[parts.length - 1]);
    }
    return events;
  }

  /** Keeps the model from making a step, until the result is closed. */
  Held hold() throws InterruptedException {
    CountDownLatch holds = new CountDownLatch(1);
    CountDownLatch released = new CountDownLatch(1);
    Thread thread =
        new Thread(
            () ->
                model.withoutAdapters(
                    () -> {
                      holds.countDown();
                      try {
                        released.await();
                      } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                      }
                      return null;
                    }));
    thread.start();
    holds.await();
    return released::countDown;
  }

  /** A model that is held. */
  interface Held extends AutoCloseable {
    @Override
    void close();
  }

  @Override
  public void close() {
    server.close();
    model.close();
  }
}
