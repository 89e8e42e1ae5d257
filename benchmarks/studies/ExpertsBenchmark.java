import io.adapt4j.benchmarks.harness.Arguments;
import io.adapt4j.benchmarks.harness.Measurement;
import io.adapt4j.benchmarks.harness.Report;
import io.adapt4j.benchmarks.harness.Timing;
import io.adapt4j.benchmarks.harness.Turns;
import io.adapt4j.benchmarks.models.Decoding;
import io.adapt4j.benchmarks.models.SmolLm;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.cache.KvCache;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.internal.train.TrainingStep;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.Targets;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Compares a mixture of experts with a dense model of as many active parameters: alternating
 * training steps, and the weights read per decoded token.
 */
public final class ExpertsBenchmark {

  private static final String OPTIONS =
      "--layers 4 --hidden 512 --experts 8 --chosen 2 --rows 4 --length 512 --rank 16 --rounds 7"
          + " --warmup 2 --targets attention --precision fp32 --threads 0";

  private static final int VOCABULARY = 4096;
  private static final int TOKENS = 16;
  private static final double TARGET = 0.8;
  private static final String DENSE = "dense step";
  private static final String MIXTURE = "mixture step";

  private final Arguments arguments;
  private final Report report = new Report("Mixture of experts");

  private ExpertsBenchmark(Arguments arguments) {
    this.arguments = arguments;
  }

  /**
   * Options: {@code --layers}, {@code --hidden}, {@code --experts}, {@code --chosen}, {@code
   * --rows}, {@code --length}, {@code --rank} of LoRA on {@code --targets} (attention or all),
   * {@code --rounds}, {@code --warmup}, {@code --precision} (fp32 or bf16), {@code --threads}.
   */
  public static void main(String[] line) {
    ExpertsBenchmark benchmark = new ExpertsBenchmark(Arguments.parse(line, OPTIONS).useThreads());
    benchmark.steps();
    benchmark.reads();
    benchmark.report.print();
  }

  private Decoder model(boolean mixture) {
    int hidden = arguments.number("--hidden", 64);
    int chosen = arguments.number("--chosen", 1);
    int inner = hidden * 11 / 4 / chosen / 32 * 32;
    String own =
        mixture
            ? "\"model_type\": \"mixtral\", \"num_local_experts\": %d, \"num_experts_per_tok\": %d,"
                .formatted(arguments.number("--experts", 1), chosen)
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
    decoder.allocate(arguments.isBf16() ? DType.BF16 : DType.F32);
    Weights.randomize(decoder, 1);
    return decoder;
  }

  private Adaptation adaptation(Decoder decoder) {
    Targets targets =
        arguments.oneOf("--targets", Set.of("attention", "all")).equals("all")
            ? Targets.ALL_LINEAR
            : Targets.names("q_proj", "k_proj", "v_proj", "o_proj");
    Lora lora = Lora.rank(arguments.number("--rank", 1)).targets(targets);
    return Methods.of(lora).attach(decoder, Path.of("random"), 1);
  }

  private void steps() {
    int length = arguments.number("--length", 8);
    Batch batch = SmolLm.batch(arguments.number("--rows", 1), length, VOCABULARY);
    double targets = batch.ids().length - batch.rows();
    int warmup = arguments.number("--warmup", 0);
    Turns turns = new Turns(warmup, arguments.number("--rounds", 1));
    try (Decoder dense = model(false);
        Adaptation denseAdaptation = adaptation(dense);
        var denseStep =
            TrainingStep.ofLanguageModel(dense, denseAdaptation, SmolLm.settings(false));
        Decoder mixture = model(true);
        Adaptation mixtureAdaptation = adaptation(mixture);
        var mixtureStep =
            TrainingStep.ofLanguageModel(mixture, mixtureAdaptation, SmolLm.settings(false))) {
      turns
          .add(DENSE, round -> seconds(denseStep, batch, targets, round + warmup))
          .add(MIXTURE, round -> seconds(mixtureStep, batch, targets, round + warmup))
          .run();
    }
    report.figure(turns.of(DENSE).smaller(DENSE, "s"));
    report.figure(turns.of(MIXTURE).smaller(MIXTURE, "s"));
    report.figure(
        turns
            .ratio(DENSE, MIXTURE)
            .largerRatio("speed of the mixture")
            .target(TARGET)
            .label("LoRA step of a mixture of experts, of the speed of a dense model as active"));
  }

  private static double seconds(TrainingStep<Batch> step, Batch batch, double targets, int number) {
    return Timing.seconds(() -> step.run(List.of(batch), targets, 1e-4, number));
  }

  /** Counts the weights that a layer reads. */
  private record Counted(Linear linear, AtomicLong bytes) implements Linear {

    @Override
    public Tensor forward(Ops ops, Tensor x) {
      for (Parameter parameter : linear.parameters()) {
        bytes.addAndGet(parameter.count() * parameter.value().type().bytes());
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
  private void reads() {
    AtomicLong bytes = new AtomicLong();
    try (Decoder decoder = model(true);
        KvCache cache = decoder.newCache(1, TOKENS + 1)) {
      long all = Decoding.layerBytes(decoder);
      for (LinearSlot slot : decoder.layerLinears()) {
        slot.replace(linear -> new Counted(linear, bytes));
      }
      Decoding.forward(decoder, cache, new long[] {1}, 1);
      bytes.set(0);
      long begun = System.nanoTime();
      for (int i = 0; i < TOKENS; i++) {
        Decoding.forward(decoder, cache, new long[] {2 + i * 31 % (VOCABULARY - 2)}, 1);
      }
      double seconds = Timing.since(begun);
      report.line("weights of the layers", "%.1f MB", all / 1e6);
      report.figure(
          Measurement.smaller(
              "weights of the layers that a token reads", "MB", bytes.get() / 1e6 / TOKENS));
      report.figure(Measurement.smaller("decoding a token", "ms", seconds * 1e3 / TOKENS));
    }
  }
}
