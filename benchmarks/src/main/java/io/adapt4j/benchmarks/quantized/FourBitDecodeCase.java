package io.adapt4j.benchmarks.quantized;

import de.kherud.llama.InferenceParameters;
import de.kherud.llama.LlamaModel;
import de.kherud.llama.ModelParameters;
import de.kherud.llama.args.Sampler;
import io.adapt4j.benchmarks.harness.Arguments;
import io.adapt4j.benchmarks.harness.Timing;
import io.adapt4j.benchmarks.harness.Turns;
import io.adapt4j.benchmarks.models.Decoding;
import io.adapt4j.benchmarks.models.LlamaGguf;
import io.adapt4j.benchmarks.suite.InSuite;
import io.adapt4j.benchmarks.suite.Samples;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.qlora.Quantization;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * A decoder of {@link FourBitDecodeBenchmark}, and the program that runs it in a separate process.
 */
@InSuite(leftOut = "a part of FourBitDecodeBenchmark")
record FourBitDecodeCase(Arguments arguments, String part, int batch, int prompt, int tokens) {

  static final String LLAMA = "llama.cpp";
  static final String ROUNDED = "nf4-int8";
  static final String RATE = "tokens a second ";
  static final String LOADING = "seconds of loading ";

  private FourBitDecodeCase(Arguments arguments) {
    this(
        arguments,
        arguments.text("--part"),
        arguments.number("--batch", 1),
        arguments.number("--prompt", 2),
        arguments.number("--tokens", 2));
  }

  /** Decodes, and prints the speed; the options are the benchmark's. */
  public static void main(String[] line) {
    Arguments arguments = Arguments.parse(line, FourBitDecodeBenchmark.OPTIONS);
    FourBitDecodeCase decoding = new FourBitDecodeCase(arguments);
    Path model = Path.of(arguments.text("--folder"));
    if (decoding.part.equals(LLAMA)) {
      // Its binding leaves a thread attached to the JVM, which would wait for it at exit.
      Thread.setDefaultUncaughtExceptionHandler(
          (thread, problem) -> {
            problem.printStackTrace();
            System.exit(1);
          });
      decoding.decodeByLlama(model);
      System.exit(0);
    } else {
      decoding.decode(model);
    }
  }

  private void decode(Path folder) {
    arguments.useThreads();
    List<int[]> prompts = Collections.nCopies(batch, IntStream.rangeClosed(1, prompt).toArray());
    long begun = System.nanoTime();
    try (LanguageModel model = load(ModelSource.path(folder))) {
      System.out.println(LOADING + Timing.since(begun));
      measure(
          count ->
              require(count, model.generateIds(prompts, Decoding.greedy(count)).get(0).length));
    }
  }

  private LanguageModel load(ModelSource source) {
    return switch (part) {
      case "nf4" -> LanguageModel.load(source, Quantization.nf4());
      case ROUNDED -> LanguageModel.load(source, WeightFormat.int8Activations(Quantization.nf4()));
      default -> LanguageModel.load(source, Precision.BF16);
    };
  }

  /** Decodes with llama.cpp, which adds the first token of the prompt itself. */
  private void decodeByLlama(Path file) {
    int threads = arguments.number("--threads", 1);
    // Its library is extracted here; older files with this prefix are deleted first.
    System.setProperty("de.kherud.llama.tmpdir", file.getParent().toString());
    ModelParameters parameters =
        new ModelParameters()
            .setModel(file.toString())
            .setThreads(threads)
            .setThreadsBatch(threads)
            .setCtxSize(prompt + tokens + 1)
            .disableLog();
    long begun = System.nanoTime();
    try (LlamaModel model = new LlamaModel(parameters)) {
      System.out.println(LOADING + Timing.since(begun));
      String text = LlamaGguf.text(prompt - 1);
      measure(
          count -> {
            InferenceParameters options =
                new InferenceParameters(text)
                    .setNPredict(count)
                    .setIgnoreEos(true)
                    .setCachePrompt(false)
                    .setSamplers(Sampler.TOP_K)
                    .setTopK(1);
            require(count, model.complete(options).length());
          });
    }
  }

  private static void require(int expected, int found) {
    if (found != expected) {
      throw new IllegalStateException("Expected " + expected + " tokens, found " + found);
    }
  }

  /** Measures the tokens after the first by subtraction, which cancels the prompt's time. */
  private void measure(IntConsumer generate) {
    generate.accept(tokens);
    Samples rates =
        new Turns(0, arguments.number("--repetitions", 1))
            .add("", i -> rate(generate))
            .run()
            .of("");
    System.out.println(RATE + rates.median());
  }

  private double rate(IntConsumer generate) {
    double first = Timing.seconds(() -> generate.accept(1));
    return batch * (tokens - 1) / (Timing.seconds(() -> generate.accept(tokens)) - first);
  }
}
