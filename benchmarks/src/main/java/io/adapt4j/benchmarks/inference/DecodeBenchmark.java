package io.adapt4j.benchmarks.inference;

import io.adapt4j.benchmarks.harness.Arguments;
import io.adapt4j.benchmarks.harness.InSuite;
import io.adapt4j.benchmarks.harness.Machine;
import io.adapt4j.benchmarks.harness.Measurement;
import io.adapt4j.benchmarks.harness.Peer;
import io.adapt4j.benchmarks.harness.ReadBandwidth;
import io.adapt4j.benchmarks.harness.Report;
import io.adapt4j.benchmarks.harness.Samples;
import io.adapt4j.benchmarks.harness.TemporaryFolder;
import io.adapt4j.benchmarks.harness.Timing;
import io.adapt4j.benchmarks.models.Decoding;
import io.adapt4j.benchmarks.models.LlamaCpp;
import io.adapt4j.benchmarks.models.LlamaGguf;
import io.adapt4j.benchmarks.models.SmolLm;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.gguf.format.TensorType;
import io.adapt4j.qlora.Quantization;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Greedy generation with a 135M-parameter model: speed and memory bandwidth utilization. */
@InSuite(
    quick = "--prompt 64 --tokens 64 --repetitions 3",
    published = {
      "--tokens 64",
      "--tokens 32 --repetitions 3 --threads 1",
      "--precision int8 --tokens 32",
      "--precision int8 --tokens 32 --repetitions 3 --threads 1",
      "--prompt 512 --tokens 32 --batch 2",
      "--precision int8 --prompt 512 --tokens 32 --batch 2"
    },
    full = {"", "--precision fp32", "--precision int8"})
public final class DecodeBenchmark {

  private static final String OPTIONS =
      "--precision bf16 --prompt 128 --tokens 128 --batch 8 --repetitions 5 "
          + "--threads 0 --llama.cpp";
  private static final String INT8 = "int8";
  private static final String INT8_OUTPUT = "int8-output";

  /** Tokens of the prompt for a new one from which a run is about the prompt, not decoding. */
  private static final int OF_PROMPT = 8;

  private static final double BANDWIDTH_TARGET = 0.42;
  private static final double BATCH_TARGET = 3.5;

  private final String precision;
  private final int promptLength;
  private final int newTokens;
  private final int batch;
  private final int repetitions;
  private final int threads;
  private final String model;
  private final LlamaCpp llama;
  private final Map<Integer, LlamaCpp.Rates> peerRates = new LinkedHashMap<>();

  private DecodeBenchmark(Arguments arguments) {
    precision = arguments.oneOf("--precision", Set.of("bf16", "fp32", INT8, INT8_OUTPUT));
    promptLength = arguments.number("--prompt", 1);
    newTokens = arguments.number("--tokens", 2);
    batch = arguments.number("--batch", 2);
    repetitions = arguments.number("--repetitions", 1);
    threads = arguments.number("--threads", 0);
    model = "135M model, %s%s".formatted(precision, arguments.threadsText());
    llama = LlamaCpp.in(arguments.text("--llama.cpp"));
  }

  /** Times of a generation and of its prompt alone, with its number of rows. */
  private record Times(int rows, int tokens, Samples whole, Samples prompts) {

    double prompt() {
      return prompts.median();
    }

    /** Returns new tokens per second, including the prompt's time. */
    double rate() {
      return rows * tokens / whole.median();
    }

    /** Returns new tokens per second after the first. */
    Samples decodeRates() {
      return whole.map(seconds -> rows * (tokens - 1) / (seconds - prompt()));
    }

    double decodeRate() {
      return decodeRates().median();
    }
  }

  /**
   * Options: {@code --precision bf16|fp32|int8|int8-output} (int8: linear weights in 8 bits,
   * computed in bf16; int8-output: also the output layer), {@code --prompt}, {@code --tokens},
   * {@code --batch}, {@code --repetitions}, {@code --threads} (0: the engine's choice), {@code
   * --llama.cpp} a folder with node-llama-cpp, which then alternates decoding the same shape in
   * BF16 or Q8_0.
   */
  public static void main(String[] line) {
    Arguments arguments = Arguments.parse(line, OPTIONS).useThreads();
    new DecodeBenchmark(arguments).run();
  }

  private void run() {
    ReadBandwidth bandwidth = new ReadBandwidth();
    bandwidth.measure();
    try (TemporaryFolder folder = TemporaryFolder.create()) {
      SmolLm.write(folder.path());
      try (LanguageModel model =
          LanguageModel.load(ModelSource.path(folder.path()), format(), compute())) {
        Times timing = time(model, 1);
        Times many = time(model, batch);
        peers(folder.path());
        bandwidth.measure();
        report(SmolLm.bytes(format(), folder.path(), compute()), timing, many, bandwidth);
      }
    }
  }

  /** Runs llama.cpp, if available, between our two bandwidth measurements. */
  private void peers(Path folder) {
    if (!llama.isPresent() || precision.equals("fp32")) {
      return;
    }
    TensorType weights = peerType();
    Path file = folder.resolve("model.gguf");
    LlamaGguf.write(ModelConfig.read(folder), folder, weights, true, file);
    for (int rows : List.of(1, batch)) {
      peerRates.put(rows, llama.decode(file, promptLength, newTokens, rows, repetitions, threads));
    }
  }

  private TensorType peerType() {
    return precision.startsWith(INT8) ? TensorType.Q8_0 : TensorType.BF16;
  }

  private Times time(LanguageModel model, int rows) {
    List<int[]> prompts = Decoding.prompts(rows, promptLength, 1, SmolLm.VOCABULARY);
    time(model, prompts, newTokens, 1);
    return new Times(
        rows,
        newTokens,
        time(model, prompts, newTokens, repetitions),
        time(model, prompts, 1, repetitions));
  }

  private static Samples time(LanguageModel model, List<int[]> prompts, int tokens, int times) {
    return Timing.seconds(
        0,
        times,
        i -> {
          List<int[]> ids = model.generateIds(prompts, Decoding.greedy(tokens));
          if (ids.stream().anyMatch(row -> row.length != tokens)) {
            throw new IllegalStateException("A row ended before its " + tokens + " tokens");
          }
        });
  }

  private WeightFormat format() {
    return precision.startsWith(INT8)
        ? Quantization.int8().outputLayer(precision.equals(INT8_OUTPUT))
        : WeightFormat.asStored();
  }

  private Precision compute() {
    return precision.equals("fp32") ? Precision.FP32 : Precision.BF16;
  }

  private void report(long bytes, Times other, Times many, ReadBandwidth bandwidth) {
    Report report = new Report("Greedy decoding, SmolLM2-135M's shape, random weights");
    report.line(
        "setting",
        "%s, prompt %d + %d new tokens, medians of %d",
        precision,
        promptLength,
        newTokens,
        repetitions);
    for (Times timing : List.of(other, many)) {
      report.line(
          "batch " + timing.rows(),
          "%.1f tokens/s, prompt included (prompt %.0f ms, then %.1f tokens/s)",
          timing.rate(),
          timing.prompt() * 1e3,
          timing.decodeRate());
      String name = "batch " + timing.rows();
      Samples rates = timing.decodeRates();
      LlamaCpp.Rates theirs = peerRates.get(timing.rows());
      report.keep(
          rates
              .larger(name, "tokens/s")
              .label(label("decoding with a " + model + ": " + name))
              .beside(
                  theirs == null
                      ? null
                      : theirs
                          .decode()
                          .of(llama.peer(peerType().name()), rates.over(theirs.decode()))));
    }
    for (Times timing : List.of(other, many)) {
      peer(report, timing);
    }
    report.line(
        "memory reads",
        "%.1f GB/s, the fastest of: %s",
        bandwidth.best() / 1e9,
        bandwidth.details());
    report.line("weights", "%.0f MB, read once a token", bytes / 1e6);
    report.figure(
        other
            .decodeRates()
            .errorOf(
                Measurement.largerRatio(
                    "of the bandwidth", bytes * other.decodeRate() / bandwidth.best()))
            .target(BANDWIDTH_TARGET)
            .label(label("decoding with a " + model + ": batch 1, share of the memory bandwidth")));
    report.line(
        "", "%.3f with the prompt's time included", bytes * other.rate() / bandwidth.best());
    String batches = "batch " + many.rows() + " / 1";
    report.figure(
        Measurement.largerRatio(batches, many.decodeRate() / other.decodeRate())
            .target(BATCH_TARGET)
            .label(label("decoding with a " + model + ": " + batches)));
    reportPrompt(report, other);
    report.keep(Measurement.smaller("peak resident", "GB", Machine.peakResident() / 1e9));
    report.line("", "%.3f with the prompts' time included", many.rate() / other.rate());
    report.line("peak resident", "%.2f GB of the process", Machine.peakResident() / 1e9);
    report.print();
  }

  /** Labels what is measured of new tokens, unless the run is about the prompt. */
  private String label(String text) {
    return isAboutPrompt() ? "" : text;
  }

  private boolean isAboutPrompt() {
    return promptLength >= OF_PROMPT * newTokens;
  }

  private void reportPrompt(Report report, Times times) {
    Samples milliseconds = times.prompts().map(seconds -> seconds * 1e3);
    LlamaCpp.Rates rates = peerRates.get(times.rows());
    Peer peer = null;
    if (rates != null) {
      Samples theirs = rates.prompt().map(seconds -> seconds * 1e3);
      peer = theirs.of(llama.peer(peerType().name()), theirs.over(milliseconds));
    }
    report.keep(
        milliseconds
            .smaller("prompt", "ms")
            .label(isAboutPrompt() ? "prompt of " + promptLength + " tokens, " + model : "")
            .beside(peer));
  }

  /** Reports llama.cpp's result for the same number of rows. */
  private void peer(Report report, Times ours) {
    LlamaCpp.Rates theirs = peerRates.get(ours.rows());
    if (theirs == null) {
      report.line("llama.cpp", "not measured: %s", llama.absence());
      return;
    }
    report.line(
        "llama.cpp",
        "batch %d: prompt %.0f ms, then %.1f tokens/s",
        ours.rows(),
        theirs.prompt().median() * 1e3,
        theirs.decode().median());
    report.figure(
        Measurement.largerRatio(
            "over llama.cpp, batch " + ours.rows(), ours.decodeRate() / theirs.decode().median()));
  }
}
