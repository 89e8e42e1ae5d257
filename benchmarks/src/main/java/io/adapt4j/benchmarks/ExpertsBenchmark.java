package io.adapt4j.benchmarks;

import io.adapt4j.benchmarks.suite.InSuite;
import io.adapt4j.benchmarks.suite.Measurement;
import io.adapt4j.benchmarks.suite.Samples;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.cache.KvCache;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.loss.LanguageModelLoss;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.train.TrainingStep;
import io.adapt4j.core.optim.Optimizer;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.Targets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Compares a mixture of experts with a dense model of as many active parameters: alternating
 * training steps, and the weights read per decoded token.
 */
@InSuite(
    quick = "--layers 2 --hidden 256 --rounds 2 --warmup 1 --length 128",
    full = "--precision bf16")
public final class ExpertsBenchmark {

  private static final Map<String, String> DEFAULTS =
      Map.ofEntries(
          Map.entry("--layers", "4"),
          Map.entry("--hidden", "512"),
          Map.entry("--experts", "8"),
          Map.entry("--chosen", "2"),
          Map.entry("--rows", "4"),
          Map.entry("--length", "512"),
          Map.entry("--rank", "16"),
          Map.entry("--rounds", "7"),
          Map.entry("--warmup", "2"),
          Map.entry("--targets", "attention"),
          Map.entry("--precision", "fp32"),
          Map.entry("--threads", "0"));

  private static final int VOCABULARY = 4096;
  private static final double TARGET = 0.8;

  private ExpertsBenchmark() {}

  /**
   * Runs the benchmark.
   *
   * @param line {@code --layers}, {@code --hidden}, {@code --experts}, {@code --chosen}, {@code
   *     --rows}, {@code --length}, {@code --rank} of LoRA on {@code --targets} (attention or all),
   *     {@code --rounds}, {@code --warmup}, {@code --precision} (fp32 or bf16), {@code --threads}
   */
  public static void main(String[] line) {
    Arguments arguments = Arguments.parse(line, DEFAULTS, Set.of());
    arguments.useThreads();
    Report report = new Report("Mixture of experts");
    Machine.describe(report);
    DType type = arguments.isBf16() ? DType.BF16 : DType.F32;
    steps(arguments, type, report);
    reads(arguments, type, report);
    report.print();
  }

  private static Decoder model(Arguments arguments, boolean mixture, DType type) {
    int hidden = arguments.number("--hidden", 64);
    int experts = arguments.number("--experts", 1);
    int chosen = arguments.number("--chosen", 1);
    int inner = hidden * 11 / 4 / chosen / 32 * 32;
    String own =
        mixture
            ? "\"model_type\": \"mixtral\", \"num_local_experts\": %d, \"num_experts_per_tok\": %d,"
                .formatted(experts, chosen)
            : "\"model_type\": \"llama\",";
    String json =
        """
        {%s "vocab_size": %d, "hidden_size": %d, "intermediate_size": %d, "num_hidden_layers": %d,
         "num_attention_heads": %d, "num_key_value_heads": %d, "hidden_act": "silu",
         "max_position_embeddings": 4096, "rms_norm_eps": 1e-5, "tie_word_embeddings": false}
        """
            .formatted(
                own,
                VOCABULARY,
                hidden,
                mixture ? inner : inner * chosen,
                arguments.number("--layers", 1),
                hidden / 64,
                Math.max(1, hidden / 128));
    Decoder decoder =
        Architectures.declareDecoder(ModelConfig.parse(Path.of("random", "config.json"), json));
    decoder.allocate(type);
    Weights.randomize(decoder, 1);
    return decoder;
  }

  /** A model in training. */
  private static final class Training implements AutoCloseable {

    private final Decoder decoder;
    private final Adaptation adaptation;
    private final TrainingStep<LanguageModelLoss.Inputs> step;

    Training(Arguments arguments, boolean mixture, DType type) {
      decoder = model(arguments, mixture, type);
      boolean all = arguments.oneOf("--targets", Set.of("attention", "all")).equals("all");
      Targets targets =
          all ? Targets.ALL_LINEAR : Targets.names("q_proj", "k_proj", "v_proj", "o_proj");
      Lora lora = Lora.rank(arguments.number("--rank", 1)).targets(targets);
      adaptation = Methods.of(lora).attach(decoder, Path.of("random"), 1);
      step =
          TrainingStep.ofLanguageModel(
              decoder, adaptation, new TrainingStep.Settings(Optimizer.adamW(), 0.01, 1.0, false));
    }

    double seconds(LanguageModelLoss.Inputs batch, int round) {
      long begun = System.nanoTime();
      step.run(List.of(batch), batch.ids().length - batch.rows(), 1e-4, round);
      return (System.nanoTime() - begun) / 1e9;
    }

    @Override
    public void close() {
      step.close();
      adaptation.close();
      decoder.close();
    }
  }

  private static void steps(Arguments arguments, DType type, Report report) {
    int rounds = arguments.number("--rounds", 1);
    int warmup = arguments.number("--warmup", 0);
    int length = arguments.number("--length", 8);
    LanguageModelLoss.Inputs batch =
        SmolLm.batch(arguments.number("--rows", 1), length, VOCABULARY);
    double[] dense = new double[rounds];
    double[] mixture = new double[rounds];
    double[] share = new double[rounds];
    try (Training plain = new Training(arguments, false, type);
        Training sparse = new Training(arguments, true, type)) {
      for (int round = -warmup; round < rounds; round++) {
        double one = plain.seconds(batch, round + warmup);
        double other = sparse.seconds(batch, round + warmup);
        if (round >= 0) {
          dense[round] = one;
          mixture[round] = other;
          share[round] = one / other;
        }
      }
    }
    figure(report, Measurement.smaller("dense step", "s", Samples.of(dense).median()), dense);
    figure(report, Measurement.smaller("mixture step", "s", Samples.of(mixture).median()), mixture);
    Samples ratio = Samples.of(share);
    report.figure(
        ratio
            .errorOf(Measurement.largerRatio("speed of the mixture", ratio.median()))
            .target(TARGET));
  }

  private static void figure(Report report, Measurement figure, double[] values) {
    report.figure(Samples.of(values).errorOf(figure));
  }

  /** Counts the weights that a layer reads. */
  private static final class Counted implements Linear {

    private final Linear linear;
    private final long[] bytes;

    Counted(Linear linear, long[] bytes) {
      this.linear = linear;
      this.bytes = bytes;
    }

    @Override
    public Tensor forward(Ops ops, Tensor x) {
      for (Parameter parameter : linear.parameters()) {
        bytes[0] += parameter.count() * parameter.value().type().bytes();
      }
      return linear.forward(ops, x);
    }

    @Override
    public List<Part> parts() {
      return linear.parts();
    }

    @Override
    public long inFeatures() {
      return linear.inFeatures();
    }

    @Override
    public long outFeatures() {
      return linear.outFeatures();
    }

    @Override
    public List<Parameter> parameters() {
      return linear.parameters();
    }
  }

  /** Reports the bytes of linear weights that a token reads, relative to all of them. */
  private static void reads(Arguments arguments, DType type, Report report) {
    long[] bytes = new long[1];
    int tokens = 16;
    try (Decoder decoder = model(arguments, true, type)) {
      long all = 0;
      for (LinearSlot slot : decoder.layerLinears()) {
        for (Parameter parameter : slot.linear().parameters()) {
          all += parameter.count() * type.bytes();
        }
        slot.replace(linear -> new Counted(linear, bytes));
      }
      double seconds = decode(decoder, tokens, bytes);
      report.line("weights of the layers", "%.1f MB", all / 1e6);
      report.figure(
          Measurement.smaller(
              "weights of the layers that a token reads", "MB", bytes[0] / 1e6 / tokens));
      report.figure(Measurement.smaller("decoding a token", "ms", seconds * 1e3 / tokens));
    }
  }

  private static double decode(Decoder decoder, int tokens, long[] bytes) {
    try (KvCache cache = decoder.newCache(1, tokens + 1)) {
      token(decoder, cache, 1);
      bytes[0] = 0;
      long begun = System.nanoTime();
      for (int i = 0; i < tokens; i++) {
        token(decoder, cache, 2 + i * 31 % (VOCABULARY - 2));
      }
      return (System.nanoTime() - begun) / 1e9;
    }
  }

  private static void token(Decoder decoder, KvCache cache, long id) {
    long[] mask = new long[Math.toIntExact(cache.length()) + 1];
    Arrays.fill(mask, 1);
    try (Scope scope = Scope.open(decoder.engine());
        Positions positions = decoder.positions(mask, 1, 1, cache)) {
      Tensor ids = Tensor.of(new long[] {id}, 1, 1);
      decoder.logits(decoder.hidden(Ops.inference(), ids, positions, false)).toFloats();
    }
  }
}
