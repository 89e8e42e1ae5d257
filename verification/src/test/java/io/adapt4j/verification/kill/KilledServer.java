package io.adapt4j.verification.kill;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Kills {@code adapt4j serve} while clients wait for answers. Started again at the same port it
 * must give the answers that it gave before, and must have left no file.
 */
final class KilledServer {

  private static final Pattern ADDRESS = Pattern.compile("http://127\\.0\\.0\\.1:(\\d+)");
  private static final int QUESTIONS = 4;
  private static final int CLIENTS = 4;
  private static final int MOST_MILLIS = 2_000;
  private static final long MOST_START_MILLIS = 120_000;

  private final Path folder;
  private final Random random;
  private final HttpClient client = HttpClient.newHttpClient();
  private int port;

  KilledServer(Path folder, long seed) {
    this.folder = folder;
    this.random = new Random(seed);
  }

  /** Kills as often as said, and returns how many requests were cut off. */
  int check(int kills) throws Exception {
    Process server = start();
    List<String> expected = answers();
    AtomicInteger cut = new AtomicInteger();
    for (int i = 0; i < kills; i++) {
      List<Thread> asking = new ArrayList<>();
      for (int j = 0; j < CLIENTS; j++) {
        asking.add(asking(cut));
      }
      Thread.sleep(1 + random.nextInt(MOST_MILLIS));
      server.destroyForcibly().waitFor();
      for (Thread thread : asking) {
        thread.join();
      }
      server = start();
      List<String> actual = answers();
      if (!actual.equals(expected)) {
        throw new AssertionError("after a kill: expected " + expected + ", found " + actual);
      }
    }
    server.destroyForcibly().waitFor();
    requireNoFile();
    return cut.get();
  }

  private Process start() throws Exception {
    Files.deleteIfExists(folder.resolve("log"));
    List<String> command =
        List.of(
            "serve",
            Scenarios.MODEL.toString(),
            "--name",
            "stories",
            "--access-log",
            "--port",
            String.valueOf(port));
    Process process = Commands.start(folder, command);
    long end = System.nanoTime() + MOST_START_MILLIS * 1_000_000;
    while (System.nanoTime() < end && process.isAlive()) {
      Matcher address = ADDRESS.matcher(Commands.log(folder));
      if (address.find()) {
        port = Integer.parseInt(address.group(1));
        return process;
      }
      Thread.sleep(20);
    }
    process.destroyForcibly().waitFor();
    throw new AssertionError("the server does not start: " + Commands.log(folder));
  }

  private List<String> answers() throws Exception {
    List<String> answers = new ArrayList<>();
    for (int i = 0; i < QUESTIONS; i++) {
      HttpResponse<String> response = ask(i, false);
      if (response.statusCode() != 200) {
        throw new AssertionError(response.statusCode() + ": " + response.body());
      }
      // Without the answer's id and date.
      answers.add(response.body().replaceFirst(".*\"choices\"", ""));
    }
    return answers;
  }

  private Thread asking(AtomicInteger cut) {
    Thread thread =
        new Thread(
            () -> {
              try {
                for (int i = 0; true; i++) {
                  ask(i % QUESTIONS, i % 2 == 0);
                }
              } catch (IOException e) {
                cut.incrementAndGet();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    thread.start();
    return thread;
  }

  private HttpResponse<String> ask(int question, boolean stream)
      throws IOException, InterruptedException {
    String body =
        "{\"model\": \"stories\", \"prompt\": \"Lily %d\", \"seed\": 1, \"max_tokens\": 100,"
                .formatted(question)
            + " \"stream\": "
            + stream
            + "}";
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/v1/completions"))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    return client.send(request, HttpResponse.BodyHandlers.ofString());
  }

  private void requireNoFile() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      List<Path> left = files.filter(file -> !file.endsWith("log")).toList();
      if (!left.isEmpty()) {
        throw new AssertionError("the server left " + left);
      }
    }
  }
}
