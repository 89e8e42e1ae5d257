import io.adapt4j.benchmarks.harness.Arguments;
import io.adapt4j.benchmarks.harness.Measurement;
import io.adapt4j.benchmarks.harness.Report;
import io.adapt4j.benchmarks.harness.Samples;
import io.adapt4j.benchmarks.harness.TemporaryFolder;
import io.adapt4j.benchmarks.harness.Timing;
import io.adapt4j.benchmarks.models.Decoding;
import io.adapt4j.benchmarks.models.SmolLm;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.generate.Generator;
import io.adapt4j.core.internal.generate.PromptCache;
import io.adapt4j.core.internal.load.LoadedModel;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.linear.DenseLinear;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.weights.CheckpointFolder;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.Precision;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Benchmark of prompt reuse: the prefix cache for the next turn of a conversation, and prompt
 * lookup decoding for answers that quote.
 */
public final class PromptReuseBenchmark {

  private static final String OPTIONS =
      "--turns 10 --question 48 --answer 80 --tokens 96 --guesses 10 "
          + "--repetitions 5 --threads 0";
  private static final long CACHE_BYTES = 256L << 20;

  /** Length in tokens of a contiguous quoted or unquoted piece of a passage. */
  private static final int PIECE = 32;

  private final Arguments arguments;
  private final SplittableRandom random = new SplittableRandom(1);

  private PromptReuseBenchmark(Arguments arguments) {
    this.arguments = arguments;
  }

  /**
   * Options: {@code --turns}, {@code --question} and {@code --answer} (tokens of each), {@code
   * --tokens} (of an answer from passages), {@code --guesses}, {@code --repetitions}, {@code
   * --threads} (0: the engine's choice).
   */
  public static void main(String[] line) {
    new PromptReuseBenchmark(Arguments.parse(line, OPTIONS).useThreads()).run();
  }

  private void run() {
    try (TemporaryFolder folder = TemporaryFolder.create()) {
      QuotingModel.write(folder.path());
      try (LoadedModel model =
          LoadedModel.load(folder.path(), Precision.BF16, WeightFormat.asStored(), List.of())) {
        Generator generator = new Generator(model.decoder(), Optional.empty(), Set.of());
        Report report = new Report("Prompts used again, SmolLM2-135M's shape, bf16");
        chat(model, generator, report);
        for (double share : new double[] {1, 0.75, 0.5, 0}) {
          quote(generator, share, report);
        }
        report.print();
      }
    }
  }

  private void chat(LoadedModel model, Generator generator, Report report) {
    int turns = arguments.number("--turns", 2);
    double[][] with = new double[turns][arguments.number("--repetitions", 1)];
    double[][] without = new double[turns][with[0].length];
    for (int i = -1; i < with[0].length; i++) {
      talk(model, generator, CACHE_BYTES, i, with);
      talk(model, generator, 0, i, without);
    }
    for (int turn = 0; turn < turns; turn++) {
      double reused = Samples.of(with[turn]).median();
      double whole = Samples.of(without[turn]).median();
      report.line(
          "turn " + (turn + 1),
          "first token after %.0f ms, %.0f ms where all is read",
          reused * 1e3,
          whole * 1e3);
    }
    double last = Samples.of(with[turns - 1]).median();
    report.figure(
        Measurement.smallerRatio("last turn over second", last / Samples.of(with[1]).median()));
    report.figure(
        Measurement.smallerRatio(
                "reused over whole", last / Samples.of(without[turns - 1]).median())
            .label("time to the first token of turn " + turns + ", over reading all of it"));
  }

  /** Runs one conversation; records nothing for a negative repetition. */
  private void talk(
      LoadedModel model, Generator generator, long bytes, int repetition, double[][] seconds) {
    try (PromptCache prompts = new PromptCache(model.decoder(), bytes)) {
      int[] talk = {};
      for (double[] turn : seconds) {
        int[] question = random.ints(arguments.number("--question", 1), 1, 40_000).toArray();
        talk = Decoding.joined(talk, question);
        long begun = System.nanoTime();
        generate(generator, talk, prompts, Decoding.greedy(1));
        if (repetition >= 0) {
          turn[repetition] = Timing.since(begun);
        }
        int answer = arguments.number("--answer", 1);
        if (bytes > 0) {
          talk =
              Decoding.joined(
                  talk, ids(generate(generator, talk, prompts, Decoding.greedy(answer))));
        } else {
          talk = Decoding.joined(talk, random.ints(answer, 1, 40_000).toArray());
        }
      }
    }
  }

  /**
   * Generates an answer of which a share is quoted from the prompt; the rest does not occur in it.
   */
  private void quote(Generator generator, double share, Report report) {
    int tokens = arguments.number("--tokens", 2);
    int[] prompt = passage(45_000, tokens, share);
    GenerationOptions plain = Decoding.greedy(tokens);
    GenerationOptions guessing =
        plain.toBuilder().promptLookupTokens(arguments.number("--guesses", 1)).build();
    int repetitions = arguments.number("--repetitions", 1);
    double[] rates = new double[repetitions];
    double[] guessed = new double[repetitions];
    double[] ratios = new double[repetitions];
    for (int i = -1; i < repetitions; i++) {
      double start = seconds(generator, prompt, Decoding.greedy(1));
      double slow = seconds(generator, prompt, plain) - start;
      double fast = seconds(generator, prompt, guessing) - start;
      if (i >= 0) {
        rates[i] = (tokens - 1) / slow;
        guessed[i] = (tokens - 1) / fast;
        ratios[i] = slow / fast;
      }
    }
    String name = "%.0f %% quoted".formatted(share * 100);
    report.line(
        name,
        "%.1f tokens/s, %.1f without guesses (medians, prompt not counted)",
        Samples.of(guessed).median(),
        Samples.of(rates).median());
    Samples found = Samples.of(ratios);
    report.figure(
        found
            .largerRatio("guessing, " + name)
            .label("prompt lookup, answer with " + name + ": tokens/s over plain decoding"));
  }

  /**
   * Returns a passage with the text the model will write, in pieces: quoted ones verbatim, others
   * with each token followed by a different one than the model writes, so that every guess is
   * wrong.
   */
  private int[] passage(int first, int tokens, double share) {
    int[] passage = {};
    for (int from = 0; from < tokens; from += PIECE) {
      int start = first + from;
      int quoted = (int) Math.round(PIECE * share);
      passage = Decoding.joined(passage, IntStream.range(start, start + quoted + 1).toArray());
      for (int id = start + quoted; id < start + PIECE; id++) {
        passage = Decoding.joined(passage, new int[] {id, random.nextInt(1, 40_000)});
      }
    }
    return Decoding.joined(passage, new int[] {first});
  }

  private static double seconds(Generator generator, int[] prompt, GenerationOptions options) {
    long begun = System.nanoTime();
    int[] found = ids(generator.generate(List.of(prompt), options).get(0));
    double seconds = Timing.since(begun);
    int[] expected =
        IntStream.rangeClosed(1, found.length).map(i -> prompt[prompt.length - 1] + i).toArray();
    if (!Arrays.equals(found, expected)) {
      throw new IllegalStateException("The answer is not the one expected");
    }
    return seconds;
  }

  private static Generation generate(
      Generator generator, int[] prompt, PromptCache prompts, GenerationOptions options) {
    return generator.generate(prompt, prompts, options, text -> {}, new CancellationToken());
  }

  private static int[] ids(Generation generation) {
    return generation.tokenIds().stream().mapToInt(Integer::intValue).toArray();
  }

  /**
   * A model with SmolLM2-135M's shape and a separate head that predicts the next higher id after
   * each token: its layers add nothing, but cost the same time. Its output is thus known in
   * advance, and with it the part of an answer that quotes the prompt.
   */
  private static final class QuotingModel {

    private static final String CONFIG =
        SmolLm.CONFIG.replace("\"tie_word_embeddings\": true", "\"tie_word_embeddings\": false");

    private QuotingModel() {}

    /** Writes a bfloat16 checkpoint. */
    static void write(Path folder) {
      ModelConfig config = ModelConfig.parse(folder.resolve("config.json"), CONFIG);
      try (Decoder decoder = Architectures.declareDecoder(config)) {
        decoder.allocate(DType.BF16);
        Weights.randomize(decoder, 1);
        try (Scope scope = Scope.open()) {
          decoder.linears().forEach(QuotingModel::silence);
          Tensor embedding = decoder.embedding().value();
          Tensor head = decoder.head().weight().value();
          long rows = embedding.size(0);
          head.narrow(0, 1, rows - 1).copyFrom(embedding.narrow(0, 0, rows - 1));
          head.narrow(0, 0, 1).copyFrom(embedding.narrow(0, rows - 1, 1));
        }
        CheckpointFolder.write(folder, folder, config, Weights.tensors(decoder, StoredType.BF16));
      }
    }

    /** Makes a layer's outputs zero. */
    private static void silence(LinearSlot slot) {
      DenseLinear linear = (DenseLinear) slot.linear();
      String name = linear.weight().slices().get(0).name();
      if (name.contains("o_proj") || name.contains("down_proj")) {
        Tensor weight = linear.weight().value();
        weight.copyFrom(Tensor.zeros(DType.BF16, 1, 1));
      }
    }
  }
}
