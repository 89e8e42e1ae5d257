package io.adapt4j.benchmarks;

import io.adapt4j.benchmarks.suite.InSuite;
import io.adapt4j.benchmarks.suite.Measurement;
import io.adapt4j.benchmarks.suite.Samples;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.LinearSlot;
import io.adapt4j.core.internal.nn.WeightMechanics;
import io.adapt4j.core.internal.tensor.Processor;
import io.adapt4j.gguf.format.TensorType;
import io.adapt4j.qlora.Quantization;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Decoding one text with a Llama of random weights in NF4, beside llama.cpp with the same weights
 * in Q4_0: each in its own process, by turns, on the same number of threads.
 */
@InSuite(quick = "--shape 30m --tokens 32 --rounds 1", full = "--shape 1.1b --rounds 5")
public final class FourBitDecodeBenchmark {

  private static final Map<String, String> DEFAULTS =
      Map.of(
          "--shape", "1.1b",
          "--part", "all",
          "--prompt", "16",
          "--tokens", "64",
          "--repetitions", "3",
          "--rounds", "3",
          "--threads", "0",
          "--folder", "");

  /** Shapes whose rows are whole blocks in both formats, and whose vocabulary has its own end. */
  private static final Set<String> SHAPES = Set.of("small", "30m", "1.1b");

  private static final double TARGET = 1;
  private static final String NF4 = "nf4";
  private static final String BF16 = "bf16";

  private final Arguments arguments;
  private final LlamaShape shape;
  private final ReadBandwidth bandwidth = new ReadBandwidth();
  private final Report report;

  private FourBitDecodeBenchmark(Arguments arguments) {
    this.arguments = arguments;
    this.shape = LlamaShape.named(arguments.oneOf("--shape", SHAPES));
    this.report =
        new Report("Decoding with a Llama of the shape " + shape.name() + ", random weights");
  }

  /**
   * Runs the benchmark.
   *
   * @param line {@code --shape small|30m|1.1b}, {@code --part all|nf4|bf16|llama.cpp} (all: NF4 and
   *     llama.cpp in turn), {@code --prompt}, {@code --tokens}, {@code --repetitions} (in a
   *     process; the middle one counts), {@code --rounds} (processes of each), {@code --threads}
   *     (0: the machine's processors), {@code --folder} (keeps checkpoint and GGUF file there for
   *     the next time; 2.8 GB for 1.1b)
   */
  public static void main(String[] line) {
    Arguments arguments = Arguments.parse(line, DEFAULTS, Set.of());
    FourBitDecodeBenchmark benchmark = new FourBitDecodeBenchmark(arguments);
    TemporaryFolder.run(arguments.text("--folder"), benchmark::run);
    benchmark.report.print();
  }

  private void run(Path folder) {
    Path file = folder.resolve("model-q4_0.gguf");
    if (!Files.exists(folder.resolve("config.json"))) {
      shape.write(folder);
    }
    if (!Files.exists(file)) {
      LlamaGguf.write(shape.config(), folder, TensorType.Q4_0, file);
    }
    Machine.describe(report);
    report.line(
        "setting",
        "prompt %s + %s new tokens, %s processes each, medians of %s in each",
        arguments.text("--prompt"),
        arguments.text("--tokens"),
        arguments.text("--rounds"),
        arguments.text("--repetitions"));
    String part = arguments.oneOf("--part", Set.of("all", NF4, BF16, FourBitDecodeCase.LLAMA));
    List<String> parts = part.equals("all") ? List.of(NF4, FourBitDecodeCase.LLAMA) : List.of(part);
    Map<String, List<OwnProcess>> found = measure(parts, folder, file);
    parts.forEach(text -> report(text, found.get(text)));
    report.line(
        "memory reads",
        "%.1f GB/s, the fastest of: %s",
        bandwidth.best() / 1e9,
        bandwidth.details());
    if (part.equals("all")) {
      compare(found);
    }
  }

  private Map<String, List<OwnProcess>> measure(List<String> parts, Path folder, Path file) {
    int processors = Runtime.getRuntime().availableProcessors();
    int threads = arguments.number("--threads", 0);
    Map<String, List<OwnProcess>> found = new HashMap<>();
    bandwidth.measure();
    for (int round = 0; round < arguments.number("--rounds", 1); round++) {
      for (String part : parts) {
        FourBitDecodeCase fourBitDecodeCase =
            new FourBitDecodeCase(
                part,
                arguments.number("--prompt", 2),
                arguments.number("--tokens", 2),
                arguments.number("--repetitions", 1),
                threads > 0 ? threads : processors);
        Path model = part.equals(FourBitDecodeCase.LLAMA) ? file : folder;
        found.computeIfAbsent(part, key -> new ArrayList<>()).add(fourBitDecodeCase.run(model));
      }
    }
    bandwidth.measure();
    return found;
  }

  private static Samples rates(List<OwnProcess> processes) {
    return samples(processes, FourBitDecodeCase.RATE);
  }

  private static Samples samples(List<OwnProcess> processes, String words) {
    return Samples.of(processes.stream().mapToDouble(process -> process.number(words)).toArray());
  }

  private void report(String part, List<OwnProcess> processes) {
    Samples rates = rates(processes);
    long bytes = bytes(part);
    double floor = bandwidth.best() / bytes;
    report.figure(rates.errorOf(Measurement.larger(part, "tokens/s", rates.median())));
    report.line(
        "",
        "%.0f MB of weights a token, %.3f of the %.1f tokens/s at which they can be read",
        bytes / 1e6,
        rates.median() / floor,
        floor);
    Samples loading = samples(processes, FourBitDecodeCase.LOADING);
    report.figure(loading.errorOf(Measurement.smaller(part + ": loading", "s", loading.median())));
  }

  /** What a token reads: all linear layers and the output layer, which NF4 leaves unquantized. */
  private long bytes(String part) {
    try (Decoder decoder = shape.declare()) {
      long weights = SmolLm.matmulParameters(decoder);
      if (part.equals(FourBitDecodeCase.LLAMA)) {
        return TensorType.Q4_0.bytes(weights);
      }
      if (part.equals(BF16)) {
        return weights * Short.BYTES;
      }
      long packed =
          decoder.layerLinears().stream().mapToLong(FourBitDecodeBenchmark::packedBytes).sum();
      // Precision.AUTO computes in bf16 only where the processor does.
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

  private void compare(Map<String, List<OwnProcess>> found) {
    List<OwnProcess> ours = found.get(NF4);
    List<OwnProcess> theirs = found.get(FourBitDecodeCase.LLAMA);
    double[] ratios =
        IntStream.range(0, ours.size())
            .mapToDouble(
                round ->
                    ours.get(round).number(FourBitDecodeCase.RATE)
                        / theirs.get(round).number(FourBitDecodeCase.RATE))
            .toArray();
    Samples samples = Samples.of(ratios);
    report.figure(
        samples
            .errorOf(Measurement.largerRatio("NF4 / llama.cpp", samples.median()))
            .target(TARGET)
            .label("decoding with a " + shape.name() + " Llama in NF4, over llama.cpp in Q4_0"));
  }
}
