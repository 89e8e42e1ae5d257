package io.adapt4j.verification.soak;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.eval.Candidate;
import io.adapt4j.eval.Evaluator;
import io.adapt4j.eval.task.Tasks;
import io.adapt4j.lora.Lora;
import io.adapt4j.rag.Rag;
import io.adapt4j.rag.answer.Answer;
import io.adapt4j.rag.document.Document;
import io.adapt4j.serve.ModelServer;
import io.adapt4j.verification.ExampleFiles;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;

/**
 * Trains, serves, ingests and evaluates in one process, all at the same time, for as long as said.
 * Every result is compared with the first one of its kind, which it must equal. In the end memory
 * and threads must be what they were after the first third. As a program: seconds, and what runs
 * where that is not everything, joined by commas: {@code trainings}, {@code ingestions}, {@code
 * evaluations}, {@code answers}. The JVM's heap must be all there from the beginning ({@code -Xms}
 * as {@code -Xmx}, {@code -XX:+AlwaysPreTouch}), as its size is taken from that of the process.
 */
public final class Soak implements AutoCloseable {

  private static final Path MODEL = ExampleFiles.example("models/stories260K");
  private static final long MOST_GROWTH = 96 << 20;
  private static final int MOST_THREADS = 8;

  /** How often memory is looked at. */
  private static final int LOOKS = 12;

  /** What runs at the same time. */
  static final Set<String> PARTS = Set.of("trainings", "ingestions", "evaluations", "answers");

  private final Path folder;
  private final LanguageModel model;
  private final ModelServer server;
  private final HttpClient client = HttpClient.newHttpClient();
  private final AtomicLong trainings = new AtomicLong();
  private final AtomicLong answers = new AtomicLong();
  private final AtomicLong ingestions = new AtomicLong();
  private final AtomicLong evaluations = new AtomicLong();
  private volatile boolean ended;

  Soak() throws IOException {
    this.folder = Files.createTempDirectory("soak");
    // In fp32, so that an answer does not depend on others beside it.
    this.model = LanguageModel.load(ModelSource.path(MODEL), Precision.FP32);
    this.model.useChatTemplate(ChatTemplate.named("chatml"));
    this.server = ModelServer.builder().model("stories", model).start();
  }

  /**
   * What the process was like at a moment.
   *
   * @param residentBytes memory of the process
   * @param heapBytes what the JVM has taken for the Java heap
   * @param threads how many live
   */
  record State(long residentBytes, long heapBytes, int threads) {

    static State now() throws IOException {
      System.gc();
      return new State(
          resident(),
          ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getCommitted(),
          ManagementFactory.getThreadMXBean().getThreadCount());
    }

    /** What is not the heap, whose size the JVM decides. */
    long nativeBytes() {
      return residentBytes - heapBytes;
    }

    private static long resident() throws IOException {
      Path status = Path.of("/proc/self/status");
      if (!Files.exists(status)) {
        return 0;
      }
      return Files.readAllLines(status).stream()
          .filter(line -> line.startsWith("VmRSS:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
          .sum();
    }
  }

  /** Work that is repeated. */
  private interface Work {

    /** Does it once; {@code round} counts from 0. */
    void run(long round) throws Exception;
  }

  /** Runs for some seconds and prints what was done. */
  public static void main(String[] args) throws Exception {
    Set<String> parts = args.length > 1 ? Set.of(args[1].split(",")) : PARTS;
    try (Soak soak = new Soak()) {
      System.out.println(soak.run(Integer.parseInt(args[0]), parts));
    }
  }

  /** Runs, checks, and says what was done. */
  String run(int seconds, Set<String> parts) throws Exception {
    ExecutorService threads = Executors.newCachedThreadPool();
    List<Future<?>> work = new ArrayList<>();
    if (parts.contains("trainings")) {
      work.add(threads.submit(() -> repeat(trainings, training())));
    }
    if (parts.contains("ingestions")) {
      work.add(threads.submit(() -> repeat(ingestions, ingestion())));
    }
    if (parts.contains("evaluations")) {
      work.add(threads.submit(() -> repeat(evaluations, evaluation())));
    }
    for (int i = 0; parts.contains("answers") && i < 4; i++) {
      String prompt = List.of("Once", "Lily", "The dog", "Tom and").get(i);
      work.add(threads.submit(() -> repeat(answers, requests(prompt))));
    }
    List<State> states = new ArrayList<>();
    for (int i = 0; i < LOOKS; i++) {
      wait(work, (double) seconds / LOOKS);
      states.add(State.now());
    }
    // The largest of the first third: a look between two trainings finds less. What grows steadily
    // is largest at last.
    State warm =
        Collections.max(states.subList(0, LOOKS / 3), Comparator.comparingLong(State::nativeBytes));
    State last = states.get(LOOKS - 1);
    ended = true;
    for (Future<?> future : work) {
      future.get(5, TimeUnit.MINUTES);
    }
    threads.shutdown();
    String done =
        ("%d trainings, %d answers, %d ingestions, %d evaluations in %d s; "
                + "beside the heap %s MiB; threads %d, then %d")
            .formatted(
                trainings.get(),
                answers.get(),
                ingestions.get(),
                evaluations.get(),
                seconds,
                states.stream().map(state -> state.nativeBytes() >> 20).toList(),
                warm.threads(),
                last.threads());
    if (last.nativeBytes() - warm.nativeBytes() > MOST_GROWTH
        || last.threads() - warm.threads() > MOST_THREADS) {
      throw new AssertionError("the process grew: " + done);
    }
    return done;
  }

  static void wait(List<Future<?>> work, double seconds) throws Exception {
    long end = System.nanoTime() + (long) (seconds * 1e9);
    while (System.nanoTime() < end) {
      Thread.sleep(100);
      for (Future<?> future : work) {
        if (future.isDone()) {
          future.get();
        }
      }
    }
  }

  private Void repeat(AtomicLong count, Work work) throws Exception {
    while (!ended) {
      work.run(count.get());
      count.incrementAndGet();
    }
    return null;
  }

  private Work training() {
    Path output = folder.resolve("run");
    List<Example.PromptCompletion> rows =
        IntStream.range(0, 16)
            .mapToObj(i -> new Example.PromptCompletion("Lily " + i, " ran to " + i))
            .toList();
    List<byte[]> first = new ArrayList<>();
    return round -> {
      FineTuneReport report =
          FineTuner.builder()
              .model(ModelSource.path(MODEL))
              .dataset(Datasets.of(rows).split(0.75, 0.25, 0, 1))
              .method(Lora.rank(4).dropout(0.1))
              .epochs(1)
              .batchSize(4)
              .output(output)
              .overwriteOutput()
              .build()
              .run();
      same(first, Files.readAllBytes(report.last().resolve("adapter_model.safetensors")));
    };
  }

  private Work requests(String prompt) {
    List<byte[]> first = new ArrayList<>();
    String body =
        "{\"model\":\"stories\",\"prompt\":\"" + prompt + "\",\"max_tokens\":30,\"temperature\":0}";
    return round -> {
      HttpResponse<String> response =
          client.send(
              HttpRequest.newBuilder(server.address().resolve("/v1/completions"))
                  .header("Content-Type", "application/json")
                  .POST(HttpRequest.BodyPublishers.ofString(body))
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      if (response.statusCode() != 200) {
        throw new AssertionError(response.body());
      }
      String text =
          Json.parseStrictly(response.body()).path("choices").path(0).path("text").asText();
      same(first, text.getBytes(UTF_8));
    };
  }

  private Work ingestion() {
    return round -> {
      Path index = folder.resolve("index" + round % 2);
      if (Files.exists(index)) {
        MoreFiles.deleteRecursively(index, RecursiveDeleteOption.ALLOW_INSECURE);
      }
      try (Rag rag = Rag.builder().index(index).build()) {
        rag.add(
            IntStream.range(0, 20)
                .mapToObj(i -> Document.of("d" + i, "Parcel number " + i + " is in room r" + i))
                .toList());
        Answer answer = rag.ask("Where is parcel number 7?");
        if (answer.citations().stream().noneMatch(c -> c.documentId().equals("d7"))) {
          throw new AssertionError(answer.text());
        }
      }
    };
  }

  private Work evaluation() {
    Evaluator evaluator =
        Evaluator.builder()
            .tasks(Tasks.perplexity("stories", List.of("Once upon a time there was a dog.")))
            .build();
    List<byte[]> first = new ArrayList<>();
    return round -> {
      double score =
          evaluator.evaluate("base", Candidate.of(model)).result("stories").score().value();
      same(first, Double.toString(score).getBytes(UTF_8));
    };
  }

  private static void same(List<byte[]> first, byte[] result) {
    if (first.isEmpty()) {
      first.add(result);
    } else if (!Arrays.equals(first.get(0), result)) {
      throw new AssertionError("a result differs from the first one of its kind");
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
    model.close();
    MoreFiles.deleteRecursively(folder, RecursiveDeleteOption.ALLOW_INSECURE);
  }
}
