package io.adapt4j.benchmarks.quantized;

import de.kherud.llama.InferenceParameters;
import de.kherud.llama.LlamaModel;
import de.kherud.llama.ModelParameters;
import de.kherud.llama.args.Sampler;
import io.adapt4j.benchmarks.harness.Arguments;
import io.adapt4j.benchmarks.harness.InSuite;
import io.adapt4j.benchmarks.harness.OwnProcess;
import io.adapt4j.benchmarks.harness.Peer;
import io.adapt4j.benchmarks.harness.ReadBandwidth;
import io.adapt4j.benchmarks.harness.Report;
import io.adapt4j.benchmarks.harness.Samples;
import io.adapt4j.benchmarks.harness.TemporaryFolder;
import io.adapt4j.benchmarks.harness.Timing;
import io.adapt4j.benchmarks.harness.Turns;
import io.adapt4j.benchmarks.models.Decoding;
import io.adapt4j.benchmarks.models.LlamaCpp;
import io.adapt4j.benchmarks.models.LlamaGguf;
import io.adapt4j.benchmarks.models.LlamaShape;
import io.adapt4j.benchmarks.models.SmolLm;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.weights.WeightMechanics;
import io.adapt4j.core.internal.tensor.host.Processor;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.gguf.format.TensorType;
import io.adapt4j.kernels.internal.BlockMatrix;
import io.adapt4j.kernels.internal.BlockType;
import io.adapt4j.qlora.Quantization;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * Compares decoding a Llama with random weights in NF4 with llama.cpp on the same weights in Q4_0,
 * in alternating processes with the same number of threads.
 */
@InSuite(
    quick = "--shape 30m --tokens 32 --rounds 1",
    published = {
      "--shape 1.1b --tokens 32",
      "--shape 1.1b --tokens 32 --repetitions 1 --threads 1"
    },
    full = "--shape 1.1b --rounds 5")
public final class FourBitDecodeBenchmark {

  static final String OPTIONS =
      "--shape 1.1b --part all --batch 1 --prompt 16 --tokens 64 --repetitions 3 "
          + "--rounds 3 --threads 0 --folder --llama.cpp";

  /**
   * Shapes whose rows are multiples of both formats' blocks, and whose vocabulary has an
   * end-of-text token.
   */
  private static final Set<String> SHAPES = Set.of("small", "30m", "1.1b");

  private static final double TARGET = 1;
  private static final String NF4 = "nf4";
  private static final String BF16 = "bf16";
  private static final Set<String> PARTS =
      Set.of(
          "all",
          "both",
          NF4,
          FourBitDecodeCase.ROUNDED,
          FourBitDecodeCase.ROUNDED_FP4,
          BF16,
          FourBitDecodeCase.LLAMA);

  private final Arguments arguments;
  private final LlamaShape shape;
  private final LlamaCpp installed;
  private final ReadBandwidth bandwidth = new ReadBandwidth();
  private final Report report;

  private FourBitDecodeBenchmark(Arguments arguments) {
    this.arguments = arguments;
    this.shape = LlamaShape.named(arguments.oneOf("--shape", SHAPES));
    this.installed = LlamaCpp.in(arguments.text("--llama.cpp"));
    this.report =
        new Report("Decoding with a Llama of the shape " + shape.name() + ", random weights");
  }

  /**
   * Measurements of a process.
   *
   * @param loading loading time in seconds, if reported
   */
  private record Run(double rate, OptionalDouble loading) {}

  /**
   * Options: {@code --shape small|30m|1.1b}, {@code --part
   * all|nf4|nf4-int8|fp4-int8|bf16|llama.cpp|both} (both: NF4 without and with activations and
   * output layer in 8 bits, alternating; all: llama.cpp too), {@code --batch} (texts at a time),
   * {@code --prompt}, {@code --tokens}, {@code --repetitions} (per process; the median counts),
   * {@code --rounds} (processes per variant), {@code --threads} (0: the machine's processors),
   * {@code --folder} (keeps checkpoint and GGUF file there for the next time; 2.8 GB for 1.1b),
   * {@code --llama.cpp} (a folder with node-llama-cpp, whose llama.cpp then decodes instead of the
   * one that this module brings).
   */
  public static void main(String[] line) {
    Arguments arguments = Arguments.parse(line, OPTIONS);
    FourBitDecodeBenchmark benchmark = new FourBitDecodeBenchmark(arguments);
    TemporaryFolder.run(arguments.text("--folder"), FourBitDecodeBenchmark.class, benchmark::run);
    benchmark.report.print();
  }

  private void run(Path folder) {
    boolean bytes = installed.isPresent();
    Path file = folder.resolve(bytes ? "model-q4_0-bytes.gguf" : "model-q4_0.gguf");
    if (!Files.exists(folder.resolve("config.json"))) {
      shape.write(folder);
    }
    if (!Files.exists(file)) {
      LlamaGguf.write(shape.config(), folder, TensorType.Q4_0, bytes, file);
    }
    report.line(
        "setting",
        "batch %s, prompt %s + %s new tokens, %s processes each, medians of %s in each",
        arguments.text("--batch"),
        arguments.text("--prompt"),
        arguments.text("--tokens"),
        arguments.text("--rounds"),
        arguments.text("--repetitions"));
    report.line(
        FourBitDecodeCase.LLAMA,
        "%s",
        installed.isPresent()
            ? "of node-llama-cpp"
            : "of de.kherud:llama, built for AVX2; for node-llama-cpp's " + installed.absence());
    String part = arguments.oneOf("--part", PARTS);
    List<String> parts =
        switch (part) {
          case "all" -> List.of(NF4, FourBitDecodeCase.ROUNDED, FourBitDecodeCase.LLAMA);
          case "both" -> List.of(NF4, FourBitDecodeCase.ROUNDED);
          default -> List.of(part);
        };
    Map<String, List<Run>> found = measure(parts, folder, file);
    for (String name : parts) {
      boolean compared = part.equals("all") && !name.equals(FourBitDecodeCase.LLAMA);
      report(name, found.get(name), compared ? peer(name, found) : null);
    }
    report.line(
        "memory reads",
        "%.1f GB/s, the fastest of: %s",
        bandwidth.best() / 1e9,
        bandwidth.details());
    if (part.equals("all")) {
      for (String name : List.of(NF4, FourBitDecodeCase.ROUNDED)) {
        report.figure(ratios(name, found).largerRatio(name + " / llama.cpp").target(TARGET));
      }
    }
  }

  private Map<String, List<Run>> measure(List<String> parts, Path folder, Path file) {
    int processors = Runtime.getRuntime().availableProcessors();
    int threads = arguments.number("--threads", 0);
    Map<String, List<Run>> found = new HashMap<>();
    bandwidth.measure();
    for (int round = 0; round < arguments.number("--rounds", 1); round++) {
      for (String part : parts) {
        Path model = part.equals(FourBitDecodeCase.LLAMA) ? file : folder;
        found
            .computeIfAbsent(part, key -> new ArrayList<>())
            .add(run(part, model, threads > 0 ? threads : processors));
      }
    }
    bandwidth.measure();
    return found;
  }

  private Run run(String part, Path model, int threads) {
    if (part.equals(FourBitDecodeCase.LLAMA) && installed.isPresent()) {
      int prompt = arguments.number("--prompt", 2);
      int tokens = arguments.number("--tokens", 2);
      int batch = arguments.number("--batch", 1);
      int repetitions = arguments.number("--repetitions", 1);
      LlamaCpp.Rates rates = installed.decode(model, prompt, tokens, batch, repetitions, threads);
      return new Run(rates.decode().median(), OptionalDouble.empty());
    }
    OwnProcess process =
        OwnProcess.run(
            FourBitDecodeCase.class,
            arguments.with("--part", part, "--threads", threads, "--folder", model));
    return new Run(
        process.number(FourBitDecodeCase.RATE),
        OptionalDouble.of(process.number(FourBitDecodeCase.LOADING)));
  }

  private static Samples rates(List<Run> runs) {
    return Samples.of(runs.stream().mapToDouble(Run::rate).toArray());
  }

  private void report(String part, List<Run> runs, Peer peer) {
    Samples rates = rates(runs);
    long bytes = bytes(part);
    double floor = bandwidth.best() / bytes;
    String label =
        "decoding with a %s Llama in NF4%s%s"
            .formatted(
                shape.name(),
                part.equals(FourBitDecodeCase.ROUNDED) ? ", activations and output in 8 bits" : "",
                arguments.threadsText());
    report.figure(rates.larger(part, "tokens/s").label(peer == null ? "" : label).beside(peer));
    report.line(
        "",
        "%.0f MB of weights a step, %.3f of the %.1f steps/s at which they can be read",
        bytes / 1e6,
        rates.median() / arguments.number("--batch", 1) / floor,
        floor);
    double[] seconds =
        runs.stream().map(Run::loading).flatMapToDouble(OptionalDouble::stream).toArray();
    if (seconds.length > 0) {
      report.figure(Samples.of(seconds).smaller(part + ": loading", "s"));
    }
  }

  /**
   * Returns the bytes read per token: all linear layers and the output layer, which NF4 by itself
   * leaves unquantized.
   */
  private long bytes(String part) {
    try (Decoder decoder = shape.declare()) {
      long weights = SmolLm.matmulParameters(decoder);
      if (part.equals(FourBitDecodeCase.LLAMA)) {
        return TensorType.Q4_0.bytes(weights);
      }
      if (part.equals(BF16)) {
        return weights * Short.BYTES;
      }
      if (part.equals(FourBitDecodeCase.ROUNDED) || part.equals(FourBitDecodeCase.ROUNDED_FP4)) {
        long output = decoder.head().weight().count();
        return BlockMatrix.bytes(BlockType.NF4, weights - output, BlockType.NF4.columns())
                / BlockType.NF4.columns()
            + BlockMatrix.bytes(BlockType.Q8_0, output, BlockType.Q8_0.columns())
                / BlockType.Q8_0.columns();
      }
      long packed =
          decoder.layerLinears().stream().mapToLong(FourBitDecodeBenchmark::packedBytes).sum();
      // Precision.AUTO computes in bf16 only if the processor supports it.
      int headBytes = Processor.hasBf16() ? Short.BYTES : Float.BYTES;
      return packed + decoder.head().weight().count() * headBytes;
    }
  }

  private static long packedBytes(LinearSlot slot) {
    long in = slot.linear().inFeatures();
    return slot.parts().stream()
        .mapToLong(
            part ->
                WeightMechanics.of(Quantization.nf4()).packing().of(part, in).orElseThrow().total())
        .sum();
  }

  /** Returns the quotients of the rounds. */
  private static Samples ratios(String part, Map<String, List<Run>> found) {
    List<Run> ours = found.get(part);
    List<Run> theirs = found.get(FourBitDecodeCase.LLAMA);
    return Samples.of(
        IntStream.range(0, ours.size())
            .mapToDouble(round -> ours.get(round).rate() / theirs.get(round).rate())
            .toArray());
  }

  private Peer peer(String part, Map<String, List<Run>> found) {
    String type = TensorType.Q4_0.name();
    Peer peer =
        installed.isPresent()
            ? installed.peer(type)
            : Peer.named("llama.cpp for AVX2", "de.kherud:llama 4.2.0", type);
    return rates(found.get(FourBitDecodeCase.LLAMA))
        .of(peer, ratios(part, found).largerRatio(peer.name()));
  }

  /**
   * A decoder of {@link FourBitDecodeBenchmark}, and the program that runs it in a separate
   * process.
   */
  record FourBitDecodeCase(Arguments arguments, String part, int batch, int prompt, int tokens) {

    static final String LLAMA = "llama.cpp";
    static final String ROUNDED = "nf4-int8";
    static final String ROUNDED_FP4 = "fp4-int8";
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
        case ROUNDED -> load(source, Quantization.nf4());
        case ROUNDED_FP4 -> load(source, Quantization.fp4());
        default -> LanguageModel.load(source, Precision.BF16);
      };
    }

    private static LanguageModel load(ModelSource source, Quantization rounded) {
      return LanguageModel.load(source, WeightFormat.int8Activations(rounded.outputLayer(true)));
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
}
