package io.adapt4j.benchmarks.serving;

import io.adapt4j.benchmarks.harness.Arguments;
import io.adapt4j.benchmarks.harness.Report;
import io.adapt4j.benchmarks.harness.TemporaryFolder;
import io.adapt4j.benchmarks.harness.Timing;
import io.adapt4j.benchmarks.harness.Turns;
import io.adapt4j.benchmarks.models.Decoding;
import io.adapt4j.benchmarks.models.SmolLm;
import io.adapt4j.benchmarks.suite.InSuite;
import io.adapt4j.benchmarks.suite.Samples;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.serve.ModelServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Server overhead: new tokens per second of HTTP clients in a separate process, with full and
 * streamed answers, compared with as many threads that call the model in this process, alternating.
 */
@InSuite(quick = "--tokens 16 --repetitions 1", full = "")
public final class ServerOverheadBenchmark {

  private static final String OPTIONS =
      "--prompt 32 --tokens 64 --clients 8 --repetitions 5 --threads 0";
  private static final double OF_THE_PROCESS = 0.95;

  /** Warm-up rounds, during which JIT compilation competes with the model. */
  private static final int WARM_UP = 4;

  private final int clients;
  private final int tokens;
  private final int repetitions;
  private final List<String> prompts;

  private ServerOverheadBenchmark(Arguments arguments) {
    clients = arguments.number("--clients", 1);
    tokens = arguments.number("--tokens", 1);
    repetitions = arguments.number("--repetitions", 1);
    int length = arguments.number("--prompt", 1);
    prompts =
        Decoding.prompts(clients, length, 1, SmolLm.VOCABULARY).stream()
            .map(ids -> words(IntStream.of(ids)))
            .toList();
  }

  /**
   * Options: {@code --prompt} tokens, {@code --tokens} of an answer, {@code --clients}, {@code
   * --repetitions}, {@code --threads} (0: the engine's choice).
   */
  public static void main(String[] line) throws IOException {
    new ServerOverheadBenchmark(Arguments.parse(line, OPTIONS).useThreads()).run();
  }

  private void run() throws IOException {
    ExecutorService threads = Executors.newFixedThreadPool(clients);
    try (TemporaryFolder folder = TemporaryFolder.create()) {
      SmolLm.write(folder.path());
      writeTokenizer(folder.path());
      try (LanguageModel model =
              LanguageModel.load(ModelSource.path(folder.path()), Precision.BF16);
          ModelServer server = ModelServer.builder().model("m", model).start();
          ServerClient client = ServerClient.start(server.address(), tokens)) {
        measure(model, client, threads);
      }
    } finally {
      threads.shutdown();
    }
  }

  private static String words(IntStream ids) {
    return ids.mapToObj(id -> "w" + id).collect(Collectors.joining(" "));
  }

  /**
   * Writes a tokenizer with a word for each token, so that tokens decode to text as in a real
   * model.
   */
  private static void writeTokenizer(Path folder) throws IOException {
    String words =
        IntStream.range(0, SmolLm.VOCABULARY)
            .mapToObj(id -> "\"w%d\":%d".formatted(id, id))
            .collect(Collectors.joining(","));
    Files.writeString(
        folder.resolve("tokenizer.json"),
        """
        {"version":"1.0","truncation":null,"padding":null,"added_tokens":[],"normalizer":null,
         "pre_tokenizer":{"type":"Whitespace"},"post_processor":null,"decoder":null,
         "model":{"type":"WordLevel","unk_token":"w0","vocab":{%s}}}
        """
            .formatted(words));
  }

  private void measure(LanguageModel model, ServerClient client, ExecutorService threads) {
    Turns turns =
        new Turns(WARM_UP, repetitions)
            .add("texts", i -> rate(threads, prompt -> answer(model, prompt)))
            .add("whole", i -> client.rate(prompts, false))
            .add("pieces", i -> rate(threads, prompt -> answerInPieces(model, prompt)))
            .add("streams", i -> client.rate(prompts, true))
            .run();
    Report report = new Report("A server beside its model in this process, 135M shape, bf16");
    report.line(
        "setting",
        "%d clients, %d new tokens each, medians of %d in turns",
        clients,
        tokens,
        repetitions);
    figure(report, "whole answers", turns.of("whole"), turns.of("texts"));
    figure(report, "streams", turns.of("streams"), turns.of("pieces"));
    report.print();
  }

  private static void figure(Report report, String what, Samples over, Samples inside) {
    report.line(
        what, "%.1f tokens/s, in this process %.1f tokens/s", over.median(), inside.median());
    report.figure(
        over.map(rate -> rate / inside.median())
            .largerRatio(what)
            .target(OF_THE_PROCESS)
            .label(what + " over HTTP, of the rate in this process"));
  }

  private double rate(ExecutorService threads, Function<String, Integer> answerer) {
    long begun = System.nanoTime();
    List<Integer> tokens = Timing.together(prompts, threads, answerer);
    return tokens.stream().mapToInt(Integer::intValue).sum() / Timing.since(begun);
  }

  private GenerationOptions options() {
    return GenerationOptions.greedy().toBuilder().maxNewTokens(tokens).build();
  }

  private int answer(LanguageModel model, String prompt) {
    return model.generate(prompt, options()).split(" ", -1).length;
  }

  private int answerInPieces(LanguageModel model, String prompt) {
    StringBuilder text = new StringBuilder();
    return model.generate(prompt, options(), text::append).tokenIds().size();
  }
}
