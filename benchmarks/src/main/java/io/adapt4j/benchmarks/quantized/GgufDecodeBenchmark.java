package io.adapt4j.benchmarks.quantized;

import io.adapt4j.benchmarks.harness.Arguments;
import io.adapt4j.benchmarks.harness.InSuite;
import io.adapt4j.benchmarks.harness.Machine;
import io.adapt4j.benchmarks.harness.Measurement;
import io.adapt4j.benchmarks.harness.ReadBandwidth;
import io.adapt4j.benchmarks.harness.Report;
import io.adapt4j.benchmarks.harness.Samples;
import io.adapt4j.benchmarks.harness.TemporaryFolder;
import io.adapt4j.benchmarks.harness.Timing;
import io.adapt4j.benchmarks.models.Decoding;
import io.adapt4j.benchmarks.models.LlamaCpp;
import io.adapt4j.benchmarks.models.LlamaShape;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.gguf.GgufExport;
import io.adapt4j.gguf.GgufQuantization;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Compares greedy generation from a GGUF file with llama.cpp on the same file, alternating. */
@InSuite(
    quick = "--shape 30m --tokens 32 --rounds 1",
    published = {
      "--shape 1.1b --type q4_0 --tokens 32",
      "--shape 1.1b --type q4_0 --tokens 32 --repetitions 1 --threads 1",
      "--shape 1.1b --type q4_k_m --tokens 32",
      "--shape 1.1b --type q4_k_m --tokens 32 --repetitions 1 --threads 1",
      "--shape 1.1b --type q4_0 --precision fp32-int8 --tokens 32",
      "--shape 1.1b --type q4_0 --precision fp32-int8 --tokens 32 --repetitions 1 --threads 1",
      "--shape 1.1b --type q4_k_m --precision fp32-int8 --tokens 32",
      "--shape 1.1b --type q4_k_m --precision fp32-int8 --tokens 32 --repetitions 1 --threads 1"
    },
    full = {"", "--type q4_k_m", "--shape 1.1b", "--shape 1.1b --type q4_k_m"})
public final class GgufDecodeBenchmark {

  private static final String OPTIONS =
      "--shape 135m --type q8_0 --precision fp32 --prompt 16 --tokens 64 "
          + "--batch 1 --repetitions 3 --rounds 3 --threads 0 --llama.cpp --folder --file";

  /** A minimal tokenizer, which the file needs although prompts are ids. */
  private static final String TOKENIZER =
      """
      {"version": "1.0", "added_tokens": [], "normalizer": null, "post_processor": null,
       "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
       "use_regex": true},
       "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true,
       "use_regex": true},
       "model": {"type": "BPE", "dropout": null, "unk_token": null, "fuse_unk": false,
       "byte_fallback": false, "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"]}}
      """;

  private static final Set<String> TYPES =
      Stream.of(GgufQuantization.values())
          .map(type -> type.name().toLowerCase(Locale.ROOT))
          .collect(Collectors.toUnmodifiableSet());

  private static final double TARGET = 1;

  private final Arguments arguments;
  private final LlamaShape shape;
  private final GgufQuantization type;
  private final Precision precision;
  private final WeightFormat format;
  private final int promptLength;
  private final int newTokens;
  private final int batch;
  private final int repetitions;
  private final LlamaCpp llama;
  private final List<Double> ours = new ArrayList<>();
  private final List<Double> theirs = new ArrayList<>();

  private GgufDecodeBenchmark(Arguments arguments) {
    this.arguments = arguments;
    shape = LlamaShape.named(arguments.oneOf("--shape", Set.of("small", "30m", "135m", "1.1b")));
    type = GgufQuantization.valueOf(arguments.oneOf("--type", TYPES).toUpperCase(Locale.ROOT));
    String chosen =
        arguments.oneOf("--precision", Set.of("fp32", "bf16", "fp32-int8", "bf16-int8"));
    precision = chosen.startsWith("fp32") ? Precision.FP32 : Precision.BF16;
    format =
        chosen.endsWith("int8")
            ? WeightFormat.int8Activations(WeightFormat.asStored())
            : WeightFormat.asStored();
    promptLength = arguments.number("--prompt", 1);
    newTokens = arguments.number("--tokens", 2);
    batch = arguments.number("--batch", 1);
    repetitions = arguments.number("--repetitions", 1);
    llama = LlamaCpp.in(arguments.text("--llama.cpp"));
  }

  /**
   * Options: {@code --shape small|30m|135m|1.1b}, {@code --type} a {@link GgufQuantization} in
   * lower case, {@code --file} another file to measure instead, {@code --precision
   * fp32|bf16|fp32-int8|bf16-int8} (of unquantized values; with activations in 8 bits), {@code
   * --prompt}, {@code --tokens}, {@code --batch}, {@code --repetitions} (of each per round), {@code
   * --rounds}, {@code --threads} (of both; 0: the machine's processors), {@code --llama.cpp} a
   * folder with node-llama-cpp, {@code --folder} (keeps the checkpoint and the files there for the
   * next time).
   */
  public static void main(String[] line) {
    Arguments arguments = Arguments.parse(line, OPTIONS).useThreads();
    GgufDecodeBenchmark benchmark = new GgufDecodeBenchmark(arguments);
    TemporaryFolder.run(arguments.text("--folder"), GgufDecodeBenchmark.class, benchmark::run);
  }

  private void run(Path folder) {
    Path file = file(folder);
    ReadBandwidth bandwidth = new ReadBandwidth();
    bandwidth.measure();
    try (LanguageModel model = LanguageModel.load(ModelSource.path(file), format, precision)) {
      decode(model, newTokens);
      for (int round = 0; round < arguments.number("--rounds", 1); round++) {
        ours.add(rate(model));
        if (llama.isPresent()) {
          theirs.add(peerRate(file));
        }
      }
      bandwidth.measure();
    }
    report(file, bandwidth);
  }

  private double peerRate(Path file) {
    int threads = arguments.number("--threads", 0);
    return llama
        .decode(file, promptLength, newTokens, batch, repetitions, threads)
        .decode()
        .median();
  }

  private Path file(Path folder) {
    if (!arguments.text("--file").isEmpty()) {
      return Path.of(arguments.text("--file"));
    }
    Path file = folder.resolve(shape.name() + "-" + type + ".gguf");
    if (!Files.exists(file)) {
      Path checkpoint = folder.resolve(shape.name());
      if (!Files.exists(checkpoint.resolve("config.json"))) {
        shape.write(checkpoint);
      }
      try {
        Files.writeString(checkpoint.resolve("tokenizer.json"), TOKENIZER);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      GgufExport.of(checkpoint).type(type).preTokenizer("gpt-2").to(file);
    }
    return file;
  }

  /** Returns new tokens per second after the first, over all rows. */
  private double rate(LanguageModel model) {
    double whole = decode(model, newTokens).median();
    double prompt = decode(model, 1).median();
    return batch * (newTokens - 1) / (whole - prompt);
  }

  private Samples decode(LanguageModel model, int tokens) {
    List<int[]> prompts = Decoding.prompts(batch, promptLength, 3, 1000);
    return Timing.seconds(0, repetitions, i -> model.generateIds(prompts, Decoding.greedy(tokens)));
  }

  /** Returns the quotients of the rounds. */
  private Samples ratios() {
    return Samples.of(
        IntStream.range(0, ours.size()).mapToDouble(i -> ours.get(i) / theirs.get(i)).toArray());
  }

  private void report(Path file, ReadBandwidth bandwidth) {
    boolean isGiven = !arguments.text("--file").isEmpty();
    String name = isGiven ? file.getFileName().toString() : type + ", " + shape.name();
    Report report = new Report("Decoding from a GGUF file, " + name);
    report.line(
        "setting",
        "%s beside the blocks, batch %d, prompt %d + %d new tokens, %d rounds, medians of %d",
        arguments.text("--precision"),
        batch,
        promptLength,
        newTokens,
        ours.size(),
        repetitions);
    Samples rates = Samples.of(ours);
    Samples peer = theirs.isEmpty() ? null : Samples.of(theirs);
    String activations = format.equals(WeightFormat.asStored()) ? "" : ", activations in 8 bits";
    String label =
        "decoding from GGUF, %s%s%s".formatted(name, activations, arguments.threadsText());
    report.figure(
        rates
            .larger("ours", "tokens/s")
            .label(label)
            .beside(
                peer == null
                    ? null
                    : peer.of(llama.peer("the same file"), ratios().largerRatio("ratio"))));
    long bytes = file.toFile().length();
    report.line(
        "file",
        "%.0f MB, which could be read %.1f times a second (%.1f GB/s)",
        bytes / 1e6,
        bandwidth.best() / bytes,
        bandwidth.best() / 1e9);
    if (peer == null) {
      report.line("llama.cpp", "not measured: %s", llama.absence());
    } else {
      report.figure(peer.larger("llama.cpp", "tokens/s"));
      report.figure(
          Measurement.largerRatio("over llama.cpp", rates.median() / peer.median()).target(TARGET));
    }
    report.line("peak resident", "%.2f GB of the process", Machine.peakResident() / 1e9);
    report.print();
  }
}
