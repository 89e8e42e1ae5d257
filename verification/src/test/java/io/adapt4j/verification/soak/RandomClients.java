package io.adapt4j.verification.soak;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import io.adapt4j.benchmarks.serving.RawClient;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.lora.Lora;
import io.adapt4j.serve.ModelServer;
import io.adapt4j.verification.ExampleFiles;
import io.adapt4j.verification.soak.Soak.State;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;

/**
 * Clients that ask a server at random: for whole answers and streams, some of which they read
 * slowly or leave, with requests that break off, while adapters are added and removed. Every text
 * must be that of the same request alone, or its beginning if the client has left; an adapter may
 * only be missing. In the end memory and threads must be what they were after the first third. As a
 * program: seconds, clients, and a seed; with the JVM flags of {@link Soak}.
 */
public final class RandomClients implements AutoCloseable {

  private static final Path MODEL = ExampleFiles.example("models/stories260K");
  private static final String ADMIN = "admin-of-the-soak";
  private static final List<String> MODELS = List.of("stories", "calm", "swift");
  private static final List<String> PROMPTS =
      List.of("Once", "Lily", "The dog", "Tom and", "One day", "A cat", "Mom said", "In the park");
  private static final int[] LENGTHS = {1, 8, 40};
  private static final long MOST_GROWTH = 96 << 20;
  private static final int MOST_THREADS = 8;
  private static final int LOOKS = 12;
  private static final int TIMEOUT_MILLIS = 120_000;

  private final Path folder = Files.createTempDirectory("clients");
  private final LanguageModel model;
  private final ModelServer server;
  private final HttpClient client = HttpClient.newHttpClient();
  private final Map<String, String> expected = new ConcurrentHashMap<>();
  private final Map<String, AtomicLong> counts = new ConcurrentHashMap<>();
  private volatile boolean ended;

  /** A request, with the text that it has alone. */
  private record Ask(String model, String prompt, int tokens) {

    String body(boolean stream) {
      return "{\"model\":\"%s\",\"prompt\":\"%s\",\"max_tokens\":%d,\"temperature\":0,\"stream\":%s}"
          .formatted(model, prompt, tokens, stream);
    }
  }

  RandomClients() throws Exception {
    Path adapters = Files.createDirectory(folder.resolve("adapters"));
    for (int i = 1; i < MODELS.size(); i++) {
      train(adapters, MODELS.get(i), i);
    }
    // In fp32, so that an answer does not depend on others beside it.
    model = LanguageModel.load(ModelSource.path(MODEL), Precision.FP32);
    server = ModelServer.builder().model("stories", model).adapterFolder(adapters, ADMIN).start();
    for (String name : MODELS.subList(1, MODELS.size())) {
      admin("POST", "", "{\"name\":\"" + name + "\"}");
    }
    for (String name : MODELS) {
      for (String prompt : PROMPTS) {
        for (int tokens : LENGTHS) {
          Ask ask = new Ask(name, prompt, tokens);
          expected.put(ask.toString(), text(whole(ask)));
        }
      }
    }
  }

  private void train(Path adapters, String name, int seed) throws IOException {
    Path output = folder.resolve("run-" + name);
    List<Example.PromptCompletion> rows =
        IntStream.range(0, 16)
            .mapToObj(i -> new Example.PromptCompletion(PROMPTS.get(i % 8), " is " + name + "."))
            .toList();
    Path last =
        FineTuner.builder()
            .model(ModelSource.path(MODEL))
            .dataset(Datasets.of(rows).split(0.75, 0.25, 0, seed))
            .method(Lora.rank(4))
            .learningRate(0.002)
            .epochs(4)
            .batchSize(4)
            .output(output)
            .build()
            .run()
            .last();
    Files.move(last, adapters.resolve(name));
  }

  /** Runs for some seconds and prints what was done. */
  public static void main(String[] args) throws Exception {
    try (RandomClients clients = new RandomClients()) {
      System.out.println(
          clients.run(
              Integer.parseInt(args[0]),
              args.length > 1 ? Integer.parseInt(args[1]) : 16,
              args.length > 2 ? Long.parseLong(args[2]) : 1));
    }
  }

  /** Runs, checks, and says what was done. */
  String run(int seconds, int clients, long seed) throws Exception {
    ExecutorService threads = Executors.newCachedThreadPool();
    List<Future<?>> work = new ArrayList<>();
    for (int i = 0; i < clients; i++) {
      Random random = new Random(seed * 1000 + i);
      work.add(threads.submit(() -> repeat(() -> ask(random))));
    }
    Random swaps = new Random(seed);
    work.add(threads.submit(() -> repeat(() -> swap(swaps))));
    List<State> states = new ArrayList<>();
    for (int i = 0; i < LOOKS; i++) {
      Soak.wait(work, (double) seconds / LOOKS);
      states.add(State.now());
    }
    ended = true;
    for (Future<?> future : work) {
      future.get(5, TimeUnit.MINUTES);
    }
    threads.shutdown();
    State warm =
        Collections.max(states.subList(0, LOOKS / 3), Comparator.comparingLong(State::nativeBytes));
    State last = states.get(LOOKS - 1);
    String done =
        "%d clients in %d s: %s; beside the heap %s MiB; threads %d, then %d"
            .formatted(
                clients,
                seconds,
                new TreeMap<>(counts),
                states.stream().map(state -> state.nativeBytes() >> 20).toList(),
                warm.threads(),
                last.threads());
    if (last.nativeBytes() - warm.nativeBytes() > MOST_GROWTH
        || last.threads() - warm.threads() > clients + MOST_THREADS) {
      throw new AssertionError("the process grew: " + done);
    }
    for (String prompt : PROMPTS) {
      Ask ask = new Ask("stories", prompt, 40);
      require(ask, text(whole(ask)), "after all clients");
    }
    return done;
  }

  /** Work that is repeated. */
  private interface Work {
    void run() throws Exception;
  }

  private Void repeat(Work work) throws Exception {
    while (!ended) {
      work.run();
    }
    return null;
  }

  private void count(String what) {
    counts.computeIfAbsent(what, key -> new AtomicLong()).incrementAndGet();
  }

  private void ask(Random random) throws Exception {
    Ask ask =
        new Ask(
            MODELS.get(random.nextInt(MODELS.size())),
            PROMPTS.get(random.nextInt(PROMPTS.size())),
            LENGTHS[random.nextInt(LENGTHS.length)]);
    switch (random.nextInt(6)) {
      case 0, 1 -> {
        HttpResponse<String> response = whole(ask);
        if (answered(ask, response.statusCode(), response.body())) {
          require(ask, text(response), "whole answer");
          count("whole answers");
        }
      }
      case 2 -> stream(ask, Integer.MAX_VALUE, 0, "streams");
      case 3 -> stream(ask, Integer.MAX_VALUE, 1 + random.nextInt(30), "streams read slowly");
      case 4 -> stream(ask, 1 + random.nextInt(6), 0, "streams left");
      default -> {
        try (RawClient raw = new RawClient(server.address(), TIMEOUT_MILLIS)) {
          raw.post("/v1/completions", ask.body(false), random.nextDouble());
        }
        count("requests broken off");
      }
    }
  }

  private void stream(Ask ask, int parts, int pauseMillis, String kind) throws Exception {
    try (RawClient raw = new RawClient(server.address(), TIMEOUT_MILLIS)) {
      raw.post("/v1/completions", ask.body(true), 1);
      int status = raw.status();
      if (status != 200) {
        answered(ask, status, raw.rest());
        return;
      }
      StringBuilder events = new StringBuilder();
      int read = 0;
      for (String part = raw.part(); !part.isEmpty(); part = raw.part()) {
        events.append(part);
        if (++read == parts) {
          break;
        }
        Thread.sleep(pauseMillis);
      }
      String all = events.toString();
      String text = streamed(all);
      if (parts == Integer.MAX_VALUE || all.contains("[DONE]")) {
        if (!all.stripTrailing().endsWith("[DONE]")) {
          throw new AssertionError(ask + ": a stream without an end: " + all);
        }
        require(ask, text, kind);
      } else if (!wanted(ask).startsWith(text)) {
        throw new AssertionError(ask + ": expected the beginning of its answer, found " + text);
      }
      count(kind);
    }
  }

  private static String streamed(String events) throws IOException {
    StringBuilder text = new StringBuilder();
    for (String line : events.split("\n", -1)) {
      if (line.startsWith("data: {")) {
        JsonNode event = Json.parseStrictly(line.substring(6));
        text.append(event.path("choices").path(0).path("text").asText());
      }
    }
    return text.toString();
  }

  /** Whether there is an answer; only an adapter may be missing. */
  private boolean answered(Ask ask, int status, String body) {
    if (status == 404 && !ask.model().equals("stories")) {
      count("adapters not there");
      return false;
    }
    if (status != 200) {
      throw new AssertionError(ask + ": " + status + " " + body);
    }
    return true;
  }

  private String wanted(Ask ask) {
    return String.valueOf(expected.get(ask.toString()));
  }

  private void require(Ask ask, String text, String kind) {
    if (!text.equals(wanted(ask))) {
      throw new AssertionError(
          "%s: %s: expected '%s', found '%s'".formatted(kind, ask, wanted(ask), text));
    }
  }

  private HttpResponse<String> whole(Ask ask) throws Exception {
    return send("POST", server.address().resolve("/v1/completions"), ask.body(false));
  }

  private static String text(HttpResponse<String> response) throws IOException {
    return Json.parseStrictly(response.body()).path("choices").path(0).path("text").asText();
  }

  private void swap(Random random) throws Exception {
    String name = MODELS.get(1 + random.nextInt(2));
    admin("DELETE", "/" + name, "");
    Thread.sleep(random.nextInt(200));
    admin("POST", "", "{\"name\":\"" + name + "\"}");
    count("adapters swapped");
    Thread.sleep(random.nextInt(500));
  }

  private void admin(String method, String path, String body) throws Exception {
    HttpResponse<String> response =
        send(method, server.address().resolve("/v1/adapters" + path), body);
    if (response.statusCode() != 200) {
      throw new AssertionError(method + " " + path + ": " + response.body());
    }
  }

  private HttpResponse<String> send(String method, URI address, String body) throws Exception {
    return client.send(
        HttpRequest.newBuilder(address)
            .header("Content-Type", "application/json")
            .header("Authorization", "Bearer " + ADMIN)
            .method(
                method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  @Override
  public void close() throws IOException {
    server.close();
    model.close();
    MoreFiles.deleteRecursively(folder, RecursiveDeleteOption.ALLOW_INSECURE);
  }
}
