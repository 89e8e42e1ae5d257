package io.adapt4j.benchmarks;

import de.kherud.llama.InferenceParameters;
import de.kherud.llama.LlamaModel;
import de.kherud.llama.ModelParameters;
import de.kherud.llama.args.Sampler;
import io.adapt4j.benchmarks.suite.InSuite;
import io.adapt4j.benchmarks.suite.Samples;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.tensor.Torch;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.qlora.Quantization;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * A decoder of {@link FourBitDecodeBenchmark}, and the program that runs it in a separate process.
 */
@InSuite(leftOut = "a part of FourBitDecodeBenchmark")
record FourBitDecodeCase(
    String part, int batch, int prompt, int tokens, int repetitions, int threads) {

  static final String LLAMA = "llama.cpp";
  static final String ROUNDED = "nf4-int8";
  static final String RATE = "tokens a second ";
  static final String LOADING = "seconds of loading ";

  /** Runs it. */
  OwnProcess run(Path model) {
    return OwnProcess.run(
        FourBitDecodeCase.class, part, batch, prompt, tokens, repetitions, threads, model);
  }

  /** Decodes, and prints the speed. */
  public static void main(String[] line) {
    int[] numbers = Arrays.stream(line, 1, 6).mapToInt(Integer::parseInt).toArray();
    FourBitDecodeCase fourBitDecodeCase =
        new FourBitDecodeCase(line[0], numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]);
    Path model = Path.of(line[6]);
    if (fourBitDecodeCase.part.equals(LLAMA)) {
      // Its binding leaves a thread attached to the JVM, which would wait for it at exit.
      Thread.setDefaultUncaughtExceptionHandler(
          (thread, problem) -> {
            problem.printStackTrace();
            System.exit(1);
          });
      fourBitDecodeCase.decodeByLlama(model);
      System.exit(0);
    } else {
      fourBitDecodeCase.decode(model);
    }
  }

  private void decode(Path folder) {
    Torch.threads(threads);
    GenerationOptions greedy = GenerationOptions.greedy().toBuilder().ignoreEos(true).build();
    List<int[]> prompts = Collections.nCopies(batch, IntStream.rangeClosed(1, prompt).toArray());
    long begun = System.nanoTime();
    try (LanguageModel model = load(ModelSource.path(folder))) {
      System.out.println(LOADING + secondsSince(begun));
      measure(
          count -> {
            GenerationOptions options = greedy.toBuilder().maxNewTokens(count).build();
            require(count, model.generateIds(prompts, options).get(0).length);
          });
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
      System.out.println(LOADING + secondsSince(begun));
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
    double[] rates = new double[repetitions];
    for (int i = 0; i < repetitions; i++) {
      double first = Timing.seconds(() -> generate.accept(1));
      rates[i] = batch * (tokens - 1) / (Timing.seconds(() -> generate.accept(tokens)) - first);
    }
    System.out.println(RATE + Samples.of(rates).median());
  }

  private static double secondsSince(long begun) {
    return (System.nanoTime() - begun) / 1e9;
  }
}
