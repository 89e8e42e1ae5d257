import com.sun.management.OperatingSystemMXBean;
import io.adapt4j.benchmarks.harness.Arguments;
import io.adapt4j.benchmarks.harness.Report;
import io.adapt4j.benchmarks.harness.Samples;
import io.adapt4j.benchmarks.harness.TemporaryFolder;
import io.adapt4j.benchmarks.harness.Timing;
import io.adapt4j.benchmarks.models.RandomCheckpoint;
import io.adapt4j.benchmarks.models.SmolLm;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Decoding with prompt lookup and with a draft model over decoding without, in pairs: for texts of
 * which little is guessed (not counted how much) and for texts that repeat one token, of attention
 * and of a hybrid.
 */
public final class DraftsBenchmark {

  private static final String OPTIONS = "--tokens 256 --prompt 64 --repetitions 7 --threads 0";
  private static final int KINDS = 50;

  private static final String SMALL =
      SmolLm.CONFIG
          .replace("\"num_hidden_layers\": 30", "\"num_hidden_layers\": 3")
          .replace("\"hidden_size\": 576", "\"hidden_size\": 192")
          .replace("\"num_attention_heads\": 9", "\"num_attention_heads\": 3")
          .replace("\"num_key_value_heads\": 3", "\"num_key_value_heads\": 1")
          .replace("\"intermediate_size\": 1536", "\"intermediate_size\": 512");

  private static final String HYBRID =
      """
      {
        "architectures": ["Lfm2ForCausalLM"],
        "model_type": "lfm2",
        "block_auto_adjust_ff_dim": false,
        "block_ff_dim": 1536,
        "conv_L_cache": 3,
        "conv_bias": false,
        "full_attn_idxs": [2, 5, 8, 11, 14, 17, 20, 23, 26, 29],
        "hidden_size": 576,
        "num_attention_heads": 9,
        "num_key_value_heads": 3,
        "num_hidden_layers": 30,
        "max_position_embeddings": 8192,
        "norm_eps": 1e-5,
        "rope_theta": 100000,
        "tie_embedding": true,
        "vocab_size": 49152,
        "bos_token_id": 0,
        "eos_token_id": 0,
        "torch_dtype": "bfloat16"
      }
      """;

  private final OperatingSystemMXBean system =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
  private final Arguments arguments;
  private final int tokens;

  private DraftsBenchmark(Arguments arguments) {
    this.arguments = arguments;
    this.tokens = arguments.number("--tokens", 2);
  }

  public static void main(String[] line) {
    new DraftsBenchmark(Arguments.parse(line, OPTIONS).useThreads()).run();
  }

  private void run() {
    Report report = new Report("Drafts, SmolLM2-135M's shape and LFM2 of that size, bf16");
    try (TemporaryFolder folder = TemporaryFolder.create();
        LanguageModel small = model(folder.path(), "small", SMALL)) {
      for (String[] kind : new String[][] {{"attention", SmolLm.CONFIG}, {"hybrid", HYBRID}}) {
        try (LanguageModel plain = model(folder.path(), kind[0], kind[1]);
            LanguageModel drafted = model(folder.path(), kind[0], kind[1])) {
          compare(report, kind[0] + ", prompt lookup", plain, plain, 10);
          drafted.useDraft(small, 4);
          compare(report, kind[0] + ", draft model", plain, drafted, 0);
        }
      }
      report.print();
    }
  }

  private static LanguageModel model(Path parent, String name, String config) {
    Path folder = parent.resolve(name);
    RandomCheckpoint.write(ModelConfig.parse(folder.resolve("config.json"), config), folder);
    return LanguageModel.load(ModelSource.path(folder), Precision.BF16);
  }

  private void compare(
      Report report, String name, LanguageModel plain, LanguageModel drafting, int lookup) {
    GenerationOptions.Builder base =
        GenerationOptions.greedy().toBuilder().maxNewTokens(tokens).ignoreEos(true);
    Map<Integer, Double> few = new HashMap<>();
    new SplittableRandom(3).ints(KINDS, 1, 40_000).forEach(id -> few.put(id, 90.0));
    // Tokens that occur before but are followed by others; a draft model that chooses others.
    GenerationOptions wrong =
        lookup > 0 ? base.logitBias(few).temperature(1).seed(1).build() : base.build();
    pair(report, name + ", little guessed", plain, drafting, wrong, lookup);
    GenerationOptions same = base.temperature(0).logitBias(Map.of(7, 90.0)).build();
    pair(report, name + ", all guessed", plain, drafting, same, lookup);
  }

  /** Measures both ways in turns. */
  private void pair(
      Report report,
      String name,
      LanguageModel plain,
      LanguageModel drafting,
      GenerationOptions options,
      int lookup) {
    GenerationOptions guessing = options.toBuilder().promptLookupTokens(lookup).build();
    int repetitions = arguments.number("--repetitions", 1);
    double[] ratios = new double[repetitions];
    double[] work = new double[repetitions];
    double[] rates = new double[repetitions];
    for (int i = -1; i < repetitions; i++) {
      double[] without = seconds(plain, options);
      double[] with = seconds(drafting, guessing);
      if (i >= 0) {
        ratios[i] = without[0] / with[0];
        work[i] = without[1] / with[1];
        rates[i] = tokens / without[0];
      }
    }
    report.line(
        name,
        "%.1f tokens/s without; of CPU time, %.3f times without over with",
        Samples.of(rates).median(),
        Samples.of(work).median());
    report.figure(Samples.of(ratios).largerRatio(name).label(name + ": tokens/s over without"));
  }

  /** Returns the time of an answer, and the processor's time. */
  private double[] seconds(LanguageModel model, GenerationOptions options) {
    int[] prompt =
        new SplittableRandom(2).ints(arguments.number("--prompt", 1), 1, 40_000).toArray();
    long work = system.getProcessCpuTime();
    long begun = System.nanoTime();
    model.generate(prompt, options, piece -> {}, new CancellationToken());
    double seconds = Timing.since(begun);
    return new double[] {seconds, (system.getProcessCpuTime() - work) / 1e9};
  }
}
