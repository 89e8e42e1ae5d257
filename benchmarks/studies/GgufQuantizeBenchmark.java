import io.adapt4j.benchmarks.harness.Arguments;
import io.adapt4j.benchmarks.harness.Measurement;
import io.adapt4j.benchmarks.harness.OwnProcess;
import io.adapt4j.benchmarks.harness.Report;
import io.adapt4j.benchmarks.harness.TemporaryFolder;
import io.adapt4j.benchmarks.harness.Timing;
import io.adapt4j.benchmarks.models.LlamaCpp;
import io.adapt4j.gguf.format.GgufMetadata;
import io.adapt4j.gguf.format.GgufWriter;
import io.adapt4j.gguf.format.QuantizedSource;
import io.adapt4j.gguf.format.TensorSource;
import io.adapt4j.gguf.format.TensorType;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;

/**
 * Benchmark of quantization for GGUF files: values per second for each type, and the time for a
 * model of TinyLlama 1.1B's shape in the Q4_K_M mixture. Compared with ggml's quantizer on as many
 * threads, if node-llama-cpp and Python are available.
 */
public final class GgufQuantizeBenchmark {

  private static final String OPTIONS =
      "--rows 2048 --repetitions 7 --layers 22 --threads 0 --llama.cpp --folder";

  /** Number of warm-up runs: the JIT needs a few million values. */
  private static final int WARM_UPS = 5;

  private static final int COLUMNS = 2048;
  private static final int KEYS = 256;
  private static final int MLP = 5632;
  private static final int VOCABULARY = 32000;

  private static final List<TensorType> TYPES =
      List.of(
          TensorType.F16,
          TensorType.BF16,
          TensorType.Q8_0,
          TensorType.Q4_0,
          TensorType.Q5_0,
          TensorType.Q4_K,
          TensorType.Q5_K,
          TensorType.Q6_K);

  private final int threads;
  private final int repetitions;
  private final int layers;
  private final float[] sample;
  private final LlamaCpp llama;
  private final Report report = new Report("Quantizing for GGUF files");

  private GgufQuantizeBenchmark(Arguments arguments) {
    layers = arguments.number("--layers", 1);
    repetitions = arguments.number("--repetitions", 1);
    int asked = arguments.number("--threads", 0);
    threads = asked > 0 ? asked : Runtime.getRuntime().availableProcessors();
    llama = LlamaCpp.in(arguments.text("--llama.cpp"));
    sample = new float[arguments.number("--rows", 1) * COLUMNS];
    Random random = new Random(17);
    for (int i = 0; i < sample.length; i++) {
      sample[i] = (float) (0.02 * random.nextGaussian());
    }
  }

  /**
   * Options: {@code --rows} of 2048 columns in the sample, {@code --repetitions}, {@code --layers}
   * of the model, {@code --threads} (0: the machine's processors), {@code --llama.cpp} a folder
   * with node-llama-cpp, {@code --folder} where the model is written.
   */
  public static void main(String[] line) {
    Arguments arguments = Arguments.parse(line, OPTIONS);
    GgufQuantizeBenchmark benchmark = new GgufQuantizeBenchmark(arguments);
    TemporaryFolder.run(arguments.text("--folder"), benchmark::run);
    benchmark.report.print();
  }

  private void run(Path folder) {
    report.line("setting", "%d threads, %d values of a type", threads, sample.length);
    Map<TensorType, Double> ours = new EnumMap<>(TensorType.class);
    TYPES.forEach(type -> ours.put(type, measure(type)));
    Map<TensorType, Double> theirs = new EnumMap<>(TensorType.class);
    if (llama.isPresent()) {
      OwnProcess process = ggml(sample.length / COLUMNS, repetitions);
      TYPES.forEach(type -> theirs.put(type, process.samples(type + " ").median()));
    } else {
      report.line("ggml", "not measured: %s", llama.absence());
    }
    for (TensorType type : TYPES) {
      double rate = sample.length / ours.get(type) / 1e6;
      report.figure(Measurement.larger(type.name(), "million values/s", rate));
      if (theirs.containsKey(type)) {
        report.figure(
            Measurement.largerRatio(type + ": ggml / ours", theirs.get(type) / ours.get(type))
                .label("quantizing, over ggml: " + type));
      }
    }
    write(folder, theirs);
  }

  private double measure(TensorType type) {
    QuantizedSource source = source("sample", type, COLUMNS, sample.length / COLUMNS);
    return Timing.seconds(WARM_UPS, repetitions, i -> write(source)).median();
  }

  private static void write(TensorSource source) {
    try (WritableByteChannel nowhere = Channels.newChannel(OutputStream.nullOutputStream())) {
      source.writeTo(nowhere);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private QuantizedSource source(String name, TensorType type, long columns, long rows) {
    return QuantizedSource.of(
            name,
            List.of(columns, rows),
            type,
            (first, target, count) -> {
              for (int i = 0; i < count; ) {
                int from = (int) ((first + i) % sample.length);
                int copied = Math.min(count - i, sample.length - from);
                System.arraycopy(sample, from, target, i, copied);
                i += copied;
              }
            })
        .withThreads(threads);
  }

  private void write(Path folder, Map<TensorType, Double> theirs) {
    List<TensorSource> tensors = new ArrayList<>();
    tensors.add(source("token_embd.weight", TensorType.Q4_K, COLUMNS, VOCABULARY));
    tensors.add(source("output.weight", TensorType.Q6_K, COLUMNS, VOCABULARY));
    for (int i = 0; i < layers; i++) {
      String layer = "blk." + i + ".";
      TensorType better = isBetter(i) ? TensorType.Q6_K : TensorType.Q4_K;
      tensors.add(source(layer + "attn_q.weight", TensorType.Q4_K, COLUMNS, COLUMNS));
      tensors.add(source(layer + "attn_k.weight", TensorType.Q4_K, COLUMNS, KEYS));
      tensors.add(source(layer + "attn_v.weight", better, COLUMNS, KEYS));
      tensors.add(source(layer + "attn_output.weight", TensorType.Q4_K, COLUMNS, COLUMNS));
      tensors.add(source(layer + "ffn_gate.weight", TensorType.Q4_K, COLUMNS, MLP));
      tensors.add(source(layer + "ffn_up.weight", TensorType.Q4_K, COLUMNS, MLP));
      tensors.add(source(layer + "ffn_down.weight", better, MLP, COLUMNS));
    }
    double peer = 0;
    double values = 0;
    for (TensorSource tensor : tensors) {
      double elements =
          tensor.shape().stream().mapToDouble(Long::doubleValue).reduce(1, (a, b) -> a * b);
      values += elements;
      peer += elements / sample.length * theirs.getOrDefault(tensor.type(), 0.0);
    }
    long begun = System.nanoTime();
    GgufMetadata none = GgufMetadata.builder().build();
    GgufWriter.write(folder.resolve("quantized.gguf"), none, tensors);
    double seconds = Timing.since(begun);
    report.line("Q4_K_M", "%.0f million values in %.1f s, on the disk", values / 1e6, seconds);
    if (peer > 0) {
      report.line("ggml", "%.1f s for the quantizing alone, by its rates above", peer);
      report.figure(
          Measurement.largerRatio("Q4_K_M: ggml / ours", peer / seconds)
              .target(1)
              .label("writing a model in Q4_K_M, over ggml's quantizer alone"));
    }
  }

  /** Quantizes random values with ggml. */
  private OwnProcess ggml(int rows, int times) {
    Path packages = llama.folder().resolve("node_modules/@node-llama-cpp/linux-x64");
    List<String> command = new ArrayList<>();
    command.add("python3");
    command.add("benchmarks/studies/ggml-quantize.py");
    try (Stream<Path> files = Files.walk(packages)) {
      command.add(
          files
              .filter(file -> file.endsWith("libggml-base.so"))
              .findFirst()
              .orElseThrow(() -> new IllegalStateException("no libggml-base.so in " + packages))
              .toString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    for (int number : new int[] {rows, COLUMNS, threads, times}) {
      command.add(String.valueOf(number));
    }
    TYPES.forEach(type -> command.add(type + "=" + type.id()));
    return OwnProcess.run("ggml", new ProcessBuilder(command));
  }

  /**
   * Returns whether the mixture gives a layer more bits: the first, the last and every third
   * between.
   */
  private boolean isBetter(int layer) {
    int eighth = layers / 8;
    return layer < eighth || layer >= 7 * layers / 8 || (layer - eighth) % 3 == 2;
  }
}
