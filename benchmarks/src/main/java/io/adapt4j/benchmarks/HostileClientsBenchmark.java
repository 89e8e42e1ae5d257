package io.adapt4j.benchmarks;

import io.adapt4j.benchmarks.suite.InSuite;
import io.adapt4j.benchmarks.suite.JavaCommand;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.serve.ModelServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A server in a separate process under clients that send 4 MB prompts and schemas that would take
 * hours, along with well-behaved ones: latency of the latter, memory of the process, and whether
 * work continues a second after the hostile clients have left.
 */
@InSuite(quick = "--seconds 3", full = "")
public final class HostileClientsBenchmark {

  private static final Map<String, String> DEFAULTS =
      Map.of(
          "--seconds",
          "20",
          "--clients",
          "8",
          "--tokens",
          "32",
          "--context",
          "512",
          "--heap",
          "512m");

  private static final double MOST_SLOWER = 3;
  private static final long MOST_MEGABYTES = 300;

  /** Clock ticks per second, the unit in which Linux reports process times. */
  private static final double TICKS = 100;

  /** CPU seconds per second that an idle process may use. */
  private static final double IDLE = 0.1;

  private static final Pattern COMPILER = Pattern.compile("\\(C[12] Compiler");

  private static final String CHAT = "/v1/chat/completions";

  private final int clients;
  private final int seconds;
  private final int tokens;
  private final int context;
  private final String heap;

  /** Clients with open requests, to be closed abruptly. */
  private final Set<RawClient> open = ConcurrentHashMap.newKeySet();

  private final Map<String, Integer> statuses = new TreeMap<>();
  private volatile boolean leaving;

  private HostileClientsBenchmark(Arguments arguments) {
    clients = arguments.number("--clients", 1);
    seconds = arguments.number("--seconds", 1);
    tokens = arguments.number("--tokens", 1);
    context = arguments.number("--context", 64);
    heap = arguments.text("--heap");
  }

  /**
   * Runs the benchmark or, in the child process, the server.
   *
   * @param line {@code --seconds} of each part, {@code --clients} of each kind, {@code --tokens} of
   *     an honest answer, {@code --context} of the model, {@code --heap} of the server
   * @throws IOException if the server cannot be started or reached
   * @throws InterruptedException if this thread is interrupted
   */
  public static void main(String[] line) throws IOException, InterruptedException {
    if (line.length == 2 && line[0].equals("--serve")) {
      serve(Path.of(line[1]));
    } else {
      new HostileClientsBenchmark(Arguments.parse(line, DEFAULTS, Set.of())).run();
    }
  }

  private static void serve(Path folder) throws IOException {
    try (LanguageModel model = LanguageModel.load(ModelSource.path(folder), Precision.FP32)) {
      model.useChatTemplate(ChatTemplate.named("chatml"));
      try (ModelServer server = ModelServer.builder().model("m", model).start()) {
        System.out.println(server.address());
        // Until the parent closes it.
        while (System.in.read() >= 0) {}
      }
    }
  }

  private void run() throws IOException, InterruptedException {
    Report report = new Report("A server under hostile clients, stories260K, fp32");
    Machine.describe(report);
    try (TemporaryFolder folder = TemporaryFolder.create()) {
      copyModel(folder.path());
      Process process =
          JavaCommand.of(
                  HostileClientsBenchmark.class,
                  List.of("-Xmx" + heap),
                  List.of("--serve", folder.path().toString()))
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      try (BufferedReader out = process.inputReader()) {
        measure(report, URI.create(String.valueOf(out.readLine())), process.pid());
      } finally {
        process.outputWriter().close();
        process.destroy();
      }
    }
    report.print();
  }

  /** Copies the model with another context length. */
  private void copyModel(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(ExampleFiles.model())) {
      for (Path file : files.toList()) {
        Files.copy(file, folder.resolve(file.getFileName()));
      }
    }
    Path config = folder.resolve("config.json");
    Files.writeString(
        config,
        Files.readString(config)
            .replaceAll(
                "\"max_position_embeddings\"\\s*:\\s*\\d+",
                "\"max_position_embeddings\": " + context));
  }

  private void measure(Report report, URI address, long pid)
      throws IOException, InterruptedException {
    honest(address, Math.max(2, seconds / 4));
    double alone = p95(honest(address, seconds));
    long before = megabytes(pid);
    List<Thread> hostile = new ArrayList<>();
    for (int i = 0; i < clients; i++) {
      String prompt = prompt(i);
      String schema = schema(i);
      hostile.add(started(() -> attack(address, prompt)));
      hostile.add(started(() -> attack(address, schema)));
    }
    Peak peak = new Peak(pid);
    Thread watching = started(peak::watch);
    double beside = p95(honest(address, seconds));
    leaving = true;
    open.forEach(HostileClientsBenchmark::close);
    Thread.sleep(1_000);
    double worked = cpuSeconds(pid);
    Thread.sleep(1_000);
    worked = cpuSeconds(pid) - worked;
    peak.over = true;
    watching.join();
    for (Thread thread : hostile) {
      thread.join();
    }
    long after = megabytes(pid);
    report.line("setting", "%d clients of each kind, context %d", clients, context);
    report.line("statuses", "%s", statuses);
    report.line(
        "p95 of honest clients",
        "%.0f ms alone, %.0f ms beside: %.2f, at most %.0f: %s",
        alone,
        beside,
        beside / alone,
        MOST_SLOWER,
        Report.verdict(beside <= MOST_SLOWER * alone));
    report.line(
        "memory (RSS)",
        "%d MB before, %d MB at most, %d MB after: %s",
        before,
        peak.most,
        after,
        Report.verdict(peak.most - before <= MOST_MEGABYTES));
    report.line(
        "work in the second after the first",
        "%.2f s without the JVM's compilers: %s",
        worked,
        Report.verdict(worked <= IDLE));
  }

  private static Thread started(Runnable task) {
    Thread thread = new Thread(task);
    thread.start();
    return thread;
  }

  /** Tracks the peak memory of a process. */
  private static final class Peak {
    private final long pid;
    private volatile boolean over;
    private volatile long most;

    Peak(long pid) {
      this.pid = pid;
    }

    void watch() {
      try {
        while (!over) {
          most = Math.max(most, megabytes(pid));
          Thread.sleep(20);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Returns the latencies of all well-behaved requests in milliseconds. */
  private List<Double> honest(URI address, int time) throws InterruptedException {
    ConcurrentLinkedQueue<Double> took = new ConcurrentLinkedQueue<>();
    long end = System.nanoTime() + time * 1_000_000_000L;
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < clients; i++) {
      String body = chat("Tell me of Lily and number " + i, ",\"max_tokens\":%d".formatted(tokens));
      threads.add(
          started(
              () -> {
                while (System.nanoTime() < end) {
                  long begun = System.nanoTime();
                  if (ask(address, body) != 200) {
                    throw new IllegalStateException("an honest client was refused");
                  }
                  took.add((System.nanoTime() - begun) / 1e6);
                }
              }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    return List.copyOf(took);
  }

  private static double p95(List<Double> values) {
    List<Double> sorted = values.stream().sorted().toList();
    return sorted.get(Math.min(sorted.size() - 1, (int) (sorted.size() * 0.95)));
  }

  private void attack(URI address, String body) {
    while (!leaving) {
      int status = ask(address, body);
      synchronized (statuses) {
        statuses.merge(status < 0 ? "left" : String.valueOf(status), 1, Integer::sum);
      }
    }
  }

  /** Sends a request and returns the status; -1 if this client left. */
  private int ask(URI address, String body) {
    try (RawClient client = new RawClient(address, 120_000)) {
      open.add(client);
      try {
        client.post(CHAT, body, 1);
        int status = client.status();
        client.rest();
        return status;
      } finally {
        open.remove(client);
      }
    } catch (IOException e) {
      if (!leaving) {
        return -2;
      }
      return -1;
    }
  }

  private static void close(RawClient client) {
    try {
      client.close();
    } catch (IOException e) {
      // It is gone already.
    }
  }

  private static String chat(String content, String more) {
    return "{\"model\":\"m\",\"temperature\":0,\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]%s}"
        .formatted(content, more);
  }

  /** Returns a prompt of words, one endless word, blanks, or thousands of turns. */
  private static String prompt(int kind) {
    int most = 3_900_000;
    return switch (kind % 4) {
      case 0 -> chat("Tim ran home. ".repeat(most / 14), "");
      case 1 -> chat("x".repeat(most), "");
      case 2 -> chat("a1 ".repeat(most / 3), "");
      default -> {
        String turns =
            "{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\",\"content\":\"b\"},"
                .repeat(most / 68);
        yield "{\"model\":\"m\",\"messages\":[" + turns + "{\"role\":\"user\",\"content\":\"c\"}]}";
      }
    };
  }

  /** Returns a schema that is small but never finishes. */
  private static String schema(int kind) {
    String schema =
        switch (kind % 4) {
          case 0 -> "{\"const\":1e99999999,\"multipleOf\":3}";
          case 1 -> "{\"type\":\"string\",\"pattern\":\"^\\\\p{L}{4000}$\"}";
          case 2 ->
              IntStream.range(0, 300)
                  .mapToObj(
                      i -> "{\"type\":\"string\",\"pattern\":\"^.*a" + i + ".*b" + i + ".*$\"}")
                  .collect(Collectors.joining(",", "{\"oneOf\":[", "]}"));
          default ->
              IntStream.range(0, 90_000)
                  .mapToObj(i -> "\"name" + (i * 7919L) + "\"")
                  .collect(Collectors.joining(",", "{\"enum\":[", "]}"));
        };
    return chat(
        "Say something.",
        ",\"max_tokens\":4,\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"s\",\"schema\":"
            + schema
            + "}}");
  }

  private static long megabytes(long pid) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc", String.valueOf(pid), "status"))) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("\\D", "")) >> 10;
      }
    }
    return 0;
  }

  /** Time of all threads but the JVM's compilers, which work off what was run before. */
  private static double cpuSeconds(long pid) throws IOException {
    double ticks = 0;
    try (Stream<Path> threads = Files.list(Path.of("/proc", String.valueOf(pid), "task"))) {
      for (Path thread : threads.toList()) {
        ticks += ticks(thread.resolve("stat"));
      }
    }
    return ticks / TICKS;
  }

  /** Ticks of a thread; 0 for a compiler and for a thread that has ended. */
  private static double ticks(Path file) {
    String stat;
    try {
      stat = Files.readString(file);
    } catch (IOException e) {
      // It ended meanwhile.
      return 0;
    }
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    return COMPILER.matcher(stat).find()
        ? 0
        : Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
  }
}
