import io.adapt4j.benchmarks.harness.Arguments;
import io.adapt4j.benchmarks.harness.ExampleFiles;
import io.adapt4j.benchmarks.harness.JavaCommand;
import io.adapt4j.benchmarks.harness.Latencies;
import io.adapt4j.benchmarks.harness.Machine;
import io.adapt4j.benchmarks.harness.Report;
import io.adapt4j.benchmarks.harness.TemporaryFolder;
import io.adapt4j.benchmarks.serving.RawClient;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.serve.ModelServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A server in a separate process under clients that send 4 MB prompts and schemas that would take
 * hours, along with well-behaved ones: latency of the latter, memory of the process, and whether
 * work continues a second after the hostile clients have left.
 */
public final class HostileClientsBenchmark {

  private static final String OPTIONS =
      "--seconds 20 --clients 8 --tokens 32 --context 512 --heap 512m --serve";
  private static final double MOST_SLOWER = 3;
  private static final long MOST_MEGABYTES = 300;

  /** Clock ticks per second, the unit in which Linux reports process times. */
  private static final double TICKS = 100;

  /** CPU seconds per second that an idle process may use. */
  private static final double IDLE = 0.1;

  private static final Pattern COMPILER = Pattern.compile("\\(C[12] Compiler");

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
   * Options: {@code --seconds} of each part, {@code --clients} of each kind, {@code --tokens} of an
   * honest answer, {@code --context} of the model, {@code --heap} of the server. The child process
   * runs the server of a folder ({@code --serve}).
   */
  public static void main(String[] line) throws IOException, InterruptedException {
    Arguments arguments = Arguments.parse(line, OPTIONS);
    if (arguments.text("--serve").isEmpty()) {
      new HostileClientsBenchmark(arguments).run();
    } else {
      serve(Path.of(arguments.text("--serve")));
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
    double alone = honest(address, seconds);
    long before = megabytes(pid);
    List<Thread> hostile = new ArrayList<>();
    for (int i = 0; i < clients; i++) {
      String prompt = prompt(i);
      String schema = schema(i);
      hostile.add(started(() -> attack(address, prompt)));
      hostile.add(started(() -> attack(address, schema)));
    }
    AtomicBoolean over = new AtomicBoolean();
    AtomicLong most = new AtomicLong();
    Thread watching =
        started(
            () -> {
              while (!over.get()) {
                most.accumulateAndGet(megabytes(pid), Math::max);
                LockSupport.parkNanos(20_000_000);
              }
            });
    double beside = honest(address, seconds);
    leaving = true;
    open.forEach(HostileClientsBenchmark::close);
    Thread.sleep(1_000);
    double worked = cpuSeconds(pid);
    Thread.sleep(1_000);
    worked = cpuSeconds(pid) - worked;
    over.set(true);
    watching.join();
    for (Thread thread : hostile) {
      thread.join();
    }
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
        most.get(),
        megabytes(pid),
        Report.verdict(most.get() - before <= MOST_MEGABYTES));
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

  /** Sends requests of well-behaved clients; returns the 95th percentile in milliseconds. */
  private double honest(URI address, int time) throws InterruptedException {
    Latencies latencies = new Latencies();
    long end = System.nanoTime() + time * 1_000_000_000L;
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < clients; i++) {
      String body = chat("Tell me of Lily and number " + i, ",\"max_tokens\":%d".formatted(tokens));
      Runnable request =
          () -> {
            if (ask(address, body) != 200) {
              throw new IllegalStateException("an honest client was refused");
            }
          };
      threads.add(
          started(
              () -> {
                while (System.nanoTime() < end) {
                  latencies.time(request);
                }
              }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    return latencies.percentile(0.95);
  }

  private void attack(URI address, String body) {
    while (!leaving) {
      int status = ask(address, body);
      synchronized (statuses) {
        statuses.merge(status < 0 ? "left" : String.valueOf(status), 1, Integer::sum);
      }
    }
  }

  /** Sends a request and returns the status; negative if this client left. */
  private int ask(URI address, String body) {
    try (RawClient client = new RawClient(address, 120_000)) {
      open.add(client);
      try {
        client.post("/v1/chat/completions", body, 1);
        int status = client.status();
        client.rest();
        return status;
      } finally {
        open.remove(client);
      }
    } catch (IOException e) {
      return leaving ? -1 : -2;
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

  private static long megabytes(long pid) {
    return Machine.number(Path.of("/proc", String.valueOf(pid), "status"), "VmRSS") >> 20;
  }

  /** Time of all threads but the JVM's compilers, which work off what was run before. */
  private static double cpuSeconds(long pid) throws IOException {
    try (Stream<Path> threads = Files.list(Path.of("/proc", String.valueOf(pid), "task"))) {
      return threads.mapToLong(thread -> ticks(thread.resolve("stat"))).sum() / TICKS;
    }
  }

  /** Ticks of a thread; 0 for a compiler and for a thread that has ended. */
  private static long ticks(Path file) {
    try {
      String stat = Files.readString(file);
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
      return COMPILER.matcher(stat).find()
          ? 0
          : Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
    } catch (IOException e) {
      return 0;
    }
  }
}
